package connectortest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

var replies = []check{
	{"a connection cut on the way leaves nothing", canFail(opDeliver), cutLeavesNothing},
	{"a lost reply is an error and Find knows better", canFail(opDeliver), replyLost(faults.Fault{LoseReply: true})},
	{"a 500 after storing is an error and Find knows better", answersHTTP(opDeliver), replyLost(faults.Fault{FailAfter: 500})},
	{"a Find that cannot look is an error", canFail(opFind), findCannotLook},
}

var statuses = []check{
	{"statuses of an upload mean what they mean everywhere", answersHTTP(opDeliver), uploadStatuses},
	{"statuses of a probe mean what they mean everywhere", answersHTTP(opProbe), probeStatuses},
	{"a 429 says until when", answersHTTP(opDeliver), throttledUntil},
}

func cutLeavesNothing(t *testing.T, r Rig) {
	for _, n := range []int64{-1, 1, photoSize / 2, photoSize - 1} {
		p := newPhoto(r, "0001.jpg", 1)
		r.Faults.Then(r.Ops.Deliver, faults.Fault{Cut: n})
		_, err := r.Out.Deliver(t.Context(), p.Photo, p.open, published)
		wantLater(t, err)
		wantNothing(t, r)
		wantMissing(t, r, p)
	}
	p := newPhoto(r, "0001.jpg", 1)
	deliver(t, r, p)
	wantOnce(t, r, p)
}

func replyLost(f faults.Fault) func(*testing.T, Rig) {
	return func(t *testing.T, r Rig) {
		p := newPhoto(r, "0001.jpg", 1)
		r.Faults.Then(r.Ops.Deliver, f)
		receipt, err := r.Out.Deliver(t.Context(), p.Photo, p.open, published)
		wantLater(t, err)
		if !receipt.Zero() {
			t.Errorf("a receipt without an answer: %+v", receipt)
		}
		p.Published = true
		wantFound(t, r, p)
		wantOnce(t, r, p)
	}
}

func findCannotLook(t *testing.T, r Rig) {
	p := newPhoto(r, "0001.jpg", 1)
	deliver(t, r, p)
	bad := []faults.Fault{{Cut: -1}, {LoseReply: true}}
	if r.HTTP {
		bad = append(bad, faults.Fault{Status: 500}, faults.Fault{Status: 429}, faults.Fault{Status: 403})
	}
	for _, f := range bad {
		r.Faults.Then(r.Ops.Find, f)
		if receipts, err := r.Out.Find(t.Context(), []connectors.Photo{p.Photo}); err == nil {
			t.Errorf("with %+v Find answers %+v, want an error", f, receipts)
		}
		r.Faults.Calm() // a connector that asks in several steps took what it needed
	}
	wantFound(t, r, p)
}

func endsWhileSilent(t *testing.T, r Rig) {
	p := newPhoto(r, "0001.jpg", 1)
	r.Faults.Then(r.Ops.Deliver, faults.Fault{Delay: time.Hour})
	err := within(t, func(ctx context.Context) error {
		_, err := r.Out.Deliver(ctx, p.Photo, p.open, published)
		return err
	}, afterAMoment())
	wantLater(t, err)
	wantNothing(t, r)
}

// afterAMoment gives a request time to reach the remote. Were it too short, the
// test would see less, and still not fail.
func afterAMoment() <-chan struct{} {
	moment := make(chan struct{})
	time.AfterFunc(50*time.Millisecond, func() { close(moment) })
	return moment
}

// A meaning is what a status tells the engine.
type meaning string

const (
	rejected  meaning = "rejected"
	denied    meaning = "denied"
	throttled meaning = "throttled"
	later     meaning = "later"
	success   meaning = "success"
)

func meaningOf(err error) meaning {
	var t *connectors.ThrottledError
	switch {
	case err == nil:
		return success
	case errors.Is(err, connectors.ErrDenied):
		return denied
	case errors.Is(err, connectors.ErrRejected):
		return rejected
	case errors.As(err, &t):
		return throttled
	}
	return later
}

func uploadStatuses(t *testing.T, r Rig) {
	for status, want := range map[int]meaning{
		400: rejected, 401: denied, 403: rejected, 408: later, 413: rejected, 415: rejected, 422: rejected,
		423: throttled, 425: later, 429: throttled, 500: later, 502: later, 504: later,
	} {
		p := newPhoto(r, "0001.jpg", 1)
		r.Faults.Then(r.Ops.Deliver, faults.Fault{Status: status})
		_, err := r.Out.Deliver(t.Context(), p.Photo, p.open, published)
		if got := meaningOf(err); got != want {
			t.Errorf("%d means %s (%v), want %s", status, got, err, want)
		}
		wantNothing(t, r)
	}
	// 503 may or may not say how long; it is nobody's fault either way.
	p := newPhoto(r, "0001.jpg", 1)
	r.Faults.Then(r.Ops.Deliver, faults.Fault{Status: 503})
	_, err := r.Out.Deliver(t.Context(), p.Photo, p.open, published)
	if got := meaningOf(err); got != later && got != throttled {
		t.Errorf("503 means %s (%v), want later or throttled", got, err)
	}
}

func probeStatuses(t *testing.T, r Rig) {
	if err := r.Probe(t.Context()); err != nil {
		t.Fatalf("Probe of a healthy remote: %v", err)
	}
	for status, want := range map[int]meaning{401: denied, 403: denied, 500: later} {
		r.Faults.Then(r.Ops.Probe, faults.Fault{Status: status})
		if err := r.Probe(t.Context()); meaningOf(err) != want {
			t.Errorf("%d means %s (%v), want %s", status, meaningOf(err), err, want)
		}
		r.Faults.Calm()
	}
}

func throttledUntil(t *testing.T, r Rig) {
	p, start := newPhoto(r, "0001.jpg", 1), time.Now()
	r.Faults.Then(r.Ops.Deliver, faults.Fault{Status: 429, RetryAfter: time.Second}, faults.Fault{Status: 423})
	for _, c := range []struct{ least, most time.Duration }{
		{900 * time.Millisecond, 2 * time.Second},
		{299 * time.Second, 301 * time.Second},
	} {
		_, err := r.Out.Deliver(t.Context(), p.Photo, p.open, published)
		var e *connectors.ThrottledError
		if !errors.As(err, &e) {
			t.Fatalf("got %v, want a ThrottledError", err)
		}
		if e.Until.Before(start.Add(c.least)) || e.Until.After(time.Now().Add(c.most)) {
			t.Errorf("wait until %v from the start, want about %v", e.Until.Sub(start), c.least)
		}
	}
}
