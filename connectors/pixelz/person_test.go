package pixelz

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/pixelz/pixelzsim"
)

func TestReject(t *testing.T) {
	w := newWorld(t, how{})
	receipt := w.ordered("a.jpg")
	w.must(w.sim.Produce(receipt.ID))
	rt := w.one()
	err := w.reject(t.Context(), connectors.Refusal{Photo: receipt, Retouch: rt.ID, Comment: " the shadow\nis too hard ", Markup: "http://127.0.0.1:1/marks.png"})
	if err != nil {
		t.Fatal(err)
	}
	o := w.sim.Orders()[0]
	if len(o.Rejections) != 1 || o.Rejections[0] != (pixelzsim.Rejection{Comment: "the shadow\nis too hard", Markup: "http://127.0.0.1:1/marks.png"}) || o.Status != 60 {
		t.Errorf("got %+v", o)
	}
	if now := w.one(); now.Stage != connectors.Working || now.ID == rt.ID {
		t.Errorf("it is listed as %+v", now)
	}
}

func TestWhatCannotBeRejected(t *testing.T) {
	type prepare func(w *world, receipt connectors.Receipt)
	done := func(w *world, receipt connectors.Receipt) { w.must(w.sim.Produce(receipt.ID)); w.pending() }
	tests := map[string]struct {
		sim     pixelzsim.Options
		prepare prepare
		change  func(r *connectors.Refusal)
		want    string // meaning
		says    string
	}{
		"no comment":          {prepare: done, change: func(r *connectors.Refusal) { r.Comment = " \n" }, want: "rejected", says: "say what is wrong"},
		"marks in clear":      {prepare: done, change: func(r *connectors.Refusal) { r.Markup = "marks.png" }, want: "rejected", says: "public https address"},
		"another's retouch":   {prepare: done, change: func(r *connectors.Refusal) { r.Retouch = "12/34" }, want: "rejected", says: "no retouch of a.jpg"},
		"not a retouch":       {prepare: done, change: func(r *connectors.Refusal) { r.Retouch = "x" }, want: "rejected", says: "no retouch"},
		"too early":           {prepare: func(w *world, r connectors.Receipt) { w.must(w.sim.Begin(r.ID)) }, want: "rejected", says: "only what is delivered can be sent back, and at Pixelz it is In production (status 60)"},
		"too early, nameless": {prepare: func(w *world, r connectors.Receipt) { w.must(w.sim.SetStatus(r.ID, 10, "")) }, want: "rejected", says: "at status 10"},
		"an older version": {prepare: func(w *world, r connectors.Receipt) { done(w, r); w.must(w.sim.Begin(r.ID)); w.pending(); done(w, r) },
			want: "rejected", says: "another version has come"},
		"sent back already": {sim: pixelzsim.Options{LazyReject: true}, prepare: func(w *world, r connectors.Receipt) {
			done(w, r)
			w.must(w.reject(w.t.Context(), connectors.Refusal{Photo: r, Retouch: r.ID + "/1", Comment: "x"}))
		}, want: "rejected", says: "sent back already"},
		"gone":             {prepare: func(w *world, r connectors.Receipt) { w.must(w.withdraw(w.t.Context(), r)) }, want: "rejected", says: "does not have order"},
		"too late":         {prepare: func(w *world, r connectors.Receipt) { done(w, r); time.Sleep(31 * 24 * time.Hour) }, want: "rejected", says: "30 days"},
		"cut":              {prepare: func(w *world, r connectors.Receipt) { done(w, r); w.faults.Then("reject", faults.Fault{Cut: -1}) }, want: "later"},
		"Pixelz is silent": {prepare: func(w *world, r connectors.Receipt) { done(w, r); w.faults.Then("image", faults.Fault{Status: 500}) }, want: "later"},
		"no right to look": {prepare: func(w *world, r connectors.Receipt) { done(w, r); w.faults.Then("image", faults.Fault{Status: 403}) }, want: "later"},
	}
	for name, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, how{Options: tt.sim})
			receipt := w.ordered("a.jpg")
			tt.prepare(w, receipt)
			r := connectors.Refusal{Photo: receipt, Retouch: receipt.ID + "/1", Comment: "again, please"}
			if tt.change != nil {
				tt.change(&r)
			}
			before := len(w.sim.Orders()[0].Rejections)
			err := w.reject(t.Context(), r)
			if got := meaning(err); got != tt.want || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s: got %s (%v), want %s that says %q", name, got, err, tt.want, tt.says)
			}
			if now := len(w.sim.Orders()[0].Rejections); now != before {
				t.Errorf("%s: it was sent back", name)
			}
		})
	}
}

