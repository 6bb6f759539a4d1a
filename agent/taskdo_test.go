package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// TestATaskFromItsOrderToItsLastRound is the process of a studio manager.
func TestATaskFromItsOrderToItsLastRound(t *testing.T) {
	t.Parallel()
	d := newTaskRig(t, taskRigYAML, "a.jpg", "b.jpg")
	d.want(notDone+`shop has no template "Blue BG"; there are Green BG, White BG`, verbCreate, "account", "shop", "bench", "one", "template", "Blue BG", "names", "a.jpg")
	id := d.create("a.jpg", "b.jpg")
	d.wantTask(id, ledger.AtVendor)
	if o := d.vendor.orders[0]; o.Template != "Green BG" || o.Comment != "no shadow" || o.Role != connectors.Select {
		t.Errorf("ordered %+v", o)
	}

	d.vendor.offer("a.jpg", "-1", connectors.Ready, "")
	d.vendor.offer("b.jpg", "-1", connectors.Failed, "no subject found")
	d.eventually(id, "ready to import error ")
	d.want(notDone+"say what is wrong", verbReject, "task", id, "retouch", d.cameBack(id, "a.jpg"), "comment", " ")
	d.want(notDone+`"javascript:" is no https address`, verbReject, "task", id, "retouch", d.cameBack(id, "a.jpg"), "comment", "x", "markup", "javascript:")
	d.want(notDone+"the vendor gave b.jpg up", verbReject, "task", id, "retouch", d.cameBack(id, "b.jpg"), "comment", "x")
	d.want("a.jpg is sent back to shop: a halo", verbReject, "task", id, "retouch", d.cameBack(id, "a.jpg"), "comment", "a halo", "markup", "https://x/y.png")
	d.eventually(id, "at retouch error ")
	if r := d.vendor.refusals[0]; r.Comment != "a halo" || r.Markup != "https://x/y.png" || r.Photo.ID != "order-"+d.vendor.orders[0].ID && r.Photo.ID != "order-"+d.vendor.orders[1].ID {
		t.Errorf("refused %+v", r)
	}
	if _, err := cameBack(t.Context(), d.agent.ledger, id, "a.jpg"); err == nil || !strings.HasPrefix(err.Error(), "nothing has come back for a.jpg") {
		t.Errorf("sent back a second time: %v", err)
	}
	d.want(notDone+"there is nothing now that could be sent back", verbReject, "task", id, "comment", "x")
	d.want(notDone+"nothing with the ID", verbReject, "task", id, "retouch", "0", "comment", "x")

	d.want("1 picture of task", verbReorder, "task", id, "names", "b.jpg", "comment", "the shoe")
	d.eventually(id, "at retouch at retouch ")
	if got := d.ordered(); got != "a.jpg 1, b.jpg 2" || d.vendor.orders[2].Comment != "the shoe" || d.vendor.orders[2].Template != "Green BG" {
		t.Errorf("ordered %s, the last %+v", got, d.vendor.orders[2])
	}
	d.vendor.offer("a.jpg", "-2", connectors.Ready, "")
	d.vendor.offer("b.jpg", "-1", connectors.Ready, "")
	d.eventually(id, "ready to import ready to import ")
	d.want("1 picture of task", verbImport, "task", id, "names", "a.jpg")
	d.eventually(id, "imported ready to import ")
	d.want("1 picture of task", verbImport, "task", id, "names", "")
	d.wantTask(id, ledger.TaskDone)

	// What was imported is sent back, and comes in again.
	d.want("sent back", verbReject, "task", id, "retouch", d.cameBack(id, "a.jpg"), "comment", "still a halo")
	d.wantTask(id, ledger.AtVendor)
	d.vendor.offer("a.jpg", "-3", connectors.Ready, "")
	d.eventually(id, "ready to import imported ")
	d.want("imported", verbImport, "task", id)
	d.wantTask(id, ledger.TaskDone)
	if !d.landed("a.jpg", retouched("-3")) && !d.landed("a.jpg", retouched(d.vendor.orders[0].ID+"-3")) {
		t.Error("the corrected a.jpg did not replace the one that was sent back")
	}
}

