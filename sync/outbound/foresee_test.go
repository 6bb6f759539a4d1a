package outbound

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// foresee tells a file's fate, and checks that telling it changed nothing.
func foresee(t *testing.T, e *Enqueuer, name string) (fate string, goes bool) {
	t.Helper()
	f := file(t, e.Folder, name)
	var before int
	if e.Ledger != nil {
		jobs, err := e.Ledger.Jobs(t.Context(), e.Folder, name)
		must(t, err)
		before = len(jobs)
	}
	fate, goes, err := e.Foresee(t.Context(), f)
	must(t, err)
	if e.Ledger != nil {
		jobs, err := e.Ledger.Jobs(t.Context(), e.Folder, name)
		must(t, err)
		if len(jobs) != before {
			t.Errorf("foreseeing the fate of %s made %d jobs", name, len(jobs)-before)
		}
	}
	return fate, goes
}

func TestWhatIsForeseenHappens(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		x := &examiner{}
		r.enq.Targets[0].Vet = x.vet
		check := func(name, want string, goes bool) {
			t.Helper()
			fate, will := foresee(t, r.enq, name)
			if !strings.Contains(fate, want) || will != goes {
				t.Errorf("%s: %q, goes %v; want %q, %v", name, fate, will, want, goes)
			}
			before := len(r.remote.Deliveries(name))
			r.emit(name)
			pass(time.Minute)
			if sent := len(r.remote.Deliveries(name)) > before; sent != goes {
				t.Errorf("%s: %q was foreseen, but sent: %v", name, fate, sent)
			}
		}
		r.drop("first.jpg", "enters the folder")
		r.start()
		pass(time.Minute)

		r.write("a.jpg", "A")
		check("a.jpg", "would be sent to gs", true)
		check("a.jpg", "is at gs already", false)
		must(t, os.Chtimes(r.hot+"/a.jpg", time.Now(), time.Now()))
		check("a.jpg", "only its times have changed", false)
		r.write("a.jpg", "new content")
		check("a.jpg", "as a new version", true)
		r.rename("a.jpg", "b.jpg")
		check("b.jpg", "renamed from a.jpg", false)
		check("b.jpg", "nothing to send to gs", false)
		r.write("typo.jpg", "typo")
		x.say("", connectors.Rejected("no such reference"))
		check("typo.jpg", "would be held, not sent to gs: no such reference", false)
		check("typo.jpg", "is not sent to gs: no such reference", false)
		x.say("", nil)
		r.stop()

		r.drop("open.jpg", "on its way")
		if fate, goes := foresee(t, r.enq, "open.jpg"); fate != "is on its way to gs" || !goes {
			t.Errorf("queued: %q, %v", fate, goes)
		}
		must(t, os.Rename(r.hot+"/open.jpg", r.hot+"/renamed.jpg"))
		if fate, goes := foresee(t, r.enq, "renamed.jpg"); fate != "would be sent to gs" || !goes {
			t.Errorf("renamed while queued: %q, %v", fate, goes)
		}
		if n := r.log.count("held"); n != 1 {
			t.Errorf("%d log lines that a photo is held, want 1: plans hold nothing", n)
		}
	})
}

func TestTheFateOfASelect(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		selects := withSelects(r)
		r.drop("a.jpg", "A")
		writeAt(t, filepath.Join(selects.Folder, "a.jpg"), "A", time.Now())
		if fate, goes := foresee(t, selects, "a.jpg"); fate != "would be marked as selected at gs" || !goes {
			t.Errorf("a capture's copy: %q, %v", fate, goes)
		}
		writeAt(t, filepath.Join(selects.Folder, "b.jpg"), "B", time.Now())
		if fate, goes := foresee(t, selects, "b.jpg"); !strings.HasPrefix(fate, "would be sent to gs") || !goes {
			t.Errorf("a photo of its own: %q, %v", fate, goes)
		}
	})
}

