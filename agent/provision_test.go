package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

// The studio's side of edit provisioning, with the real binary: what is rated in
// the captures folder is ordered once; killed right after the order, nothing is
// ordered twice; what comes back on the edit bench lands; then the export starts.
func TestSelectsAreOrderedAtThePlatformOnceAndComeBack(t *testing.T) {
	sim := grandshootingsim.New(grandshootingsim.Options{Token: "t", Rate: -1})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go sim.Serve(l)
	t.Cleanup(func() { sim.Close() })
	production := sim.AddProduction("Autumn", 10, 20, 40)
	in := install(t, fmt.Sprintf(`
page: off
accounts:
  gs: {type: grandshooting, url: "http://%s/v2", token: env:GS_TOKEN, rate: 100, recheck: 1s, poll: 1s}
benches:
  - name: packshot-1
    production: %d
    edit: {transfer: 12, put_path: acme/out, get_path: acme/in, provision_code: acme, export: after}
    captures: {folder: captures, to: [gs]}
    selects: {to: [gs], rating: 3}
    imports: {folder: back, from: [gs]}
`, l.Addr(), production[0].ID), "GS_TOKEN=t")
	captures, back := in.folder("captures"), in.folder("back")
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"a.jpg", "b.jpg", "c.jpg"} {
		if err := os.WriteFile(filepath.Join(captures, name), paint(rnd, 300), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	agent := in.start()
	until(t, time.Minute, "three pictures are on the platform", func() bool { return len(sim.Pictures()) == 3 })
	rate(t, filepath.Join(captures, "a.xmp"), 4)
	rate(t, filepath.Join(captures, "b.jpg.xmp"), 3)
	rate(t, filepath.Join(captures, "c.xmp"), 2)
	until(t, time.Minute, "two are ordered", func() bool { return len(sim.Orders()) == 2 })
	agent.Process.Kill()
	agent.Wait()
	in.start()

	retouched := map[string][]byte{}
	for _, order := range sim.Orders() {
		for _, p := range sim.Pictures() {
			if p.ID != order.Picture {
				continue
			}
			retouched[p.Sent] = paint(rnd, 400)
			if _, err := sim.ReturnEdit(p.ID, retouched[p.Sent]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, content := range retouched {
		until(t, time.Minute, name+" has landed", func() bool { return exists(filepath.Join(back, name)) })
		got, err := os.ReadFile(filepath.Join(back, name))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s landed with %d bytes, %v; want the %d that the retoucher made", name, len(got), err, len(content))
		}
	}
	if _, there := retouched["c.jpg"]; there || len(retouched) != 2 {
		t.Errorf("ordered %v, want a.jpg and b.jpg", sortedKeys(retouched))
	}
	until(t, time.Minute, "the export has started", func() bool { return sim.Exports(production[0].ID) == 1 })
	if twice := sim.OrderedTwice(); len(twice) > 0 {
		t.Errorf("pictures %v were ordered twice", twice)
	}
}

// rate writes a sidecar with so many stars.
func rate(t *testing.T, path string, stars int) {
	t.Helper()
	xmp := fmt.Sprintf(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="%d"/></rdf:RDF></x:xmpmeta>`, stars)
	if err := os.WriteFile(path, []byte(xmp), 0o644); err != nil {
		t.Fatal(err)
	}
}