// TestWhatIsAskedTwiceIsDoneOnce: an agent that was killed after it had acted
// finds the request again.
func TestWhatIsAskedTwiceIsDoneOnce(t *testing.T) {
	t.Parallel()
	d := newTaskRig(t, taskRigYAML, "a.jpg", "b.jpg", "c.jpg")
	twice := func(c ledger.Control) {
		t.Helper()
		was, err := d.agent.ledger.Control(t.Context(), c.Seq)
		if err != nil {
			t.Fatal(err)
		}
		if was.Taken.IsZero() { // the answer was lost: the ledger has what was done, or nothing of it
			t.Errorf("%s was done without its answer", c.Verb)
		}
		if got := d.agent.obey(t.Context(), c); got != was.Answer {
			t.Errorf("%s once more: %q, want %q", c.Verb, got, was.Answer)
		}
	}
	c := d.want("1 picture", verbCreate, "account", "shop", "bench", "one", "names", "a.jpg")
	twice(c)
	was, _ := d.agent.ledger.Control(t.Context(), c.Seq)
	id, _, _ := strings.Cut(was.Answer, ":")
	d.eventually(id, "at retouch ")
	twice(c)
	d.vendor.offer("a.jpg", "-1", connectors.Ready, "")
	d.eventually(id, "ready to import ")
	twice(d.want("sent back", verbReject, "task", id, "retouch", d.cameBack(id, "a.jpg"), "comment", "a halo"))
	d.vendor.offer("a.jpg", "-2", connectors.Ready, "")
	d.eventually(id, "ready to import ")
	twice(d.want("imported", verbImport, "task", id))
	d.eventually(id, "imported ")
	again := d.want("ordered again", verbReorder, "task", id, "names", "a.jpg")
	twice(again)
	d.eventually(id, "at retouch ")
	twice(again)
	twice(d.want("written off", verbClose, "task", id, "names", "a.jpg"))
	if got := d.ordered(); got != "a.jpg 2" || len(d.vendor.refusals) != 1 {
		t.Errorf("ordered %s, refused %d times", got, len(d.vendor.refusals))
	}

	// A cancel is written down picture by picture, and goes on where it ended.
	id = d.create("b.jpg", "c.jpg")
	p, err := d.agent.ledger.Pictures(t.Context(), findTaskOf(t, d, id).ID, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	_, connector, _ := d.agent.account("shop")
	if why, err := d.agent.cancelPicture(t.Context(), connector, "shop", p[0]); why != "" || err != nil {
		t.Fatal(why, err)
	}
	c = d.want("2 pictures called off; nothing more is expected of it", verbCancel, "task", id)
	d.wantTask(id, ledger.Cancelled)
	if got := d.agent.obey(t.Context(), c); !strings.Contains(got, "2 pictures called off") || len(d.vendor.withdrawn) != 2 {
		t.Errorf("once more: %q, withdrawn %q", got, d.vendor.withdrawn)
	}
}

func findTaskOf(t *testing.T, d *taskRig, id string) ledger.Task {
	t.Helper()
	task, err := findTask(t.Context(), d.agent.ledger, id)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// TestARefusalWhoseAnswerIsLostWasHeard, whether the agent was killed or the
// connection broke.
func TestARefusalWhoseAnswerIsLostWasHeard(t *testing.T) {
	t.Parallel()
	d := newTaskRig(t, taskRigYAML, "a.jpg")
	id := d.create("a.jpg")
	d.vendor.offer("a.jpg", "-1", connectors.Ready, "")
	d.eventually(id, "ready to import ")
	c := d.sendBackKilled(id, d.cameBack(id, "a.jpg"))
	if got := d.agent.obey(t.Context(), c); got != "a.jpg is sent back to shop: a halo" {
		t.Errorf("at the next start: %q", got)
	}
	d.eventually(id, "at retouch ")
	d.vendor.offer("a.jpg", "-2", connectors.Ready, "")
	d.eventually(id, "ready to import ")
	d.vendor.lost = func() {} // only the answer
	d.want("a.jpg is sent back to shop: still there", verbReject, "task", id, "retouch", d.cameBack(id, "a.jpg"), "comment", "still there")
	d.eventually(id, "at retouch ")
	if len(d.vendor.refusals) != 2 {
		t.Errorf("the vendor was told %d times, want each of the two once", len(d.vendor.refusals))
	}
}

// TestWhatCameSinceIsNotSentBack: a person sends back what was looked at, and not
// what the vendor has made since, even if the agent was killed before it could
// note that the vendor has heard it.
func TestWhatCameSinceIsNotSentBack(t *testing.T) {
	t.Parallel()
	d := newTaskRig(t, taskRigYAML, "a.jpg")
	id := d.create("a.jpg")
	d.vendor.offer("a.jpg", "-1", connectors.Ready, "")
	d.eventually(id, "ready to import ")
	first := d.cameBack(id, "a.jpg")
	c := d.sendBackKilled(id, first)
	d.want(notDone+"say what is wrong", verbReject, "task", id, "retouch", first, "comment", " ")
	d.vendor.offer("a.jpg", "-2", connectors.Ready, "")
	for d.cameBack(id, "a.jpg") == first {
		d.eventually(id, "ready to import ")
	}
	if got := d.agent.obey(t.Context(), c); got != "a.jpg is sent back to shop: a halo" {
		t.Errorf("at the next start: %q", got)
	}
	d.want(notDone+"another version of a.jpg has come back since", verbReject, "task", id, "retouch", first, "comment", "a halo")
	d.eventually(id, "ready to import ")
	if len(d.vendor.refusals) != 1 {
		t.Errorf("the vendor was told %d times", len(d.vendor.refusals))
	}
}

// TestCancelTakesBackWhatCanBe and says what cannot.
func TestCancelTakesBackWhatCanBe(t *testing.T) {
	t.Parallel()
	d := newTaskRig(t, taskRigYAML, "a.jpg", "b.jpg", "c.jpg")
	id := d.create("a.jpg", "b.jpg", "c.jpg")
	d.vendor.offer("a.jpg", "-1", connectors.Ready, "")
	d.vendor.offer("b.jpg", "-1", connectors.Failed, "too dark")
	d.eventually(id, "ready to import error at retouch ")
	d.vendor.late = true
	d.want("1 picture called off; 2 cannot be, and are awaited: a.jpg is retouched, and ready to import; c.jpg cannot be taken back: it is in production", verbCancel, "task", id)
	d.eventually(id, "ready to import written off at retouch ")
	d.wantTask(id, ledger.AtVendor)
	d.want("imported", verbImport, "task", id)
	d.eventually(id, "imported written off at retouch ")
	d.vendor.late = false
	d.want("2 pictures called off, 1 imported before; nothing more is expected of it", verbCancel, "task", id)
	d.wantTask(id, ledger.TaskDone)
	d.want(notDone+"is done already", verbClose, "task", id)

	// One that the vendor refuses is an error, and can be ordered again.
	_, answer := d.ask(verbCreate, "account", "shop", "bench", "one", "comment", "refuse it", "names", "c.jpg")
	id, _, _ = strings.Cut(answer, ":")
	d.eventually(id, "error ")
	d.want("(round 2)", verbReorder, "task", id, "names", "c.jpg", "comment", "now do")
	d.eventually(id, "at retouch ")
	d.wantTask(id, ledger.AtVendor)
	if got := d.ordered(); got != "a.jpg 1, b.jpg 1, c.jpg 2" {
		t.Errorf("ordered %s", got)
	}
	held, err := d.agent.ledger.Parked(t.Context(), 10)
	if err != nil || len(held) != 0 {
		t.Errorf("still held: %+v, %v", held, err)
	}
	d.want(notDone+"is at retouch; if the vendor has lost it", verbReorder, "task", id, "names", "c.jpg")
	d.want("is closed", verbClose, "task", id)
	d.wantTask(id, ledger.Closed)
	d.want("(round 3)", verbReorder, "task", id, "names", "c.jpg", "comment", "again, please")
	d.eventually(id, "at retouch ")
}

// TestWhatWasRetouchedForAnEarlierRoundChangesNothing.
func TestWhatWasRetouchedForAnEarlierRoundChangesNothing(t *testing.T) {
	t.Parallel()
	d := newTaskRig(t, taskRigYAML, "a.jpg")
	id := d.create("a.jpg")
	first := d.vendor.orders[0]
	d.vendor.offer("a.jpg", "-1", connectors.Failed, "too dark")
	d.eventually(id, "error ")
	d.want("ordered again", verbReorder, "task", id, "names", "a.jpg")
	d.eventually(id, "at retouch ")
	d.vendor.mu.Lock() // mended, though nobody wants it any more
	d.vendor.offers = []connectors.Retouch{{ID: first.ID + "-late", Name: "a.jpg", Answers: "order-" + first.ID, Size: -1, Final: true}}
	d.vendor.mu.Unlock()
	until(t, time.Minute, "the late one is offered", func() bool {
		d.eventually(id, "at retouch ")
		offered, err := d.agent.ledger.OfferedTo(t.Context(), "shop", "one")
		return err == nil && len(offered) == 1
	})
	d.vendor.offer("a.jpg", "-2", connectors.Ready, "")
	d.eventually(id, "ready to import ")
}

// TestAnAddressComesFromWhoeverHasThePicture, soon or already.
func TestAnAddressComesFromWhoeverHasThePicture(t *testing.T) {
	t.Parallel()
	d := newTaskRig(t, taskRigYAML, "a.jpg")
	host := connection{Connector: connectors.Connector{Public: func(_ context.Context, r connectors.Receipt) (string, error) { return "https://host/" + r.ID, nil }}}
	made := map[string]connection{"shop": host, "nas": {}, "gs": host, "other": host}
	cfg := d.agent.parts.config()
	if d.agent.public(cfg, "nas", made) != nil || d.agent.public(cfg, "shop", map[string]connection{"shop": host, "nas": {}}) != nil {
		t.Error("there is an address for an account that gives nothing back, or from nobody")
	}
	find := d.agent.public(cfg, "shop", made)
	for _, test := range []struct {
		at    string
		state ledger.State
		want  string // "": no address at all; an error begins with "!"
	}{
		{"nas", ledger.Done, ""}, {"other", ledger.Parked, ""}, {"shop", ledger.Done, ""},
		{"other", ledger.Queued, "!it waits until other has the picture"}, {"gs", ledger.Done, "https://host/gs"}, {"other", ledger.Done, "https://host/gs"},
	} {
		j := ledger.Job{ID: test.at + string(test.state), Account: test.at, Bench: "one", Folder: "/x", Name: "x", Flow: ledger.Out, Kind: ledger.Deliver, Generation: 1,
			State: test.state, Digests: connectors.Digests{SHA256: "aa"}, Receipt: connectors.Receipt{ID: test.at}}
		if err := d.agent.ledger.Accept(time.Now(), ledger.Acceptance{Jobs: []ledger.Job{j}}); err != nil {
			t.Fatal(err)
		}
		address, err := find(t.Context(), ledger.Job{Bench: "one", Digests: connectors.Digests{SHA256: "aa"}})
		got := ""
		if err != nil {
			t.Fatal(err)
		} else if address != nil {
			if got, err = address(t.Context()); err != nil {
				got = "!" + err.Error()
			}
		}
		if got != test.want && (test.want == "" || !strings.HasPrefix(got, test.want)) {
			t.Errorf("with %s at %s: %q, want %q", test.state, test.at, got, test.want)
		}
	}
	if none, err := find(t.Context(), ledger.Job{Bench: "one"}); none != nil || err != nil {
		t.Errorf("of a content that nobody knows: %v", err)
	}
}

func TestDeadlines(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"": "", "48h": "2026-11-24T12:00:00Z", "2026-11-25": "2026-11-25T23:59:00Z", "2026-11-22": "2026-11-22T23:59:00Z", "2026-11-25 18:00": "2026-11-25T18:00:00Z",
		"2026-11-25T18:00:00+01:00": "2026-11-25T18:00:00+01:00", "2026-11-21": "!has passed", "-2h": "!is no deadline", "tomorrow": "!is no deadline",
	} {
		got, err := deadline(now, text)
		if why, bad := strings.CutPrefix(want, "!"); bad && (err == nil || !strings.Contains(err.Error(), why)) || !bad && (err != nil || got != want) {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
}

// TestNobodyWaitsForAVendorToPause.
func TestNobodyWaitsForAVendorToPause(t *testing.T) {
	t.Parallel()
	d := newTaskRig(t, taskRigYAML, "a.jpg")
	id := d.create("a.jpg")
	d.vendor.slow = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, len(lanes))
	for _, lane := range lanes {
		go func() { done <- d.agent.takeControls(ctx, lane) }()
	}
	cancelled, err := d.agent.ledger.Ask(verbCancel, map[string]string{"task": id})
	if err != nil {
		t.Fatal(err)
	}
	paused, err := d.agent.ledger.Ask(verbPause, map[string]string{"account": "shop"})
	if err != nil {
		t.Fatal(err)
	}
	answered := func(seq int64) func() bool {
		return func() bool {
			c, err := d.agent.ledger.Control(ctx, seq)
			return err == nil && !c.Taken.IsZero()
		}
	}
	until(t, time.Minute, "the pause is answered", answered(paused))
	if answered(cancelled)() {
		t.Error("the vendor has answered already")
	}
	close(d.vendor.slow)
	until(t, time.Minute, "the cancel is answered", answered(cancelled))
	cancel()
	for range lanes {
		<-done
	}
}

// TestOfTwoBenchesAndFolders a person must say which is meant.
func TestOfTwoBenchesAndFolders(t *testing.T) {
	t.Parallel()
	d := newTaskRig(t, strings.Replace(taskRigYAML, "    imports:", "    selects: {folder: selects, to: [nas]}\n    imports:", 1), "a.jpg", "look1/b.jpg", "look2/b.jpg")
	content, err := os.ReadFile(filepath.Join(d.dir, "captures", "a.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	writeBelow(t, filepath.Join(d.dir, "selects"), "a.jpg", content)
	create := func(want string, names ...string) {
		t.Helper()
		d.want(want, verbCreate, "account", "shop", "bench", "one", "names", strings.Join(names, "\n"))
	}
	create(notDone+"a.jpg lies in "+filepath.Join(d.dir, "captures")+" and in "+filepath.Join(d.dir, "selects")+"; give its whole path", "a.jpg")
	create(notDone+"../agent.yaml leaves the bench's folders", "../agent.yaml")
	create(notDone+"there is no nothing.jpg in the captures or selects folder of bench one", "nothing.jpg", "look1/b.jpg")
	create(notDone+"never.jpg is not in ", filepath.Join(d.dir, "captures", "never.jpg"))
	if tasks, err := d.agent.ledger.Tasks(t.Context(), "", true); err != nil || len(tasks) != 0 {
		t.Fatalf("tasks %+v, %v", tasks, err)
	}
	id := d.create(filepath.Join(d.dir, "captures", "a.jpg"), "look1/b.jpg", "look2/b.jpg")
	d.want(notDone+"2 pictures of the task are named b.jpg; say which: ", verbClose, "task", id, "names", "b.jpg")
	d.want("2 pictures of task", verbClose, "task", id, "names", "look2/b.jpg\n"+filepath.Join(d.dir, "captures", "look1", "b.jpg"))
	d.eventually(id, "at retouch written off written off ")
}
