package creativeforce

import (
	"errors"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

func TestHowRoundsAreCounted(t *testing.T) {
	now := time.Now()
	rejected := func(text string) *task {
		return &task{status: ready, rejected: true, notes: []annotation{{Type: "Rejection", Text: textOf(text)}}, at: now}
	}
	plain := func(s status) *task { return &task{status: s, at: now} }
	sent, taken, long := submission{At: now}, submission{At: now, Done: true}, submission{At: now.Add(-time.Hour), Done: true}
	dark := rejected("dark").mark()
	for name, c := range map[string]struct {
		was       note
		submitted bool
		sent      submission
		is        *task
		want      note
	}{
		"worked on":                       {note{Round: 1}, false, submission{}, plain(progress), note{Round: 1}},
		"in review":                       {note{Round: 1}, true, taken, plain(review), note{Round: 1, Closed: true}},
		"done":                            {note{Round: 2, Rejected: true, Mark: "m"}, true, sent, plain(done), note{Round: 2, Rejected: true, Mark: "m", Closed: true}},
		"first rejection, not seen going": {note{Round: 1}, true, sent, rejected("dark"), note{Round: 2, Rejected: true, Mark: dark}},
		"first rejection of another's":    {note{Round: 1}, false, submission{}, rejected("dark"), note{Round: 2, Rejected: true, Mark: dark}},
		"rejected after review":           {note{Round: 2, Rejected: true, Mark: dark, Closed: true}, true, taken, rejected("dark"), note{Round: 3, Rejected: true, Mark: dark}},
		"rejected anew, not seen going":   {note{Round: 2, Rejected: true, Mark: "old"}, true, sent, rejected("dark"), note{Round: 3, Rejected: true, Mark: dark}},
		"not taken":                       {note{Round: 2, Rejected: true, Mark: dark}, true, sent, rejected("dark"), note{Round: 2, Rejected: true, Mark: dark}},
		"taken, and slow to show":         {note{Round: 2, Rejected: true, Mark: dark}, true, taken, rejected("dark"), note{Round: 2, Rejected: true, Mark: dark}},
		"taken long ago, open again":      {note{Round: 2, Rejected: true, Mark: dark}, true, long, rejected("dark"), note{Round: 3, Rejected: true, Mark: dark}},
		"opened without a rejection":      {note{Round: 1, Closed: true}, true, long, plain(progress), note{Round: 2}},
		"review, and back in a moment":    {note{Round: 1, Closed: true}, true, taken, plain(progress), note{Round: 1, Closed: true}},
		"flags cleared, status late":      {note{Round: 2, Rejected: true, Mark: dark + " flag"}, true, sent, rejected("dark"), note{Round: 2, Rejected: true, Mark: dark + " flag"}},
		"notes amended":                   {note{Round: 2, Rejected: true, Mark: "old"}, false, submission{}, rejected("dark"), note{Round: 2, Rejected: true, Mark: dark}},
		"cancelled":                       {note{Round: 1}, true, sent, plain(cancelled), note{Round: 1}},
		"a strange word":                  {note{Round: 1}, true, sent, plain(strange), note{Round: 1}},
	} {
		got := c.was
		if got.follow(c.is, c.submitted, c.sent); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func textOf(s string) text { return text(s) }

func TestBatchesCanBeReadBack(t *testing.T) {
	for _, k := range []key{{ecommerce, "4c76bb10-d028-4988-b008-01a97c38a232"}, {editorial, "7"}, {ecommerce, "a/b -%"}, {ecommerce, "-1"}, {editorial, "é"}} {
		got, round, ok := parseBatch(k.batch(12))
		if !ok || got != k || round != 12 {
			t.Errorf("%q gave %+v, %d, %v", k.batch(12), got, round, ok)
		}
	}
}

type failingMemory struct{ connectors.Memory }

var errMemory = errors.New("database is locked")

func (failingMemory) Keep(string, string) error     { return errMemory }
func (failingMemory) Recall(string) (string, error) { return "", errMemory }

func TestALedgerThatCannotBeUsedIsTold(t *testing.T) {
	w := newWorld(t, how{})
	w.sim.AddTask(shoe("J", "P"))
	w.account.memory = failingMemory{}
	if _, err := w.Pending(t.Context()); !errors.Is(err, errMemory) {
		t.Errorf("Pending: %v", err)
	}
	if _, err := w.vet(t.Context(), photo("J/P/front.jpg", nil)); !errors.Is(err, errMemory) || errors.Is(err, connectors.ErrRejected) {
		t.Errorf("Vet: %v", err)
	}
	w.account.memory = w.memory
	w.memory.Keep(noteKey(key{ecommerce, "x"}), "{torn")
	if _, err := w.observe(&task{key: key{ecommerce, "x"}}); err == nil {
		t.Error("a torn note was taken for none")
	}
}
