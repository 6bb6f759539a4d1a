//go:build integration && linux

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestLedgerDiskFull fills the disk that the ledger lies on. Captures are still
// seen, nothing is sent that could not be remembered, and all goes on by itself
// when there is room again. It needs the right to mount.
func TestLedgerDiskFull(t *testing.T) {
	in := install(t, "")
	captures, there, state := in.folder("captures"), in.folder("there"), in.folder("state")
	if err := syscall.Mount("tmpfs", state, "tmpfs", 0, "size=3m"); err != nil {
		t.Fatalf("mount a small disk (this test needs root): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(state, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	yaml := fmt.Sprintf(`
page: off
accounts: {nas: {type: folder, put: %s}}
benches: [{name: bench, captures: {folder: %s, to: [nas], rescan: 1s}}]
`, there, captures)
	if err := os.WriteFile(in.config, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	in.start()
	rnd := rand.New(rand.NewPCG(1, 1))
	overwrite(t, filepath.Join(captures, "before.jpg"), jpegOf(rnd, 50_000))
	until(t, time.Minute, "the first photo arrives", func() bool { return exists(filepath.Join(there, "before.jpg")) })

	filler := fill(t, filepath.Join(state, "filler"))
	names := []string{"a.jpg", "b.jpg", "c.jpg"}
	for _, name := range names {
		overwrite(t, filepath.Join(captures, name), jpegOf(rnd, 50_000))
	}
	until(t, time.Minute, "the agent says that its ledger cannot be written", func() bool {
		return strings.Contains(in.log.tail(100_000), "full") || strings.Contains(in.log.tail(100_000), "no space")
	})
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	until(t, 2*time.Minute, "all photos arrive once there is room", func() bool {
		for _, name := range names {
			if !exists(filepath.Join(there, name)) {
				return false
			}
		}
		return in.idle()
	})
	for _, name := range names {
		if got := strings.Count(in.log.tail(1_000_000), `msg="Photo delivered" account=nas bench=bench name=`+name); got != 1 {
			t.Errorf("%s was delivered %d times", name, got)
		}
	}
}

// fill writes until the disk is full, also for the smallest write.
func fill(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 64 << 10; size > 0; size /= 2 {
		for {
			if _, err := f.Write(make([]byte, size)); err != nil {
				break
			}
		}
	}
	return path
}
