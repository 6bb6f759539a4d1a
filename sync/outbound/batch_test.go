package outbound

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
)

func (r *rig) files(names ...string) (all []watch.File) {
	for _, name := range names {
		all = append(all, file(r.t, r.hot, name))
	}
	return all
}

func TestFilesThatComeTogetherAreEnteredTogetherAndEachAnswered(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		var names []string
		for i := range 50 {
			names = append(names, fmt.Sprintf("%02d.jpg", i))
			r.write(names[i], fmt.Sprint("content ", i))
		}
		all := r.files(names...)
		must(t, os.Remove(all[7].Path))
		for i, err := range r.enq.Emit(t.Context(), all) {
			if (err != nil) != (i == 7) {
				t.Errorf("%s: %v", names[i], err)
			}
		}
		r.start()
		pass(time.Minute)
		for i, name := range names {
			if i != 7 {
				r.wantState(name, ledger.Done)
			}
		}
		if jobs := r.jobs(names[7]); len(jobs) != 0 {
			t.Errorf("a file that is gone has %d jobs", len(jobs))
		}
	})
}

func TestWhatDependsOnAnotherOfABatchSeesIt(t *testing.T) {
	for _, tt := range []struct {
		name        string
		first, next string
		jobs        int
		state       ledger.State // of next
	}{
		{"the same name twice", "a.jpg", "a.jpg", 1, ledger.Queued},
		{"accents spelled differently", "e\u0301.jpg", "\u00e9.jpg", 1, ledger.Parked},
		{"same content", "a.jpg", "b.jpg", 1, ledger.Queued},
	} {
		inBubbleNamed(t, tt.name, func(t *testing.T, r *rig) {
			r.enq.Role, r.enq.Targets = connectors.Capture, []Target{{Account: "gs"}}
			r.write(tt.first, "content")
			if tt.next != tt.first {
				r.write(tt.next, "content")
			}
			for _, err := range r.enq.Emit(t.Context(), r.files(tt.first, tt.next)) {
				must(t, err)
			}
			if jobs := r.jobs(tt.next); len(jobs) != tt.jobs || jobs[0].State != tt.state {
				t.Errorf("jobs %+v, want %d that is %s", jobs, tt.jobs, tt.state)
			}
		})
	}
}
