package inbound

import (
	"fmt"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// space is how many bytes j may have, -1 for any number. It makes j wait while
// fetching it would leave less than the floor free.
func space(r rules, j ledger.Job) (room int64, err error) {
	if r.floor <= 0 {
		return j.Size, nil
	}
	free, err := freeBytes(r.folder)
	if err != nil {
		return 0, &localError{fmt.Errorf("ask how much is free where %s lies: %w", r.folder, err)}
	}
	if need := max(0, j.Size); free-need < r.floor {
		return 0, &waitError{fmt.Sprintf("%s are free on the disk of %s; the file has %s, and %s must stay free", size(free), r.folder, size(need), size(r.floor))}
	}
	if j.Size < 0 {
		return free - r.floor, nil
	}
	return j.Size, nil
}
