package atomicfile

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

var (
	errScanner = errors.New("a scanner holds the file")
	errLasting = errors.New("no such folder")
)

func scanner(err error) bool { return err == errScanner }

func TestPatienceWaitsOutAScanner(t *testing.T) {
	for _, c := range []struct {
		name       string
		heldFor    time.Duration
		then, want error
		least      time.Duration
		most       time.Duration
	}{
		{"not held", 0, nil, nil, 0, 0},
		{"held for a moment", 50 * time.Millisecond, nil, nil, 50 * time.Millisecond, 100 * time.Millisecond},
		{"held for seconds", 5 * time.Second, nil, nil, 5 * time.Second, 6 * time.Second},
		{"held for ever", time.Hour, nil, errScanner, 9 * time.Second, 10 * time.Second},
		{"another error", 0, errLasting, errLasting, 0, 0},
		{"another error later", time.Second, errLasting, errLasting, time.Second, 2 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				err := patiently(t.Context(), scanner, func() error {
					if time.Since(start) < c.heldFor {
						return errScanner
					}
					return c.then
				})
				if err != c.want {
					t.Errorf("got %v, want %v", err, c.want)
				}
				if took := time.Since(start); took < c.least || took > c.most {
					t.Errorf("took %v, want %v to %v", took, c.least, c.most)
				}
			})
		})
	}
}

func TestPatienceEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		err := patiently(ctx, scanner, func() error { return errScanner })
		if err != errScanner || time.Since(start) != 3*time.Second {
			t.Errorf("got %v after %v, want the scanner's error after 3s", err, time.Since(start))
		}
	})
}
