package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
)

// page looks whether the page can be served: its secrets can be read, and its
// address is free or an agent's already.
func (r *report) page(tools toolbox, p config.Page) {
	if p.Off {
		return
	}
	for _, ref := range []string{p.Password, p.Token} {
		if ref == "" {
			continue
		}
		if _, err := tools.secrets.Resolve(ref); err != nil {
			r.wrong("page", err.Error(), "give the page a login that this user can read")
			return
		}
	}
	l, err := net.Listen("tcp", p.Listen)
	switch {
	case err == nil:
		l.Close()
		r.fine("page", p.Listen)
	case answersHealth(p.Listen):
		r.fine("page", p.Listen+", served by an agent that runs")
	default:
		r.wrong("page", err.Error(), "set `page:` to an address of this machine that nobody else listens at, or off")
	}
}

// answersHealth reports whether an agent serves at that address.
func answersHealth(address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	client := http.Client{Timeout: 3 * time.Second}
	resp, err := client.Get(fmt.Sprintf("http://%s/healthz", net.JoinHostPort(host, port)))
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	var health struct{ Status string }
	return json.NewDecoder(resp.Body).Decode(&health) == nil && health.Status != ""
}