func TestForeseeingWithoutALedgerOrBeforeTheFirstSight(t *testing.T) {
	tests := []struct {
		first FirstSight
		want  string
		goes  bool
	}{
		{FirstSight{}, "would be sent to gs", true},
		{FirstSight{Ignore: true}, "left alone", false},
		{FirstSight{Since: since}, "left alone", false},
		{FirstSight{Since: long}, "would be sent to gs", true},
	}
	inBubble(t, func(t *testing.T, r *rig) {
		lies(r, long, "a.jpg")
		for _, with := range []*ledger.Ledger{r.ledger, nil} {
			for _, tc := range tests {
				r.enq.Ledger, r.enq.First = with, tc.first
				if fate, goes := foresee(t, r.enq, "a.jpg"); !strings.HasPrefix(fate, tc.want) || goes != tc.goes {
					t.Errorf("%+v: %q, %v; want %q, %v", tc.first, fate, goes, tc.want, tc.goes)
				}
			}
			r.enq.Ledger, r.enq.First = with, FirstSight{HoldFiles: 3, HoldBytes: 100}
			for files, want := range map[int]string{3: "", 4: "4 files (50 B)"} {
				if got := r.enq.Brake(t.Context(), files, 50); !strings.HasPrefix(got, want) || want == "" && got != "" {
					t.Errorf("brake for %d files: %q, want %q", files, got, want)
				}
			}
		}
	})
}

func TestTheBrakeOfAFolderThatWasMetIsWhatItIsHeldFor(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.enq.First.HoldFiles = 0
		lies(r, long, "a.jpg")
		wantLater(t, r.enq, "a.jpg", "release")
		if got := r.enq.Brake(t.Context(), 0, 0); !strings.HasPrefix(got, "1 files") {
			t.Errorf("held: %q", got)
		}
		_, err := Release(t.Context(), r.ledger, "bench", []string{r.hot})
		must(t, err)
		if got := r.enq.Brake(t.Context(), 1000, 1000); got != "" {
			t.Errorf("released: %q", got)
		}
	})
}

func TestWhatAnAccountShouldHave(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		expected := func(e *Enqueuer, name string) connectors.Photo {
			t.Helper()
			p, wanted, err := e.Expected(t.Context(), "gs", file(t, e.Folder, name))
			must(t, err)
			if !wanted {
				t.Errorf("%s is not wanted", name)
			}
			return p
		}
		selects := withSelects(r)
		r.drop("a.jpg", "A")
		r.start()
		pass(time.Minute)
		if p := expected(r.enq, "a.jpg"); p.Name != "a.jpg" || p.Digests.SHA256 != sha("A") {
			t.Errorf("delivered: %+v", p)
		}
		pick(t, r, selects, "a.jpg", false)
		if p := expected(selects, "a.jpg"); p.ID != r.job("a.jpg").ID {
			t.Errorf("a select is expected as %+v, want as the capture", p)
		}
		r.rename("a.jpg", "b.jpg")
		r.emit("b.jpg")
		if p := expected(r.enq, "b.jpg"); p.Name != "a.jpg" {
			t.Errorf("renamed: expected as %s, want as it was sent, a.jpg", p.Name)
		}
		must(t, os.Chtimes(r.hot+"/b.jpg", time.Now(), time.Now()))
		if p := expected(r.enq, "b.jpg"); p.Name != "a.jpg" {
			t.Errorf("touched: expected as %s", p.Name)
		}
		r.write("new.jpg", "never emitted")
		if p := expected(r.enq, "new.jpg"); p.Name != "new.jpg" || p.Digests.SHA256 != sha("never emitted") {
			t.Errorf("not yet seen: %+v", p)
		}
		must(t, r.ledger.Accept(time.Now(), ledger.Acceptance{Files: []ledger.File{{Folder: r.hot, Name: "new.jpg"}}}))
		if _, wanted, err := r.enq.Expected(t.Context(), "gs", file(t, r.hot, "new.jpg")); wanted || err != nil {
			t.Errorf("left alone: wanted %v, %v", wanted, err)
		}
	})
}
