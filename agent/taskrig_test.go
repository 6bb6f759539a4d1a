package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/folder"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A oneByOne is a vendor that orders each picture by itself, gives retouches back, and takes both
// back while it can.
type oneByOne struct {
	mu        sync.Mutex
	orders    []connectors.Photo
	offers    []connectors.Retouch
	refusals  []connectors.Refusal
	withdrawn []string
	late      bool          // production has begun: nothing is taken back
	lost      func()        // called when a refusal was taken, before that is answered
	slow      chan struct{} // not nil: Withdraw waits for it
}

func (v *oneByOne) factory(typ string) connectors.Factory {
	return connectors.Factory{Type: typ, New: func(s connectors.Setup) (connectors.Connector, error) {
		return connectors.Connector{
			Out: v, In: v, Probe: func(context.Context) error { return nil },
			Templates: func(context.Context) ([]connectors.Template, error) {
				return []connectors.Template{{ID: "7", Name: "Green BG"}, {ID: "8", Name: "White BG"}}, nil
			},
			Reject: v.reject, Withdraw: v.withdraw,
		}, s.Decode(&struct{}{})
	}}
}

func receipt(p connectors.Photo) connectors.Receipt {
	return connectors.Receipt{ID: "order-" + p.ID, Name: p.Name, Link: "https://vendor.example/" + p.ID, Size: p.Size, Verified: true}
}

func (v *oneByOne) Find(_ context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	found := make([]connectors.Receipt, len(ps))
	for i, p := range ps {
		if slices.ContainsFunc(v.orders, func(o connectors.Photo) bool { return o.ID == p.ID }) {
			found[i] = receipt(p)
		}
	}
	return found, nil
}

func (v *oneByOne) Deliver(_ context.Context, p connectors.Photo, open func() (io.ReadCloser, error), publish func() error) (connectors.Receipt, error) {
	body, err := open()
	if err != nil {
		return connectors.Receipt{}, err
	}
	defer body.Close()
	if _, err := io.Copy(io.Discard, body); err != nil {
		return connectors.Receipt{}, err
	}
	if strings.Contains(p.Comment, "refuse") {
		return connectors.Receipt{}, connectors.Rejected("no such template")
	}
	if err := publish(); err != nil {
		return connectors.Receipt{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.orders = append(v.orders, p)
	return receipt(p), nil
}

func (v *oneByOne) Pending(context.Context) ([]connectors.Retouch, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.offers), nil
}

func (v *oneByOne) Fetch(_ context.Context, rt connectors.Retouch, w io.Writer) error {
	_, err := w.Write(retouched(rt.ID))
	return err
}

func (v *oneByOne) Acknowledge(context.Context, []connectors.Retouch) error { return nil }

func retouched(id string) []byte {
	return paint(rand.New(rand.NewPCG(uint64(len(id)), uint64(id[len(id)-1]))), 80)
}

func (v *oneByOne) reject(_ context.Context, r connectors.Refusal) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	i := slices.IndexFunc(v.offers, func(rt connectors.Retouch) bool { return rt.ID == r.Retouch && rt.Stage == connectors.Ready })
	if i < 0 {
		return connectors.Rejected("it is not delivered any more")
	}
	v.offers = slices.Delete(v.offers, i, i+1)
	v.refusals = append(v.refusals, r)
	if v.lost != nil {
		v.lost()
		return errors.New("the connection broke")
	}
	return nil
}

