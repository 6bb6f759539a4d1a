package creativeforce

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
)

// Two accounts behind one address share its pace: 10 in a second, of the 20 that
// are allowed.
func TestAllAccountsOfAHostShareItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{Options: creativeforcesim.Options{Rate: 20}, rate: defaultRate})
		for i := range 15 {
			w.sim.AddTask(shoe("J", fmt.Sprint(i)))
		}
		other := w.restart()
		began := time.Now()
		var both sync.WaitGroup
		for _, a := range []*account{w.account, other} {
			both.Go(func() {
				if _, err := a.Pending(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		most, tooMany := w.sim.Busiest()
		if most > defaultRate || tooMany != 0 || most < defaultRate-1 {
			t.Errorf("%d requests in the busiest second and %d too many, want %d and none", most, tooMany, defaultRate)
		}
		t.Logf("%d requests in %v", w.sim.Requests(""), time.Since(began))
	})
}
