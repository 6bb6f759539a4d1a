package gate

import (
	"math/rand/v2"
	"time"
)

const (
	firstPause = time.Second
	longest    = 5 * time.Minute
)

// Doubled is 1 s for the first time, twice as long each time after, and 5 min at
// most.
func Doubled(n int) time.Duration {
	if n > 9 {
		return longest
	}
	return min(longest, firstPause<<max(0, n-1))
}

// Backoff is how long to wait after the nth failure in a row, 1 being the first:
// between half and the whole of Doubled, so that many files do not come back at
// one moment.
func Backoff(n int) time.Duration {
	d := Doubled(n)
	return d/2 + rand.N(d/2+1)
}
