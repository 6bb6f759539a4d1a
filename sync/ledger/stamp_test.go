package ledger

import (
	"testing"
	"time"
)

func TestTheStampChangesWithWhatHappensAndOnlyThen(t *testing.T) {
	l := openNew(t)
	stamp := func() string {
		t.Helper()
		s, err := l.Stamp(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := stamp()
	if again := stamp(); again != before {
		t.Errorf("nothing happened, and %q became %q", before, again)
	}
	seq, err := l.Ask("pause", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []func() error{
		func() error { return l.Beat(time.Now(), []byte("{}")) },
		func() error { return l.Answer(seq, "paused") },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if after := stamp(); after == before {
			t.Errorf("the stamp is still %q", after)
		} else {
			before = after
		}
	}
}
