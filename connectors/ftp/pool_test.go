package ftp

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/ftp/ftpsim"
)

func kept(t *testing.T, m connectors.Memory, key string) string {
	t.Helper()
	value, err := m.Recall(key)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestTLS12IsRememberedWhereTLS13BreaksUploads(t *testing.T) {
	r := serve(t, simOptions{TLS: ftpsim.Explicit, RequireReuse: true, TLS13Breaks: true})
	memory := new(connectors.ShortMemory)
	setup := connectors.Setup{Memory: memory, Connections: 1}
	p, open := photo("0001.jpg", "picture")
	if _, err := r.connect(t, options{Put: "in"}, setup).Out.Deliver(t.Context(), p, open, nothing); err != nil {
		t.Fatal(err)
	}
	wantContent(t, filepath.Join(r.dir, "in", "0001.jpg"), "picture")
	if got := kept(t, memory, tls12Key); got != "yes" {
		t.Errorf("remembered %q", got)
	}
	before := r.Count("STOR")
	p, open = photo("0002.jpg", "picture")
	if _, err := r.connect(t, options{Put: "in"}, setup).Out.Deliver(t.Context(), p, open, nothing); err != nil {
		t.Fatal(err)
	}
	if n := r.Count("STOR") - before; n != 1 {
		t.Errorf("after a restart a photo took %d uploads, want one", n)
	}
}

func TestAPassing426IsNotBlamedOnTLS13(t *testing.T) {
	plan := faults.NewPlan(1)
	r := serve(t, simOptions{TLS: ftpsim.Explicit, Faults: plan})
	memory := new(connectors.ShortMemory)
	c := r.connect(t, options{Put: "in"}, connectors.Setup{Memory: memory})
	plan.Then(ftpsim.OpStore, faults.Fault{Status: 426}, faults.Fault{Status: 426})
	p, open := photo("0001.jpg", "picture")
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); meaning(err) != later {
		t.Errorf("got %v", err)
	}
	if got := kept(t, memory, tls12Key); got != "" {
		t.Errorf("remembered %q", got)
	}
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); err != nil {
		t.Error(err)
	}
}

func TestACertificateThatCannotBeTrustedIsDeniedInWords(t *testing.T) {
	yesterday := time.Now().Add(-24 * time.Hour)
	other := serve(t, simOptions{TLS: ftpsim.Implicit})
	foreign := filepath.Join(t.TempDir(), "other.pem")
	write(t, foreign, other.CA())
	for _, c := range []struct {
		name string
		opt  simOptions
		o    options
		want string
	}{
		{"expired", simOptions{Expires: yesterday}, options{}, yesterday.UTC().Format("2006-01-02") + " only; ask the vendor to renew it"},
		{"of another name", simOptions{}, options{ServerName: "ftp.vendor.example"}, "is for [localhost 127.0.0.1 ::1] and not for ftp.vendor.example"},
		{"of another authority", simOptions{}, options{CA: foreign}, `signed by "CN=ftpsim authority", which this machine does not trust`},
	} {
		for _, mode := range []ftpsim.Mode{ftpsim.Explicit, ftpsim.Implicit} {
			c.opt.TLS, c.o.Put = mode, "in"
			r := serve(t, c.opt)
			err := r.connect(t, c.o, connectors.Setup{}).Probe(t.Context())
			if meaning(err) != denied || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %s: got %v, want %q", c.name, mode, err, c.want)
			}
		}
	}
}

func TestAWrongPasswordIsTriedOnce(t *testing.T) {
	r := serve(t, simOptions{})
	c := r.connect(t, options{Put: "in"}, connectors.Setup{Secret: func(string) (string, error) { return "wrong", nil }})
	p, open := photo("0001.jpg", "picture")
	_, err := c.Out.Deliver(t.Context(), p, open, nothing)
	if meaning(err) != denied || !strings.Contains(err.Error(), "530 Login incorrect") || strings.Contains(err.Error(), "wrong;") {
		t.Errorf("got %v", err)
	}
	if n := r.Count("PASS"); n != 1 {
		t.Errorf("%d tries, want one: the account may be locked", n)
	}
}

func TestALoginWithoutTheTLSThatIsDemandedIsDenied(t *testing.T) {
	r := serve(t, simOptions{TLS: ftpsim.Explicit})
	c := r.connect(t, options{Put: "in", TLS: "plain"}, connectors.Setup{})
	if err := c.Probe(t.Context()); meaning(err) != denied || !strings.Contains(err.Error(), "must use encryption") {
		t.Errorf("got %v", err)
	}
}

