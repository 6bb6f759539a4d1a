package rest

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheRateIsThatOfTheLastTenSecondsAndOfAllThatShareAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shared sync.Map
		one := &Client{limit: Shared(&shared, "host", "key", Limits{Rate: 5, InFlight: 4})}
		two := &Client{limit: Shared(&shared, "host", "key", Limits{Rate: 4, InFlight: 4})}
		want := func(used, allowed float64) {
			t.Helper()
			for _, c := range []*Client{one, two} {
				if u, a := c.Rate(); u != used || a < allowed-0.01 || a > allowed+0.01 {
					t.Errorf("%v of %v, want %v of %v", u, a, used, allowed)
				}
			}
		}
		want(0, 4)
		for i := range 20 {
			c := []*Client{one, two}[i%2]
			ticket, err := c.limit.start(t.Context(), false, nil)
			if err != nil {
				t.Fatal(err)
			}
			ticket.done()
		}
		want(2, 4)
		time.Sleep(11 * time.Second)
		want(0, 4)
	})
}