// The answer to a rejection was lost: whoever asks again is told that it is done.
func TestARejectionWhoseAnswerWasLost(t *testing.T) {
	w := newWorld(t, how{})
	receipt := w.ordered("a.jpg")
	w.must(w.sim.Produce(receipt.ID))
	r := connectors.Refusal{Photo: receipt, Retouch: w.one().ID, Comment: "again"}
	w.faults.Then("reject", faults.Fault{LoseReply: true})
	if err := w.reject(t.Context(), r); meaning(err) != "later" {
		t.Errorf("got %v", err)
	}
	if err := w.reject(t.Context(), r); meaning(err) != "rejected" {
		t.Errorf("got %v", err)
	}
	if n := len(w.sim.Orders()[0].Rejections); n != 1 {
		t.Errorf("sent back %d times", n)
	}
	if rt := w.one(); rt.ID != receipt.ID+"/2" || rt.Stage != connectors.Working {
		t.Errorf("listed is %+v", rt)
	}
}

func TestWithdraw(t *testing.T) {
	tests := map[string]struct {
		prepare func(w *world, ticket string)
		want    string
		deleted bool
	}{
		"new":           {func(*world, string) {}, "success", true},
		"below 60":      {func(w *world, ticket string) { w.must(w.sim.SetStatus(ticket, 59, "")) }, "success", true},
		"in production": {func(w *world, ticket string) { w.must(w.sim.Begin(ticket)) }, "rejected", false},
		"delivered":     {func(w *world, ticket string) { w.must(w.sim.Produce(ticket)) }, "rejected", false},
		"unknown":       {func(w *world, ticket string) { w.must(w.sim.SetStatus(ticket, 85, "")) }, "rejected", false},
		"failed, and Pixelz does not take it back": {func(w *world, ticket string) { w.must(w.sim.Fail(ticket, "x")) }, "rejected", false},
		"gone":         {func(w *world, ticket string) { w.must(w.withdraw(w.t.Context(), connectors.Receipt{ID: ticket})) }, "success", true},
		"cut":          {func(w *world, ticket string) { w.faults.Then("delete", faults.Fault{Cut: -1}) }, "later", false},
		"answer lost":  {func(w *world, ticket string) { w.faults.Then("delete", faults.Fault{LoseReply: true}) }, "later", true},
		"not found":    {func(w *world, ticket string) { w.faults.Then("delete", faults.Fault{Status: 404}) }, "later", false},
		"cannot look":  {func(w *world, ticket string) { w.faults.Then("image", faults.Fault{Status: 500}) }, "later", false},
		"may not look": {func(w *world, ticket string) { w.faults.Then("image", faults.Fault{Status: 400}) }, "later", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, how{})
			receipt := w.ordered("a.jpg")
			tt.prepare(w, receipt.ID)
			err := w.withdraw(t.Context(), receipt)
			if got := meaning(err); got != tt.want || w.sim.Orders()[0].Deleted != tt.deleted {
				t.Errorf("got %s (%v), deleted %v; want %s, %v", got, err, w.sim.Orders()[0].Deleted, tt.want, tt.deleted)
			}
			w.faults.Calm()
			if tt.deleted {
				if err := w.withdraw(t.Context(), receipt); err != nil {
					t.Errorf("once more: %v", err)
				}
			}
		})
	}
	if err := newWorld(t, how{}).withdraw(t.Context(), connectors.Receipt{ID: "../Images"}); !errors.Is(err, connectors.ErrRejected) {
		t.Errorf("a ticket that leads elsewhere: %v", err)
	}
}