func (v *oneByOne) withdraw(_ context.Context, r connectors.Receipt) error {
	if v.slow != nil {
		<-v.slow
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.late {
		return connectors.Rejected("it is in production")
	}
	if !slices.Contains(v.withdrawn, r.ID) {
		v.withdrawn = append(v.withdrawn, r.ID)
	}
	return nil
}

// offer answers the newest order of a name; version makes it a content of its own.
func (v *oneByOne) offer(name, version string, stage connectors.Stage, reason string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, o := range slices.Backward(v.orders) {
		if o.Name == name {
			v.offers = append(v.offers, connectors.Retouch{ID: o.ID + version, Name: name, Answers: "order-" + o.ID, Stage: stage, Reason: reason, Size: -1, Final: true})
			return
		}
	}
}

// A taskRig asks things of an agent that has such a vendor.
type taskRig struct {
	t      *testing.T
	dir    string
	vendor *oneByOne
	agent  *agent
}

// newTaskRig has the files in the captures folder of a bench, taken up.
func newTaskRig(t *testing.T, yaml string, files ...string) *taskRig {
	t.Helper()
	d := &taskRig{t: t, dir: t.TempDir(), vendor: &oneByOne{}}
	for _, name := range []string{"captures", "selects", "back", "nas"} {
		if err := os.MkdirAll(filepath.Join(d.dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range files {
		d.write(name, i)
	}
	path := filepath.Join(d.dir, "agent.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(path, "folder", "vendor")
	if err != nil {
		t.Fatal(err)
	}
	tools := toolbox{
		registry: connectors.Registry{folder.Factory, d.vendor.factory("vendor")}, secrets: config.NewSecrets(path), http: newHTTP(), shared: &sync.Map{},
		log: slog.New(slog.DiscardHandler),
	}
	l, err := openLedger(t.Context(), cfg, tools.log)
	if err != nil {
		t.Fatal(err)
	}
	d.agent = &agent{toolbox: tools, ledger: l, level: new(slog.LevelVar)}
	ctx, cancel := context.WithCancel(context.Background())
	group, ctx := errgroup.WithContext(ctx)
	d.agent.parts = newParts(ctx, group)
	t.Cleanup(func() {
		cancel()
		if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		l.Close()
	})
	if err := d.agent.apply(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		until(t, time.Minute, name+" is taken up", func() bool {
			_, seen, err := l.FindFile(ctx, filepath.Join(d.dir, "captures"), name)
			return err == nil && seen
		})
	}
	return d
}

func (d *taskRig) write(name string, seed int) {
	d.t.Helper()
	writeBelow(d.t, filepath.Join(d.dir, "captures"), name, paint(rand.New(rand.NewPCG(uint64(seed), 3)), 60))
}

// taskRigYAML lets retouches wait for a person.
const taskRigYAML = `
accounts:
  shop: {type: vendor, poll: 1s}
  nas: {type: folder, put: nas}
benches:
  - name: one
    captures: {folder: captures, to: [nas], settle: 50ms}
    imports: {folder: back, from: [shop], import: ask}
`

// leave leaves a request; args are keys and values.
func (d *taskRig) leave(verb string, args ...string) ledger.Control {
	d.t.Helper()
	given := map[string]string{}
	for i := 0; i < len(args); i += 2 {
		given[args[i]] = args[i+1]
	}
	seq, err := d.agent.ledger.Ask(verb, given)
	if err != nil {
		d.t.Fatal(err)
	}
	c, err := d.agent.ledger.Control(d.t.Context(), seq)
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

// ask leaves a request and has the agent obey it.
func (d *taskRig) ask(verb string, args ...string) (ledger.Control, string) {
	d.t.Helper()
	c := d.leave(verb, args...)
	return c, d.agent.obey(d.t.Context(), c)
}

// sendBackKilled asks to send a retouch back, and stops the agent when the vendor
// has heard that and nobody has noted it.
func (d *taskRig) sendBackKilled(id, retouch string) ledger.Control {
	d.t.Helper()
	ctx, killed := context.WithCancel(d.t.Context())
	d.vendor.lost = killed
	c := d.leave(verbReject, "task", id, "retouch", retouch, "comment", "a halo")
	if got := d.agent.obey(ctx, c); !strings.HasPrefix(got, notDone) {
		d.t.Errorf("while the agent stops: %q", got)
	}
	d.vendor.lost = nil
	return c
}

// want asks, and says what the answer must hold.
func (d *taskRig) want(answer, verb string, args ...string) ledger.Control {
	d.t.Helper()
	c, got := d.ask(verb, args...)
	part, refused := strings.CutPrefix(answer, notDone)
	if !strings.Contains(got, part) || strings.HasPrefix(got, notDone) != refused {
		d.t.Errorf("%s %q: %q, want %q", verb, args, got, answer)
	}
	return c
}

// create makes a task of these files and returns its ID once all are ordered.
func (d *taskRig) create(files ...string) string {
	d.t.Helper()
	_, answer := d.ask(verbCreate, "account", "shop", "bench", "one", "template", "green bg", "comment", "no shadow", "names", strings.Join(files, "\n"))
	id, _, _ := strings.Cut(answer, ":")
	d.eventually(id, strings.Repeat("at retouch ", len(files)))
	return id
}

// states are those of a task's pictures, each with a space behind it.
func (d *taskRig) states(id string) (text string) {
	t, err := findTask(d.t.Context(), d.agent.ledger, id)
	if err != nil {
		d.t.Fatal(err)
	}
	pictures, err := d.agent.ledger.Pictures(d.t.Context(), t.ID, time.Now())
	if err != nil {
		d.t.Fatal(err)
	}
	for _, p := range pictures {
		text += string(p.State) + " "
	}
	return text
}

// cameBack is the ID of what has come back for a picture.
func (d *taskRig) cameBack(id, name string) string {
	d.t.Helper()
	retouch, err := cameBack(d.t.Context(), d.agent.ledger, id, name)
	if err != nil {
		d.t.Fatal(err)
	}
	return retouch
}

func (d *taskRig) eventually(id, states string) {
	d.t.Helper()
	last := ""
	for end := time.Now().Add(time.Minute); last != states; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			d.t.Fatalf("task %s stays %q, want %q", id, last, states)
		}
		for _, p := range d.agent.parts.accounts() {
			if p.collector != nil {
				p.collector.Wake()
			}
		}
		last = d.states(id)
	}
}

func (d *taskRig) wantTask(id string, state ledger.TaskState) {
	d.t.Helper()
	var got ledger.Task
	for end := time.Now().Add(time.Minute); got.State != state; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			d.t.Fatalf("task %s stays %s, want %s", id, got.State, state)
		}
		var err error
		if got, err = findTask(d.t.Context(), d.agent.ledger, id); err != nil {
			d.t.Fatal(err)
		}
	}
}

// ordered is how often each name was ordered.
func (d *taskRig) ordered() string {
	d.vendor.mu.Lock()
	defer d.vendor.mu.Unlock()
	times := map[string]int{}
	for _, o := range d.vendor.orders {
		times[o.Name]++
	}
	var list []string
	for _, name := range sortedKeys(times) {
		list = append(list, fmt.Sprint(name, " ", times[name]))
	}
	return strings.Join(list, ", ")
}

func (d *taskRig) landed(name string, content []byte) bool {
	got, err := os.ReadFile(filepath.Join(d.dir, "back", name))
	return err == nil && bytes.Equal(got, content)
}
