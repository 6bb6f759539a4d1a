package ftp

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

func TestNewChecksItsOptions(t *testing.T) {
	good := options{Host: "ftp.vendor.example", User: "u", Password: "env:P", TLS: "explicit", Put: "/in"}
	for _, c := range []struct {
		name   string
		change func(*options)
		want   string // part of the error; empty means none
	}{
		{"good", func(o *options) {}, ""},
		{"get alone", func(o *options) { o.Put, o.Get = "", "out" }, ""},
		{"get below put", func(o *options) { o.Get = "/in/back" }, ""},
		{"put beside get of a like name", func(o *options) { o.Put, o.Get = "/nas/in", "/nas/i" }, ""},
		{"no tls", func(o *options) { o.TLS = "" }, "say explicit (AUTH TLS, what most servers offer), implicit"},
		{"unknown tls", func(o *options) { o.TLS = "yes" }, `tls: "yes" is not known`},
		{"plain", func(o *options) { o.TLS = "plain" }, ""},
		{"plain with an authority", func(o *options) { o.TLS, o.CA = "plain", "ca.pem" }, "mean nothing with tls: plain"},
		{"no host", func(o *options) { o.Host = "" }, "host, user and password are needed"},
		{"no password", func(o *options) { o.Password = "" }, "host, user and password are needed"},
		{"an address", func(o *options) { o.Host = "ftp://vendor.example" }, "say its name alone"},
		{"a user of two lines", func(o *options) { o.User = "u\r\nDELE x" }, "control character"},
		{"a folder of two lines", func(o *options) { o.Put = "/in\r\nDELE x" }, "control character"},
		{"a folder upwards", func(o *options) { o.Put = "../in" }, "leads upwards"},
		{"neither", func(o *options) { o.Put = "" }, "put or get is needed"},
		{"put is get", func(o *options) { o.Get = "/in/" }, "come straight back"},
		{"put below get", func(o *options) { o.Get = "/" }, "come straight back"},
		{"unknown layout", func(o *options) { o.Layout = "daily" }, `"daily" is not known`},
		{"an authority that is missing", func(o *options) { o.CA = "nowhere.pem" }, "ca: open"},
		{"an authority that is none", func(o *options) { o.CA = "empty.pem" }, "no certificate in PEM form"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := good
			c.change(&o)
			dir := t.TempDir()
			write(t, filepath.Join(dir, "empty.pem"), nil)
			_, err := New(connectors.Setup{
				Dir: dir, Memory: new(connectors.ShortMemory), Log: slog.New(slog.DiscardHandler),
				Decode: func(into any) error { *into.(*options) = o; return nil },
				Secret: func(string) (string, error) { return "p", nil },
			})
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestThePortIsThatOfTheEncryption(t *testing.T) {
	for _, c := range []struct{ host, tls, want string }{
		{"ftp.example", "explicit", "ftp.example:21"},
		{"ftp.example", "plain", "ftp.example:21"},
		{"ftp.example", "implicit", "ftp.example:990"},
		{"ftp.example:2121", "implicit", "ftp.example:2121"},
		{"[::1]", "plain", "[::1]:21"},
	} {
		o := options{Host: c.host, User: "u", Password: "p", TLS: c.tls, Put: "in"}
		if err := o.check(nil); err != nil || o.Host != c.want {
			t.Errorf("%s, %s: %s, %v; want %s", c.host, c.tls, o.Host, err, c.want)
		}
	}
}

func TestPlainIsSaidOnceInTheLogAndThePasswordNever(t *testing.T) {
	r := serve(t, simOptions{})
	var log bytes.Buffer
	c := r.connect(t, options{Put: "in"}, connectors.Setup{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for range 2 {
		if err := c.Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(log.String(), "unencrypted"); n != 1 {
		t.Errorf("the log says it %d times: %s", n, &log)
	}
	if strings.Contains(log.String(), password) {
		t.Error("the password is in the log")
	}
}

func TestAnAccountHasOnlyTheEndsItIsGiven(t *testing.T) {
	r := serve(t, simOptions{})
	get := []connectors.MirroredFolder{{Remote: "get", Get: true}}
	put := []connectors.MirroredFolder{{Remote: "put"}}
	for _, c := range []struct {
		name    string
		o       options
		mirrors []connectors.MirroredFolder
		out, in bool
	}{
		{"put", options{Put: "in"}, nil, true, false},
		{"get", options{Get: "out"}, nil, false, true},
		{"a mirror that gets", options{}, get, false, true},
		{"a mirror that puts", options{}, put, true, false},
	} {
		got := r.connect(t, c.o, connectors.Setup{Mirrors: c.mirrors})
		if (got.Out != nil) != c.out || (got.In != nil) != c.in {
			t.Errorf("%s: out %v, in %v", c.name, got.Out != nil, got.In != nil)
		}
	}
}

func wantContent(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %.50q, %v; want %.50q", path, got, err, want)
	}
}
