package memory_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
)

func photo(name, content string) (connectors.Photo, func() (io.ReadCloser, error)) {
	p := connectors.Photo{ID: "id-of-" + name, Name: name, Size: int64(len(content)), ModTime: time.Unix(1, 0)}
	return p, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }
}

func nothing() error { return nil }

func find(t *testing.T, c connectors.Connector, p connectors.Photo) connectors.Receipt {
	t.Helper()
	receipts, err := c.Out.Find(t.Context(), []connectors.Photo{p})
	if err != nil {
		t.Fatal(err)
	}
	return receipts[0]
}

func TestAPlatformConfirmsAfterItsLagAndKeepsForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := memory.New(nil)
		r.Platform, r.Lag, r.Keep = true, 10*time.Second, time.Minute
		c := r.Connector()
		p, open := photo("0001.jpg", "picture")
		receipt, err := c.Out.Deliver(t.Context(), p, open, nothing)
		if err != nil || receipt.Verified {
			t.Fatalf("Deliver gave %+v, %v; want an unverified receipt", receipt, err)
		}
		p.Published = true
		for _, step := range []struct {
			after time.Duration
			want  bool
		}{{0, false}, {9 * time.Second, false}, {time.Second, true}, {59 * time.Second, true}, {time.Second, false}} {
			time.Sleep(step.after)
			if found := find(t, c, p); found.Zero() == step.want || found.Verified != step.want {
				t.Errorf("after %v more: %+v, want found %v", step.after, found, step.want)
			}
		}
		if n := len(r.Files()); n != 0 {
			t.Errorf("%d files are left", n)
		}
	})
}

func TestDelaysPassInABubbleAndEndWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := faults.NewPlan(1)
		c := memory.New(plan).Connector()
		plan.Then("*", faults.Fault{Delay: time.Hour}, faults.Fault{Delay: time.Hour})
		start := time.Now()
		if err := c.Probe(t.Context()); err != nil || time.Since(start) != time.Hour {
			t.Errorf("Probe gave %v after %v, want nil after 1h", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start = time.Now()
		if err := c.Probe(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("Probe gave %v after %v, want its deadline after 1m", err, time.Since(start))
		}
	})
}

func TestDeliveriesShowADuplicateThatFilesHides(t *testing.T) {
	r := memory.New(nil)
	c := r.Connector()
	p, open := photo("0001.jpg", "picture")
	for range 2 {
		if _, err := c.Out.Deliver(t.Context(), p, open, nothing); err != nil {
			t.Fatal(err)
		}
		r.Take(p.Name) // an engine that sends again what was picked up
	}
	if got := r.Deliveries(p.Name); len(got) != 2 || got[0].SHA256 != got[1].SHA256 || got[0].Photo.ID != p.ID {
		t.Errorf("deliveries %+v, want two of the same content", got)
	}
}

func TestAStrangerBetweenPublishAndTheNameWins(t *testing.T) {
	r := memory.New(nil)
	c := r.Connector()
	p, open := photo("0001.jpg", "ours")
	_, err := c.Out.Deliver(t.Context(), p, open, func() error { r.Put(p.Name, []byte("theirs")); return nil })
	if !errors.Is(err, connectors.ErrRejected) {
		t.Errorf("got %v, want a refusal", err)
	}
	if got := r.Files()[p.Name]; string(got) != "theirs" {
		t.Errorf("there is %q, want theirs", got)
	}
	r.Take(p.Name)
	p.Published = true
	if found := find(t, c, p); !found.Zero() {
		t.Errorf("Find takes our photo for picked up: %+v", found)
	}
}

func TestMarksAreKeptAndBelongToAPhotoThatIsThere(t *testing.T) {
	r := memory.New(nil)
	c := r.Connector()
	p, open := photo("0001.jpg", "picture")
	receipt, err := c.Out.Deliver(t.Context(), p, open, nothing)
	if err != nil {
		t.Fatal(err)
	}
	for _, rating := range []int{3, 5} {
		p.Rating = rating
		if err := c.Mark(t.Context(), p, receipt); err != nil {
			t.Fatal(err)
		}
	}
	if marks := r.Marks()[p.Name]; len(marks) != 2 || marks[1].Rating != 5 {
		t.Errorf("marks %+v, want ratings 3 and 5", marks)
	}
	r.Take(p.Name)
	if err := c.Mark(t.Context(), p, receipt); !errors.Is(err, connectors.ErrRejected) {
		t.Errorf("a mark on nothing: %v, want a refusal", err)
	}
}

