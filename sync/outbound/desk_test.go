package outbound

import (
	"context"
	"errors"
	"fmt"
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
		d := newDesk()
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
