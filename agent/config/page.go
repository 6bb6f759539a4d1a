package config

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// Page says where the web page, health, metrics and webhooks are served. In the
// file it may also be written as an address alone, or off.
type Page struct {
	// Listen is the address. Port 0 takes any free one.
	Listen string `yaml:"listen" default:"127.0.0.1:8765"`
	// Password is what people log in with: a reference to a secret. Needed, or
	// Token, if Listen is not this machine alone.
	Password string `yaml:"password"`
	// Token is what machines send (Authorization: Bearer …) instead: a reference.
	Token string `yaml:"token"`
	// Hosts are further names by which browsers may call the page, beside this
	// machine's own name and the address in Listen.
	Hosts []string `yaml:"hosts"`
	// Off means that nothing is served.
	Off bool `yaml:"-"`
}

// UnmarshalText reads the short forms: an address, or off.
func (p *Page) UnmarshalText(text []byte) error {
	switch word := string(text); {
	case word == "off" || word == "false": // YAML's older readers make the one of the other
		*p = Page{Off: true}
	case !strings.Contains(word, ":"):
		return fmt.Errorf("%q is no address; write 127.0.0.1:8765, {listen: …, password: …} or off", word)
	default:
		p.Listen = word
	}
	return nil
}

// Local reports whether only programs on this machine can reach the page.
func (p Page) Local() bool {
	host, _, err := net.SplitHostPort(p.Listen)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// page judges the page's address: whoever can reach it can start and cancel
// orders.
func (d *decoder) page(c *Config) {
	if c.Page.Off {
		return
	}
	if _, port, err := net.SplitHostPort(c.Page.Listen); err != nil || port == "" {
		d.bad("page.listen", fmt.Sprintf("%q is no address", c.Page.Listen), "write one like 127.0.0.1:8765")
		return
	}
	if !c.Page.Local() && c.Page.Password == "" && c.Page.Token == "" {
		d.bad("page", fmt.Sprintf("%s can be reached from other machines, so it needs a login", c.Page.Listen),
			"write page: {listen: \""+c.Page.Listen+"\", password: file:PATH}, or 127.0.0.1:8765 for this machine alone")
	}
}
