package grandshooting

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

// Two accounts with one token upload 60 photos: the platform counts whole
// sliding seconds, refuses nothing, and is used to at least 95 %.
func TestTwoAccountsShareOneRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{rate: 5, Options: grandshootingsim.Options{Rate: 5, ExactWindow: true}})
		other := w.newAccount(5, "production: Autumn 2026")
		const n = 60
		var jobs sync.WaitGroup
		begin := time.Now()
		for i := range n {
			a := w.account
			if i%2 == 1 {
				a = other
			}
			jobs.Go(func() {
				content := fmt.Appendf(nil, "photo %d", i)
				if _, err := a.Deliver(t.Context(), photo(fmt.Sprintf("%03d.jpg", i), content), opener(content), published); err != nil {
					t.Error(err)
				}
			})
		}
		jobs.Wait()
		requests := w.sim.Requests("")
		if took := time.Since(begin); float64(requests-1)/took.Seconds() < 0.95*5 {
			t.Errorf("%d requests in %v: less than 95 %% of 5 a second", requests, took)
		}
		if requests != n+2 || w.sim.TooMany() != 0 || w.sim.Busiest() > 5 || w.sim.Widest() > 5 {
			t.Errorf("%d requests, %d refused, at most %d in a second and %d at once; want %d, 0, 5, 5",
				requests, w.sim.TooMany(), w.sim.Busiest(), w.sim.Widest(), n+2)
		}
		if len(w.sim.Pictures()) != n || len(w.sim.Duplicates()) != 0 {
			t.Errorf("%d pictures, %d duplicates; want %d and 0", len(w.sim.Pictures()), len(w.sim.Duplicates()), n)
		}
	})
}

func TestA429PausesTheKeyForAllAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{rate: 5, Options: grandshootingsim.Options{Rate: 5, ExactWindow: true}})
		other := w.newAccount(5, "production: Autumn 2026")
		w.mustDeliver("1.jpg", []byte("1"))
		w.faults.Then("upload", faults.Fault{Status: 429, RetryAfter: 20 * time.Second})
		if _, err := w.deliver(t.Context(), photo("2.jpg", []byte("2")), []byte("2")); err == nil {
			t.Fatal("no error")
		}
		begin := time.Now()
		content := []byte("3")
		if _, err := other.Deliver(t.Context(), photo("3.jpg", content), opener(content), published); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(begin); waited < 20*time.Second || waited > 21*time.Second {
			t.Errorf("the other account started after %v, want after the pause of 20 s", waited)
		}
	})
}

func TestThreeLargeUploadsLeaveRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{})
		w.mustDeliver("first.jpg", []byte("1"))
		for range 4 {
			w.faults.Then("upload", faults.Fault{Delay: 50 * time.Second})
		}
		var jobs sync.WaitGroup
		for i := range 4 {
			jobs.Go(func() {
				p := photo(fmt.Sprintf("%d.mov", i), nil)
				p.Size = waitUpTo + 1
				if _, err := w.Deliver(t.Context(), p, zeroFile(p.Size), published); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(30 * time.Second)
		if n := w.sim.Requests("upload"); n != 4 {
			t.Errorf("%d uploads, want the first and three large ones", n)
		}
		begin := time.Now()
		w.find(photo("first.jpg", []byte("1")))
		if took := time.Since(begin); took > time.Second {
			t.Errorf("a question took %v behind large uploads", took)
		}
		jobs.Wait()
	})
}
