package page

import (
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
)

// policy lets a page load nothing but what this server sends it, run no script
// and show no style that stands in the HTML, and be put into no other page.
const policy = "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// guarded keeps strangers from pages: other sites in the same browser, names
// that somebody else's DNS gives to this machine, and who has not logged in.
// Webhooks come through relays under any name, and prove themselves.
func (s *Server) guarded(pages http.Handler) http.Handler {
	names := s.names()
	var foreign http.CrossOriginProtection
	inner := foreign.Handler(s.loggedIn(pages))
	outer := http.NewServeMux()
	outer.HandleFunc("/hooks/{account}", s.hook)
	outer.HandleFunc("/hooks/{account}/{rest...}", s.hook)
	outer.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if !s.calledBy(r.Host, names) {
			http.Error(w, "This page is not known by the name "+quoted(r.Host)+". Call it by the machine's name or address, or add the name to page.hosts in agent.yaml.", http.StatusMisdirectedRequest)
			return
		}
		inner.ServeHTTP(w, r)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		// Not no-referrer: browsers would then send "Origin: null" with our own forms.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		outer.ServeHTTP(w, r)
	})
}

// names are those of this machine, without its domain too, and as it is called
// in its own network.
func (s *Server) names() []string {
	names := []string{"localhost"}
	if host, err := os.Hostname(); err == nil && host != "" {
		short, _, _ := strings.Cut(host, ".")
		names = append(names, strings.ToLower(host), strings.ToLower(short), strings.ToLower(short)+".local")
	}
	return names
}

// calledBy reports whether a Host header is a name of this page. Addresses are:
// only names can be made to lead elsewhere by others.
func (s *Server) calledBy(host string, names []string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if net.ParseIP(host) != nil || slices.Contains(names, host) || strings.HasSuffix(host, ".localhost") {
		return true
	}
	p := s.Config().Page
	if listen, _, err := net.SplitHostPort(p.Listen); err == nil && listen != "" && strings.EqualFold(listen, host) {
		return true
	}
	return slices.ContainsFunc(p.Hosts, func(name string) bool { return strings.EqualFold(name, host) })
}

// quoted is a name from outside, short and harmless in a sentence.
func quoted(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || strings.ContainsRune(`<>"&`, r) {
			return -1
		}
		return r
	}, name)
	return `"` + clean[:min(80, len(clean))] + `"`
}

// isLocal reports whether a request comes from this machine, and calls it so: a
// relay on this machine passes on the name that others use.
func isLocal(r *http.Request) bool {
	return loopback(r.RemoteAddr) && loopback(r.Host)
}

func loopback(address string) bool {
	host := address
	if h, _, err := net.SplitHostPort(address); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
