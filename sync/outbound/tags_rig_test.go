package outbound

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/gate"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// xmp is a packet that says the given properties, as attributes, and keywords.
func xmp(attributes string, keywords ...string) string {
	subject := ""
	if len(keywords) > 0 {
		subject = "<dc:subject><rdf:Bag><rdf:li>" + strings.Join(keywords, "</rdf:li><rdf:li>") + "</rdf:li></rdf:Bag></dc:subject>"
	}
	return `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
		`<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" ` + attributes + `>` +
		subject + `</rdf:Description></rdf:RDF></x:xmpmeta>`
}

func stars(n int) string { return fmt.Sprintf(`xmp:Rating="%d"`, n) }

// shot is a JPEG of one shade, with an XMP packet unless that is empty.
func shot(shade uint8, packet string) string {
	img := image.NewGray(image.Rect(0, 0, 16, 16))
	for i := range img.Pix {
		img.Pix[i] = color.Gray{Y: shade}.Y
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	if packet == "" {
		return b.String()
	}
	segment := "http://ns.adobe.com/xap/1.0/\x00" + packet
	head := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(segment)+2))
	return b.String()[:2] + string(head) + segment + b.String()[2:]
}

// byXMP makes three stars, a green label or the keyword "hero" select a capture
// of a rig whose accounts "gs", which marks, and "vendor", which does not, get
// selects; captures go to gs alone.
func byXMP(r *rig) {
	r.enq.Targets = []Target{{Account: "gs", Marks: true}}
	r.enq.Skip.Sidecars = true
	r.enq.Selects = &SelectRule{Rating: 3, Labels: []string{"Green"}, Keywords: []string{"hero"}, Targets: []Target{{Account: "gs", Marks: true}}}
}

// withVendor has selects go to "vendor", too.
func withVendor(r *rig) {
	r.enq.Selects.Targets = append(r.enq.Selects.Targets, Target{Account: "vendor"})
}

// startVendor runs a sender for "vendor", which cannot mark.
func startVendor(r *rig) *memory.Remote {
	r.t.Helper()
	remote := memory.New(nil)
	s := &Sender{Account: "vendor", Connector: remote.Connector(), Ledger: r.ledger, Log: slog.New(r.log)}
	s.Connector.Mark = nil
	s.Gate = gate.New(nil, s.Log)
	s.Changed = r.sender.Changed
	run(r, s)
	return remote
}

// run runs one more sender until the test ends.
func run(r *rig, s *Sender) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	stop := r.stop
	r.stop = func() { cancel(); <-done; stop() }
}

// sidecar writes a sidecar and has it emitted.
func (r *rig) sidecar(name, packet string) {
	r.t.Helper()
	r.drop(name, packet)
}

// at is all jobs of a name in the captures for one account, in order.
func (r *rig) at(account, name string) []ledger.Job {
	r.t.Helper()
	var all []ledger.Job
	for _, j := range r.jobs(name) {
		if j.Account == account {
			all = append(all, j)
		}
	}
	return all
}

// told is what gs was told of a photo, in one line.
func (r *rig) told(name string) string {
	r.t.Helper()
	var all []string
	for _, m := range r.remote.Marks()[name] {
		word := string(m.Role)
		if m.Deselected {
			word = "none"
		}
		if m.Rating != 0 {
			word += fmt.Sprint(" ", m.Rating)
		}
		if m.Label != "" {
			word += " " + m.Label
		}
		all = append(all, word)
	}
	return strings.Join(all, ", ")
}

func (r *rig) wantTold(name, want string) {
	r.t.Helper()
	if got := r.told(name); got != want {
		r.t.Errorf("gs was told of %s: %q, want %q", name, got, want)
	}
}

// wantAt says how often a remote stored a name.
func wantAt(t *testing.T, remote *memory.Remote, name string, n int) {
	t.Helper()
	if got := remote.Deliveries(name); len(got) != n {
		t.Errorf("%s was stored %d times, want %d", name, len(got), n)
	}
}

// rewrite writes a file again, later, so that it does not look as it did, and has
// it emitted.
func (r *rig) rewrite(name, content string) {
	r.t.Helper()
	pass(2 * time.Second)
	r.drop(name, content)
	pass(2 * time.Second)
}

func moveTo(t *testing.T, from *Enqueuer, to *Enqueuer, name string) {
	t.Helper()
	must(t, os.Rename(filepath.Join(from.Folder, name), filepath.Join(to.Folder, name)))
	must(t, emit(t.Context(), to, file(t, to.Folder, name)))
}

func copyTo(t *testing.T, from *Enqueuer, to *Enqueuer, name string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(from.Folder, name))
	must(t, err)
	writeAt(t, filepath.Join(to.Folder, name), string(content), time.Now())
	must(t, emit(t.Context(), to, file(t, to.Folder, name)))
}
