package page

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/inbound"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
	"github.com/studio-agent/studio-agent/watch"
)

const studioYAML = `
name: studio-3
page: {listen: "127.0.0.1:8765", hosts: [page.studio.example]}
accounts:
  gs: {type: grandshooting, url: "https://user:geheim-url@gs.example/v2", token: geheim-token}
  nas: {type: folder, put: %[1]s/nas/in}
  acme: {type: sftp, host: "sftp.acme.example:22", user: studio, password: geheim-password, put: /in, get: /out}
benches:
  - name: packshot-1
    production: 1
    captures: {folder: %[1]s/captures, to: [gs]}
    imports: {folder: %[1]s/retouched, from: [acme], import: ask}
  - name: packshot-2
    production: 2
    captures: {folder: %[1]s/two, to: [gs, nas]}
  - name: model-1
    production: 3
    captures: {folder: %[1]s/model, to: [gs]}
  - name: still-life
    production: 4
    captures: {folder: %[1]s/still, to: [gs]}
mirrors:
  - {account: acme, direction: put, remote: /put, folder: %[1]s/put}
`

// hostile is a file name that would do harm where it is not escaped.
const hostile = `<img src=x onerror=alert(1)>"'&.jpg`

// newStudio is a rig in the middle of a working day.
func newStudio(t *testing.T) *rig {
	t.Helper()
	r := newRigOf(t, studioYAML)
	r.server.Connector = func(account string) connectors.Connector {
		switch account {
		case "gs":
			return connectors.Connector{Workers: 4, Vet: func(context.Context, connectors.Photo) (string, error) { return "", nil }}
		case "acme":
			return connectors.Connector{Workers: 2, Examine: func(context.Context, func(connectors.Finding)) error { return nil }}
		}
		return connectors.Connector{}
	}
	now := time.Now()
	for i := range 9 {
		r.settle(r.add("packshot-1", "gs", fmt.Sprintf("SS18BOHEMIAN_%d_1.jpg", 110+i), 12<<20), ledger.Confirmed, "")
	}
	r.settle(r.add("packshot-1", "gs", "SS18BOHEMIAN_119_1.jpg", 12<<20), ledger.Accepted, "")
	for i := range 6 {
		name := fmt.Sprintf("3596654282%d_1.jpg", 833+i)
		r.settle(r.add("packshot-2", "gs", name, 9<<20), ledger.Confirmed, "")
		r.settle(r.add("packshot-2", "nas", name, 9<<20), ledger.Confirmed, "")
	}
	r.settle(r.add("packshot-2", "gs", "SS18_110_3.jpg", 9<<20), ledger.Held, "no such reference: SS18_110. Nearest: SS18BOHEMIAN_110")
	r.settle(r.add("packshot-2", "gs", "SS18_111_3.jpg", 9<<20), ledger.Held, "no such reference: SS18_111. Nearest: SS18BOHEMIAN_111")
	r.settle(r.add("packshot-2", "gs", hostile, 9<<20), ledger.Held, "no such reference: "+hostile)
	r.settle(r.add("packshot-2", "nas", "SS18_112_1.CR3", 31<<20), ledger.Failed, "cannot reach the NAS: no route to host")
	for i := range 5 {
		r.settle(r.add("model-1", "gs", fmt.Sprintf("LOOK_%02d_01.jpg", i+1), 24<<20), ledger.Confirmed, "")
	}
	for i := range 3 {
		r.claim(r.add("model-1", "gs", fmt.Sprintf("LOOK_%02d_02.tif", i+1), 190<<20))
	}
	for i := range 4 {
		r.add("model-1", "gs", fmt.Sprintf("LOOK_%02d_03.tif", i+1), 190<<20)
	}
	r.settle(r.add("", "acme", "job-17/a.tif", 80<<20), ledger.Confirmed, "")
	r.offered(now)
	r.beat(now)
	return r
}

// add queues a photo of a bench, or of the mirrored folder if bench is empty.
func (r *rig) add(bench, account, name string, size int64) ledger.Job {
	r.t.Helper()
	j := ledger.Job{
		Account: account, Bench: bench, Role: connectors.Capture, Folder: "/studio/" + bench, Name: name, Flow: ledger.Out, Kind: ledger.Deliver,
		Generation: 1, Size: size, ModTime: time.Now(), State: ledger.Queued, Rank: 1,
	}
	j.ID = ledger.NewID(account, j.Kind, j.Folder, name, "", 1)
	if err := r.ledger.Accept(time.Now(), ledger.Acceptance{Jobs: []ledger.Job{j}}); err != nil {
		r.t.Fatal(err)
	}
	return j
}