func TestOffersKeepTheirOrderAndCountAcknowledgements(t *testing.T) {
	r := memory.New(nil)
	in := r.Connector().In
	r.Offer(connectors.Retouch{ID: "7", Name: "b.jpg", Stage: connectors.Working, Size: -1}, nil)
	r.Return("a.jpg", []byte("retouched"))
	r.Offer(connectors.Retouch{ID: "7", Name: "b.jpg", Batch: "task"}, []byte("done"))
	list, err := in.Pending(t.Context())
	if err != nil || len(list) != 2 || list[0].ID != "7" || list[0].Stage != connectors.Ready || list[0].Size != 4 {
		t.Fatalf("Pending gave %+v, %v", list, err)
	}
	var got bytes.Buffer
	if err := in.Fetch(t.Context(), list[1], &got); err != nil || got.String() != "retouched" {
		t.Errorf("fetched %q, %v", got.String(), err)
	}
	for range 2 {
		if err := in.Acknowledge(t.Context(), list[:1]); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.Acknowledged("7"); n != 2 {
		t.Errorf("acknowledged %d times, want 2", n)
	}
	r.Withdraw("b.jpg")
	if list, _ := in.Pending(t.Context()); len(list) != 1 || list[0].Name != "a.jpg" {
		t.Errorf("after Withdraw there is %+v", list)
	}
}

func TestMirrorsOutLieBelowTheirRemoteFolder(t *testing.T) {
	r := memory.New(nil)
	c := r.Connector()
	receipts := map[string]connectors.Receipt{}
	for _, remote := range []string{"", "/put", "/edit"} {
		p, open := photo("a/0001.jpg", "picture for "+remote)
		p.Role, p.Remote = connectors.Mirror, remote
		receipt, err := c.Out.Deliver(t.Context(), p, open, nothing)
		if err != nil {
			t.Fatal(err)
		}
		if found := find(t, c, p); found != receipt {
			t.Errorf("%q: Find gives %+v, Deliver gave %+v", remote, found, receipt)
		}
		receipts[receipt.Name] = receipt
	}
	for _, name := range []string{"a/0001.jpg", "/put/a/0001.jpg", "/edit/a/0001.jpg"} {
		if _, ok := receipts[name]; !ok || r.Files()[name] == nil || len(r.Deliveries(name)) != 1 {
			t.Errorf("nothing was delivered once to %s: %v", name, r.Files())
		}
	}
	p, open := photo("0001.jpg", "ours")
	p.Remote = "/put"
	r.Put("/put/0001.jpg", []byte("theirs"))
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); !errors.Is(err, connectors.ErrRejected) {
		t.Errorf("somebody else's in the mirror: got %v, want a refusal", err)
	}
}

func TestMirrorsInKeepTheirFolders(t *testing.T) {
	r := memory.New(nil)
	in := r.Connector().In
	content := []byte("retouched")
	r.Offer(connectors.Retouch{Remote: "/get", Name: "0001.jpg"}, content)
	r.Offer(connectors.Retouch{Remote: "/get", Name: "0001.jpg", Rejected: true, ID: "again"}, content)
	r.Offer(connectors.Retouch{Remote: "/other", Name: "0001.jpg"}, content)
	r.Return("0001.jpg", content)
	list, err := in.Pending(t.Context())
	if err != nil || len(list) != 4 || list[0].Remote != "/get" || !list[1].Rejected || list[2].Remote != "/other" {
		t.Fatalf("Pending gave %+v, %v", list, err)
	}
	r.Withdraw("/get/0001.jpg")
	if list, _ := in.Pending(t.Context()); len(list) != 2 || list[0].Remote != "/other" || list[1].Remote != "" {
		t.Errorf("after Withdraw there is %+v", list)
	}
}

func TestABatchIsSubmittedOnceItLacksNothing(t *testing.T) {
	plan := faults.NewPlan(1)
	r := memory.New(plan)
	if r.Connector().Commit != nil {
		t.Error("a remote without batches has a Commit")
	}
	r.Missing = func(_ string, delivered []connectors.Receipt) []string {
		return []string{"a.jpg", "b.jpg"}[len(delivered):]
	}
	commit := r.Connector().Commit
	a, b := connectors.Receipt{ID: "1", Name: "a.jpg"}, connectors.Receipt{ID: "2", Name: "b.jpg"}
	published := 0
	publish := func() error { published++; return nil }

	var incomplete *connectors.IncompleteError
	if err := commit(t.Context(), "task", []connectors.Receipt{a}, publish); !errors.As(err, &incomplete) || len(incomplete.Missing) != 1 {
		t.Errorf("half a batch: got %v, want that b.jpg is missing", err)
	}
	plan.Then(memory.OpCommit, faults.Fault{Status: 500}, faults.Fault{LoseReply: true})
	for _, want := range []int{0, 1, 1} { // refused, submitted with its answer lost, asked again
		err := commit(t.Context(), "task", []connectors.Receipt{a, b}, publish)
		if got := len(r.Submissions()); got != want {
			t.Errorf("submitted %d times, want %d (%v)", got, want, err)
		}
	}
	if published != 2 {
		t.Errorf("published %d times, want 2", published)
	}
	if s := r.Submissions()[0]; s.Batch != "task" || len(s.Receipts) != 2 || s.Receipts[1] != b {
		t.Errorf("submitted %+v", s)
	}
	full := errors.New("the ledger's disk is full")
	if err := commit(t.Context(), "other", []connectors.Receipt{a, b}, func() error { return full }); !errors.Is(err, full) || len(r.Submissions()) != 1 {
		t.Errorf("got %v, want publish's own error and nothing submitted", err)
	}
}
