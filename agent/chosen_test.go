package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
	"github.com/studio-agent/studio-agent/connectors/memory"
)

func TestNothingIsSelectedWhereNobodyCan(t *testing.T) {
	cfg, err := config.Parse("agent.yaml", []byte(`
accounts: {gs: {type: grandshooting}, vendor: {type: folder}}
benches:
  - {name: one, captures: {folder: /one, to: [gs]}, selects: {to: [vendor], platform: true}}
  - {name: two, captures: {folder: /two, to: [gs]}, selects: {to: [vendor, gs], platform: true}}`))
	if err != nil {
		t.Fatal(err)
	}
	gs := connectors.Connector{
		Out:    memory.New(nil).Connector().Out,
		Chosen: func(context.Context, string) ([]connectors.Receipt, error) { return nil, nil },
	}
	made := map[string]connection{"gs": {Connector: gs}, "vendor": {Connector: memory.New(nil).Connector()}}
	problems := oneWay(cfg, made)
	if len(problems) != 1 || !strings.Contains(problems.Error(), "benches[0]: selects.platform: nothing can be selected at any of its accounts") {
		t.Errorf("got %v", problems)
	}
	for name, want := range map[string]string{"gs": "[two]", "vendor": "[]"} {
		a := &agent{}
		c := a.chooser(nil, cfg, cfg.Accounts[name], made[name].Connector)
		got := "[]"
		if c != nil {
			got = fmt.Sprint(c.Benches)
		}
		if got != want {
			t.Errorf("%s chooses for %s, want %s", name, got, want)
		}
	}
}

// An art director selects on the platform, with the real binary: what was
// selected before the agent first looked waits for a person; what is selected
// afterwards is ordered, and sent to the vendor, once.
func TestWhatIsSelectedOnThePlatformIsOrderedOnce(t *testing.T) {
	sim := grandshootingsim.New(grandshootingsim.Options{Token: "t", Rate: -1})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go sim.Serve(l)
	t.Cleanup(func() { sim.Close() })
	production := sim.AddProduction("Autumn", 10, 20, 40)
	before := fmt.Sprintf(`
page: off
accounts:
  gs: {type: grandshooting, url: "http://%s/v2", token: env:GS_TOKEN, rate: 100, recheck: 1s, poll: 1s}
  vendor: {type: folder, put: vendor, layout: flat}
benches:
  - name: packshot-1
    production: %d
    edit: {transfer: 12, put_path: acme/out, get_path: acme/in, provision_code: acme}
    captures: {folder: captures, to: [gs]}
`, l.Addr(), production[0].ID)
	in := install(t, before, "GS_TOKEN=t")
	captures, vendor := in.folder("captures"), in.folder("vendor")
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"old.jpg", "a.jpg", "b.jpg"} {
		if err := os.WriteFile(filepath.Join(captures, name), paint(rnd, 300), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	agent := in.start()
	until(t, time.Minute, "three pictures are on the platform", func() bool { return len(sim.Pictures()) == 3 })
	id := map[string]int{}
	for _, p := range sim.Pictures() {
		id[p.Sent] = p.ID
	}
	sim.SetStatus(id["old.jpg"], 30)
	sim.AddPicture(grandshootingsim.Picture{Bench: production[0].ID, Sent: "of somebody else.jpg", Status: 30})

	with := before + "    selects: {to: [gs, vendor], platform: true}\n"
	if err := os.WriteFile(in.config, []byte(with), 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, time.Minute, "status tells what is held", func() bool {
		out, _ := in.output("status")
		return strings.Contains(out, "old.jpg: one of 1 that were selected on gs") && strings.Contains(out, "studio-agent release packshot-1")
	})
	if orders := sim.Orders(); len(orders) > 0 {
		t.Fatalf("ordered without being released: %+v", orders)
	}
	sim.SetStatus(id["a.jpg"], 30)
	if out, code := in.output("release", "packshot-1"); code != 0 {
		t.Fatalf("release: %s", out)
	}
	until(t, time.Minute, "two are ordered and sent", func() bool {
		return len(sim.Orders()) == 2 && exists(filepath.Join(vendor, "old.jpg")) && exists(filepath.Join(vendor, "a.jpg"))
	})
	agent.Process.Kill()
	agent.Wait()
	in.start()
	sim.SetStatus(id["b.jpg"], 30)
	until(t, time.Minute, "the third is ordered and sent", func() bool {
		return len(sim.Orders()) == 3 && exists(filepath.Join(vendor, "b.jpg"))
	})
	if twice := sim.OrderedTwice(); len(twice) > 0 {
		t.Errorf("pictures %v were ordered twice", twice)
	}
}
