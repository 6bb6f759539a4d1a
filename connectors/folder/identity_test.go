package folder

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

func TestMayShow(t *testing.T) {
	for _, c := range []struct {
		shown time.Time
		want  bool
	}{
		{shot, true},
		{shot.Truncate(time.Microsecond), true},
		{shot.Truncate(time.Millisecond), true},
		{shot.Truncate(10 * time.Millisecond), true},
		{shot.Truncate(10 * time.Millisecond).Add(10 * time.Millisecond), true},
		{shot.Truncate(time.Second), true},
		{shot.Truncate(time.Second).Add(time.Second), true},
		{shot.Truncate(2 * time.Second), true},
		{shot.Truncate(2 * time.Second).Add(2 * time.Second), true},
		{shot.Add(100), false},
		{shot.Add(-100), false},
		{shot.Add(-time.Second), false},
		{shot.Truncate(time.Second).Add(-2 * time.Second), false},
		{shot.Truncate(time.Second).Add(2 * time.Second), false},
		{shot.Add(time.Hour), false},
	} {
		if got := mayShow(c.shown, shot); got != c.want {
			t.Errorf("told %v, shows %v: %v", shot, c.shown, got)
		}
	}
	if whole := shot.Truncate(2 * time.Second); mayShow(whole.Add(2*time.Second), whole) || mayShow(whole.Add(time.Second), whole) {
		t.Error("a time that every folder can keep is rounded")
	}
}

// A share shows at first what it was told, and later what its disk could keep.
func TestOurFileIsKnownAgainWhateverTheShareKeepsOfItsTime(t *testing.T) {
	for grain, ours := range map[time.Duration]bool{100: true, time.Second: true, 2 * time.Second: true, 10 * time.Second: false} {
		dir := t.TempDir()
		c := connect(t, options{Put: dir})
		p, open := photo("0001.jpg", "picture")
		receipt, err := c.Out.Deliver(t.Context(), p, open, nothing)
		if err != nil {
			t.Fatal(err)
		}
		kept := shot.Truncate(grain)
		if err := os.Chtimes(filepath.Join(dir, "0001.jpg"), kept, kept); err != nil {
			t.Fatal(err)
		}
		if receipt, err := c.Out.Deliver(t.Context(), p, open, nothing); err != nil || receipt.Zero() {
			t.Errorf("%v: the same again: %v, %v", grain, receipt, err)
		}
		p, open = photo("0001.jpg", "another")
		p.Replaces, p.Generation = receipt, 2
		_, err = c.Out.Deliver(t.Context(), p, open, nothing)
		if ours && err != nil || !ours && !errors.Is(err, connectors.ErrRejected) {
			t.Errorf("kept to %v, the next generation gets %v", grain, err)
		}
	}
}

func TestStillIsNeedsAReceiptOfAFile(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), nil)
	info, err := os.Stat(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{identity(info): true, "": false, takenID: false, "0": false, "0-": false, "1" + identity(info): false} {
		if got := stillIs(info, connectors.Receipt{ID: id}); got != want {
			t.Errorf("%q: %v, want %v", id, got, want)
		}
	}
}
