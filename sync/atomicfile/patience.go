package atomicfile

import (
	"context"
	"time"
)

// patiently repeats try while it fails for a reason that busy knows to pass: 10 s
// in all, with pauses of 10 ms growing to 1 s. It returns try's last error, also
// if ctx ends first.
func patiently(ctx context.Context, busy func(error) bool, try func() error) error {
	const limit = 10 * time.Second
	pause, deadline := 10*time.Millisecond, time.Now().Add(limit)
	for {
		err := try()
		if err == nil || !busy(err) || time.Until(deadline) < pause {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
		pause = min(2*pause, time.Second)
	}
}
