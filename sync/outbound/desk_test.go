package outbound

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestADeskClaimsMoreWhileItIsWorkedOffInAMoment(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		for i := range 60 {
			r.drop(fmt.Sprintf("%d.jpg", i), fmt.Sprint("content ", i))
		}
		d := newDesk(100, 0)
		var left []int
		for range 31 {
			_, err := d.next(t.Context(), r.ledger, "gs")
			must(t, err)
			left = append(left, len(d.jobs))
		}
		if want := []int{0, 1, 0, 3, 2, 1, 0, 7}; fmt.Sprint(left[:8]) != fmt.Sprint(want) || left[15] != deskMost-1 || left[30] != 0 {
			t.Errorf("left on the desk: %v, want %v and so on, up to %d", left, want, deskMost)
		}
		time.Sleep(2 * deskQuick)
		if _, err := d.next(t.Context(), r.ledger, "gs"); err != nil || len(d.jobs) != 0 {
			t.Errorf("after a slow one %d more were claimed, %v", len(d.jobs), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := d.next(ctx, r.ledger, "gs"); !errors.Is(err, context.Canceled) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// TestACrowdOnlyWhileEachTakesAMoment: a select need not wait behind more large
// files than go at a time; small ones may share what there is.
func TestACrowdOnlyWhileEachTakesAMoment(t *testing.T) {
	for _, test := range []struct {
		name          string
		takes         time.Duration
		atOnce, place int // deliveries at a time, and the select's place among all
	}{
		{"each takes a moment", crowdTime / 10, 6, 0},
		{"each takes its time", 10 * crowdTime, 2, 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.sender.Connector.Workers, r.sender.Connector.Crowd = 2, 6
				tap := r.tap()
				var mu sync.Mutex
				now, most := 0, 0
				tap.onDeliver = func(connectors.Photo) error {
					mu.Lock()
					now++
					most = max(most, now)
					mu.Unlock()
					time.Sleep(test.takes)
					mu.Lock()
					now--
					mu.Unlock()
					return nil
				}
				for i := range 40 {
					r.drop(fmt.Sprintf("%02d.jpg", i), fmt.Sprint("content ", i))
				}
				selects := r.enqueuer(r.mkdir("selects"), connectors.Select)
				selects.Targets[0].Marks = false
				r.start()
				pass(15 * crowdTime) // two have come back, and two are under way
				writeAt(t, selects.Folder+"/select.jpg", "select", time.Now())
				must(t, emit(t.Context(), selects, file(t, selects.Folder, "select.jpg")))
				pass(time.Hour)
				if most != test.atOnce {
					t.Errorf("%d at a time, want %d", most, test.atOnce)
				}
				if place := slices.Index(strings.Fields(tap.order()), "select.jpg") + 1; test.place > 0 && place != test.place {
					t.Errorf("the select was number %d of %s, want %d", place, tap.order(), test.place)
				}
			})
		})
	}
}

func TestWhatWasClaimedAndNotBegunIsGivenBackAtTheEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.sender.Connector.Workers = 1
		tap := r.tap()
		begun := 0
		tap.onDeliver = func(connectors.Photo) error {
			if begun++; begun == 5 { // of the four that were claimed at once, the second
				time.Sleep(time.Second)
			}
			return nil
		}
		for i := range 20 {
			r.drop(fmt.Sprintf("%d.jpg", i), fmt.Sprint("content ", i))
		}
		r.start()
		pass(500 * time.Millisecond)
		r.stop()
		done := 0
		for i := range 20 {
			switch j := r.job(fmt.Sprintf("%d.jpg", i)); {
			case j.State == ledger.Done:
				done++
			case j.State != ledger.Queued || j.Published:
				t.Errorf("%s is %s after the end", j.Name, j.State)
			}
		}
		if done != 5 {
			t.Errorf("%d are done, want the 5 that were begun", done)
		}
	})
}