// claim takes j into a worker's hands; it must be the only one that is due.
func (r *rig) claim(j ledger.Job) ledger.Job {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	got, err := r.ledger.Next(ctx, j.Account, ledger.Out)
	if err != nil || got.ID != j.ID {
		r.t.Fatalf("claimed %s, want %s: %v", got.Name, j.Name, err)
	}
	return got
}

// settle claims j, and has what happen to it.
func (r *rig) settle(j ledger.Job, what ledger.What, reason string) {
	r.t.Helper()
	e := ledger.Event{What: what, At: time.Now(), Reason: reason}
	if what == ledger.Failed || what == ledger.Accepted {
		e.Until = time.Now().Add(time.Hour)
	}
	if _, err := r.ledger.Record(r.claim(j), e); err != nil {
		r.t.Fatal(err)
	}
}

// offered has two retouches ready at acme.
func (r *rig) offered(now time.Time) {
	r.t.Helper()
	var jobs []ledger.Job
	for i := range 2 {
		j := ledger.Job{
			Account: "acme", Bench: "packshot-1", Folder: "/studio/retouched", Name: fmt.Sprintf("SS18BOHEMIAN_%d_1.psd", 110+i), Flow: ledger.In, Kind: ledger.Fetch,
			Size: 44 << 20, State: ledger.Offered, Source: ledger.Source{ID: fmt.Sprint("r", i), Name: fmt.Sprintf("out/SS18BOHEMIAN_%d_1.psd", 110+i)},
		}
		j.ID = ledger.NewInID(j.Account, "", j.Source.ID)
		jobs = append(jobs, j)
	}
	if err := r.ledger.Offer(now, jobs); err != nil {
		r.t.Fatal(err)
	}
}

// beat has the agent say what it does at now.
func (r *rig) beat(now time.Time, changes ...func(*overview.Live)) {
	r.t.Helper()
	seen := func(bench string, role connectors.Role, files int) overview.Folder {
		return overview.Folder{Bench: bench, Path: "/studio/" + bench, Role: role, To: []string{"gs"},
			Status: watch.Status{Watching: "events", Since: now.Add(-5 * time.Hour), Scanned: now, Files: files}}
	}
	live := overview.Live{
		Folders: []overview.Folder{seen("packshot-1", connectors.Capture, 412), seen("packshot-2", connectors.Capture, 107), seen("model-1", connectors.Capture, 88), seen("still-life", connectors.Capture, 0)},
		Accounts: []outbound.Status{
			{Account: "gs", Since: now.Add(-5 * time.Hour), Transfers: []outbound.Transfer{
				{Bench: "model-1", Name: "LOOK_01_02.tif", Bytes: 140 << 20, Size: 190 << 20, Since: now.Add(-12 * time.Second)},
				{Bench: "model-1", Name: "LOOK_02_02.tif", Bytes: 80 << 20, Size: 190 << 20, Since: now.Add(-9 * time.Second)},
				{Bench: "model-1", Name: "LOOK_03_02.tif", Bytes: 9 << 20, Size: 190 << 20, Since: now.Add(-2 * time.Second)},
			}},
			{Account: "nas", Closed: "cannot be reached: no route to host", Until: now.Add(4 * time.Minute), Since: now.Add(-7 * time.Minute)},
			{Account: "acme", Since: now.Add(-5 * time.Hour)},
		},
		Sources: []inbound.Status{{Account: "acme", Looked: now.Add(-20 * time.Second), Listed: 12, Working: 5}},
	}
	live.Folders[1].Watching, live.Folders[1].Reason = "polling", "the share tells nothing of changes; it is read every 60 s"
	live.Folders[2].Waiting = []watch.Waiting{{Name: "LOOK_05_01.tif", Reason: "Photoshop still has it open", Since: now.Add(-2 * time.Minute)}}
	for _, change := range changes {
		change(&live)
	}
	text, err := json.Marshal(live)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := r.ledger.Beat(now, text); err != nil {
		r.t.Fatal(err)
	}
}
