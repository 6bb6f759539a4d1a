package sftp

import (
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/connectortest"
	"github.com/studio-agent/studio-agent/connectors/sftp/sftpsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func fingerprint(k ssh.PublicKey) string { return ssh.FingerprintSHA256(k) }

func TestContract(t *testing.T) {
	bare := []string{posixRename, fileSync, statVFS, "hardlink@openssh.com"}
	for _, c := range []struct {
		name   string
		server sftpsim.Options
		bench  string
	}{
		{"default", sftpsim.Options{}, ""},
		{"server without extensions", sftpsim.Options{Without: bare}, ""},
		{"server that forgets times", sftpsim.Options{ForgetTimes: true}, ""},
		{"one connection", sftpsim.Options{MaxConnections: 1}, ""},
		{"layout bench", sftpsim.Options{}, "packshot-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			connectortest.Run(t, func(t *testing.T) connectortest.Rig {
				return newWorld(t, c.server, func(w *world) {
					if c.bench != "" {
						w.options.Layout, w.setup.Benches = "bench", []connectors.Bench{{Name: c.bench}, {Name: "packshot-2"}}
					}
				}).rig(c.bench)
			})
		})
	}
}

func TestNewChecksItsOptions(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*options)
		want   string // part of the error; empty means none
	}{
		{"as it is", func(*options) {}, ""},
		{"no host", func(o *options) { o.Host = "" }, "host is needed"},
		{"a URL", func(o *options) { o.Host = "sftp://acme.example/in" }, "without sftp://"},
		{"no user", func(o *options) { o.User = "" }, "user is needed"},
		{"no way to log in", func(o *options) { o.Password = "" }, "password, key or agent is needed"},
		{"a passphrase for nothing", func(o *options) { o.Passphrase = "env:PHRASE" }, "no key that it opens"},
		{"a key that is none", func(o *options) { o.Key = "file:key" }, "no private key"},
		{"host_keys", func(o *options) { o.HostKeys = "ask" }, "say strict or accept-new"},
		{"fingerprint of another kind", func(o *options) { o.Fingerprint = "MD5:00:11" }, "as ssh-keygen -l shows it"},
		{"fingerprint cut off", func(o *options) { o.Fingerprint = o.Fingerprint[:40] }, "as ssh-keygen -l shows it"},
		{"cipher", func(o *options) { o.Ciphers = []string{"rot13"} }, `"rot13" is not known`},
		{"known cipher", func(o *options) { o.Ciphers = []string{ssh.CipherAES256CTR} }, ""},
		{"neither put nor get", func(o *options) { o.Put, o.Get = "", "" }, "put or get is needed"},
		{"put below get", func(o *options) { o.Put = "/out/in" }, "come straight back"},
		{"put is get", func(o *options) { o.Put = "/out/" }, "come straight back"},
		{"get is home and put below it", func(o *options) { o.Get, o.Put = ".", "in" }, "come straight back"},
		{"put beside get of a like name", func(o *options) { o.Put = "/out2" }, ""},
		{"rejected holds put", func(o *options) { o.Rejected = "/" }, "come straight back"},
		{"layout", func(o *options) { o.Layout = "daily" }, "say bench or flat"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options{Host: "sftp.acme.example", User: "studio", Password: "env:P", Put: "/in", Get: "/out",
				Fingerprint: "SHA256:" + strings.Repeat("A", 43)}
			c.change(&o)
			_, err := New(connectors.Setup{
				Decode: func(into any) error { *into.(*options) = o; return nil },
				Secret: func(string) (string, error) { return secret, nil },
			})
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}

func TestHostGetsItsPort(t *testing.T) {
	for host, want := range map[string]string{
		"sftp.acme.example": "sftp.acme.example:22", "sftp.acme.example:2222": "sftp.acme.example:2222",
		"10.0.0.1": "10.0.0.1:22", "[::1]:2222": "[::1]:2222", "[::1]": "[::1]:22", "::1": "[::1]:22",
	} {
		if got, err := withPort(host); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", host, got, err, want)
		}
	}
}

func TestAnAccountHasOnlyTheEndsItIsGiven(t *testing.T) {
	put := newWorld(t, sftpsim.Options{}, func(w *world) { w.options.Get = "" })
	if put.Out == nil || put.In != nil || put.List == nil {
		t.Error("an account with put alone is not a destination alone")
	}
	get := newWorld(t, sftpsim.Options{}, func(w *world) { w.options.Put = "" })
	if get.Out != nil || get.In == nil || get.List != nil {
		t.Error("an account with get alone is not a source alone")
	}
	mirrors := newWorld(t, sftpsim.Options{}, func(w *world) {
		w.options.Put, w.options.Get = "", ""
		w.setup.Mirrors = []connectors.MirroredFolder{{Remote: "/in"}, {Remote: "/out", Get: true}}
		w.setup.Connections = 3
	})
	if mirrors.Out == nil || mirrors.In == nil || mirrors.List != nil || mirrors.Workers != 3 || mirrors.Crowd != 24 {
		t.Error("an account with mirrors alone does not have both ends and a worker for each connection, and eight while photos take but a moment")
	}
}
