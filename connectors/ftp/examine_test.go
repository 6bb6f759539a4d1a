package ftp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/ftp/ftpsim"
)

// examined runs the doctor and returns what it found, by name, and the profile.
func examined(t *testing.T, r *remote, memory connectors.Memory) (map[string]connectors.Finding, error) {
	t.Helper()
	c := r.connect(t, options{Put: "in", Get: "out"}, connectors.Setup{Memory: memory, Connections: 2})
	found := map[string]connectors.Finding{}
	err := c.Examine(t.Context(), func(f connectors.Finding) { found[f.What] = f })
	return found, err
}

func TestWhatTheDoctorFinds(t *testing.T) {
	soon := time.Now().AddDate(0, 0, 10)
	for _, c := range []struct {
		name    string
		opt     simOptions
		odd     map[string]string // finding that is odd, and part of its text or advice; all others are fine
		profile string
		tls12   string
	}{
		{"a good server", simOptions{TLS: ftpsim.Explicit, RequireReuse: true}, nil, "", ""},
		{"plain", simOptions{}, map[string]string{"encryption": "can be read on the way"}, "", ""},
		{"a certificate that ends", simOptions{TLS: ftpsim.Implicit, Expires: soon}, map[string]string{"encryption": soon.UTC().Format("2006-01-02")}, "", ""},
		{"TLS 1.3 breaks", simOptions{TLS: ftpsim.Explicit, TLS13Breaks: true}, map[string]string{"TLS 1.3": "TLS 1.2 is used"}, "", "yes"},
		{"no MLSD", simOptions{TLS: ftpsim.Explicit, NoMLSD: true}, map[string]string{"listing": "asked for its exact time"}, "", ""},
		{"no MDTM either", simOptions{TLS: ftpsim.Explicit, NoMLSD: true, NoMDTM: true},
			map[string]string{"listing": "goes unnoticed", "times": "told apart by their content"}, "", ""},
		{"no SIZE either", simOptions{TLS: ftpsim.Explicit, NoMLSD: true, NoMDTM: true, NoSize: true},
			map[string]string{"listing": "", "times": "", "SIZE": "the folder is listed instead"}, `{"no_size":true}`, ""},
		{"times stay", simOptions{TLS: ftpsim.Explicit, NoSetTime: true}, map[string]string{"times": "time of their arrival"}, "", ""},
		{"a clock off", simOptions{TLS: ftpsim.Explicit, ClockSkew: 3 * time.Hour}, map[string]string{"clock": "3h0m"}, "", ""},
		{"no RNFR", simOptions{TLS: ftpsim.Explicit, NoRename: true}, map[string]string{"rename": ".done files say"}, `{"no_rename":true}`, ""},
		{"no replacing", simOptions{TLS: ftpsim.Explicit, NoReplace: true}, map[string]string{"rename over a file": "removed first"}, "", ""},
		{"no dots", simOptions{TLS: ftpsim.Explicit, NoDots: true}, map[string]string{"names with a dot": "553"}, `{"no_dots":true}`, ""},
		{"no MKD", simOptions{TLS: ftpsim.Explicit, NoMkdir: true}, map[string]string{"make folders": "say layout: flat"}, "", ""},
		{"one place", simOptions{TLS: ftpsim.Explicit, MaxClients: 1}, map[string]string{"connections": "1 at once"}, `{"connections":1}`, ""},
		{"two places", simOptions{TLS: ftpsim.Explicit, MaxClients: 2}, map[string]string{"connections": "2 at once"}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, memory := serve(t, c.opt), new(connectors.ShortMemory)
			memory.Keep(tls12Key, "yes") // from before; to be found out anew
			found, err := examined(t, r, memory)
			if err != nil {
				t.Fatal(err)
			}
			for what, f := range found {
				want, odd := c.odd[what]
				if odd != (f.Health == connectors.Odd) || !strings.Contains(f.Text+f.Advice, want) {
					t.Errorf("found %+v, want %q", f, want)
				}
			}
			for what := range c.odd {
				if _, ok := found[what]; !ok {
					t.Errorf("nothing was found about %q: %+v", what, found)
				}
			}
			if got := kept(t, memory, profileKey); got != c.profile {
				t.Errorf("the profile is %s, want %s", got, c.profile)
			}
			if got := kept(t, memory, tls12Key); got != c.tls12 && c.opt.TLS != "" {
				t.Errorf("TLS 1.2 only: %q, want %q", got, c.tls12)
			}
			if list, err := os.ReadDir(filepath.Join(r.dir, "in")); err != nil || len(list) != 0 {
				t.Errorf("it left %v, %v", list, err)
			}
		})
	}
}

func TestTheDoctorSaysWhatItCouldNotRemove(t *testing.T) {
	r, memory := serve(t, simOptions{NoDelete: true}), new(connectors.ShortMemory)
	found, err := examined(t, r, memory)
	if err != nil {
		t.Fatal(err)
	}
	f := found["delete"]
	if f.Health != connectors.Odd || !strings.Contains(f.Advice, "/in/"+scratch) {
		t.Errorf("found %+v", f)
	}
	if got := kept(t, memory, profileKey); got != `{"no_delete":true}` {
		t.Errorf("the profile is %s", got)
	}
	before := r.Count("STOR")
	c := r.connect(t, options{Put: "in"}, connectors.Setup{Memory: memory})
	if err := c.Probe(t.Context()); err != nil || r.Count("STOR") != before {
		t.Errorf("a check writes where nothing can be removed: %v", err)
	}
}

func TestTheDoctorSaysWhatIsBroken(t *testing.T) {
	for _, c := range []struct {
		name, what string
		opt        simOptions
		spoil      func(*remote)
	}{
		{"no put folder", "folder in", simOptions{}, func(r *remote) { os.Remove(filepath.Join(r.dir, "in")) }},
		{"no get folder", "list out", simOptions{}, func(r *remote) { os.Remove(filepath.Join(r.dir, "out")) }},
		{"a full disk", "upload", simOptions{Quota: 1}, nil},
		{"sizes that lie", "SIZE", simOptions{LyingSize: 3}, nil},
		{"nobody listens", "log in", simOptions{}, func(r *remote) { r.addr = "127.0.0.1:1" }},
	} {
		r := serve(t, c.opt)
		if c.spoil != nil {
			c.spoil(r)
		}
		found, err := examined(t, r, new(connectors.ShortMemory))
		if f, ok := found[c.what]; err == nil || !ok || f.Health != connectors.Broken {
			t.Errorf("%s: found %+v, %v", c.name, found, err)
		}
	}
}

func TestTransfersObeyTheProfile(t *testing.T) {
	r := serve(t, simOptions{MaxClients: 1, NoDots: true})
	memory := new(connectors.ShortMemory)
	memory.Keep(profileKey, `{"connections":1,"no_dots":true}`)
	c := r.connect(t, options{Put: "in"}, connectors.Setup{Memory: memory, Connections: 4})
	deliverAtOnce(t, c, 8)
	if n := r.Count("STOR"); n != 8 {
		t.Errorf("%d uploads for 8 photos", n)
	}
	if n := r.Count("PASS"); n != 1 {
		t.Errorf("%d logins, want one", n)
	}
}

func TestAProfileThatCannotBeReadIsStartedAnew(t *testing.T) {
	r := serve(t, simOptions{})
	memory := new(connectors.ShortMemory)
	memory.Keep(profileKey, `{"no_rename":`)
	c := r.connect(t, options{Put: "in"}, connectors.Setup{Memory: memory})
	if err := c.Probe(t.Context()); err != nil {
		t.Error(err)
	}
}