func TestAServerWithOnePlaceIsGivenOneConnection(t *testing.T) {
	for name, opt := range map[string]simOptions{"421": {MaxClients: 1}, "530": {LoginLimit: 1}} {
		r := serve(t, opt)
		memory := new(connectors.ShortMemory)
		c := r.connect(t, options{Put: "in"}, connectors.Setup{Memory: memory, Connections: 3})
		deliverAtOnce(t, c, 12)
		if got := kept(t, memory, profileKey); got != `{"connections":1}` {
			t.Errorf("%s: the profile is %s", name, got)
		}
		// A new start knows it.
		a, err := newAccount(r.setup(t, options{Put: "in"}, connectors.Setup{Memory: memory, Connections: 3}), r.options(t))
		if err == nil {
			err = a.pool.begin()
		}
		if err != nil || a.pool.limit != 1 || len(a.pool.places) != 1 {
			t.Errorf("%s: after a restart %d places, %v", name, a.pool.limit, err)
		}
	}
}

// deliverAtOnce sends n photos by five workers; all must arrive.
func deliverAtOnce(t *testing.T, c connectors.Connector, n int) {
	t.Helper()
	errs := make(chan error, n)
	for i := range n {
		go func() {
			p, open := photo(string(rune('a'+i))+".jpg", "picture")
			p.ID = strings.Repeat(string(rune('a'+i)), 20)
			_, err := c.Out.Deliver(t.Context(), p, open, nothing)
			errs <- err
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestAFullServerThatWeAreNotOnMeansLater(t *testing.T) {
	r := serve(t, simOptions{MaxClients: 1})
	first := r.connect(t, options{Put: "in"}, connectors.Setup{})
	if err := first.Probe(t.Context()); err != nil { // keeps its connection for a while
		t.Fatal(err)
	}
	memory := new(connectors.ShortMemory)
	err := r.connect(t, options{Put: "in"}, connectors.Setup{Memory: memory}).Probe(t.Context())
	if meaning(err) != later || err == nil || !strings.Contains(err.Error(), "too many users") {
		t.Errorf("got %v", err)
	}
	if got := kept(t, memory, profileKey); got != "" {
		t.Errorf("somebody else's connections became our profile: %s", got)
	}
}

func TestASessionThatTheServerEndedIsReplaced(t *testing.T) {
	r := serve(t, simOptions{IdleTimeout: 30 * time.Millisecond})
	c, err := newAccount(r.setup(t, options{Put: "in"}, connectors.Setup{}), r.options(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.pool.idle[0].used = time.Time{} // long ago
	time.Sleep(60 * time.Millisecond) // the server's own clock; were it too short, less would be tried
	if err := c.probe(t.Context()); err != nil {
		t.Errorf("after the server's 421: %v", err)
	}
	if n := r.Count("PASS"); n != 2 {
		t.Errorf("%d logins, want two", n)
	}
}

func TestIdleSessionsAreSpokenToAndGivenBack(t *testing.T) {
	r := serve(t, simOptions{})
	a, err := newAccount(r.setup(t, options{Put: "in"}, connectors.Setup{}), r.options(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.pool.keepAlive()
	if n := r.Count("NOOP"); n != 1 || len(a.pool.idle) != 1 {
		t.Errorf("%d NOOPs and %d sessions, want one and one", n, len(a.pool.idle))
	}
	a.pool.idle[0].worked = time.Now().Add(-restful - time.Second)
	a.pool.keepAlive()
	if len(a.pool.idle) != 0 || a.pool.live != 0 || len(a.pool.places) != a.pool.limit {
		t.Errorf("after %v: %d idle, %d live, %d places", restful, len(a.pool.idle), a.pool.live, len(a.pool.places))
	}
}

// options are what newAccount is given besides the setup.
func (r *remote) options(t *testing.T) options {
	t.Helper()
	return options{Host: r.addr, User: user, Password: "the reference", TLS: string(r.opt.TLS), Put: "in", Get: "out"}
}

func TestAMissingPutFolderIsDeniedByCheckAndLaterForAPhoto(t *testing.T) {
	r := serve(t, simOptions{})
	if err := os.Remove(filepath.Join(r.dir, "in")); err != nil {
		t.Fatal(err)
	}
	c := r.connect(t, options{Put: "in"}, connectors.Setup{})
	p, open := photo("0001.jpg", "picture")
	p.Published = true
	_, delivered := c.Out.Deliver(t.Context(), p, open, nothing)
	_, found := c.Out.Find(t.Context(), []connectors.Photo{p})
	for what, err := range map[string]error{"Deliver": delivered, "Find": found} {
		if meaning(err) != later || !strings.Contains(err.Error(), "missing or closed") {
			t.Errorf("%s gave %v", what, err)
		}
	}
	if err := c.Probe(t.Context()); !errors.Is(err, connectors.ErrDenied) {
		t.Errorf("Probe gave %v", err)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "in")); err == nil {
		t.Error("the folder was made")
	}
}
