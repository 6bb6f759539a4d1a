//go:build integration

package ledger

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestRealDiskFull fills a real, small disk. It must be root to mount one.
func TestRealDiskFull(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("this test mounts a small disk: run it as root")
	}
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=2m"); err != nil {
		t.Fatalf("mount a small disk: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(disk, 0) })
	path := filepath.Join(disk, "ledger.db")
	l := openAt(t, path)
	a, err := fill(t, l)
	if !DiskFull(err) {
		t.Fatalf("DiskFull does not know %v", err)
	}
	wantNothingOf(t, l, a)
	if err := l.Accept(time.Now(), a); !DiskFull(err) {
		t.Errorf("a second try: %v, want the disk full", err)
	}
	rows := count1(t, l, `SELECT COUNT(*) FROM jobs`)
	if rows == 0 {
		t.Error("nothing fitted: the disk is too small for this test")
	}

	t.Run("opening on a full disk", func(t *testing.T) {
		must(t, l.Close())
		if err := tryOpen(t, path); err != nil && !DiskFull(err) {
			t.Errorf("DiskFull does not know %v", err)
		}
	})

	must(t, syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=32m"))
	l = openAt(t, path)
	if n := count1(t, l, `SELECT COUNT(*) FROM jobs`); n != rows {
		t.Errorf("%d jobs, want the %d that were there", n, rows)
	}
	must(t, l.Accept(time.Now(), a))
	leaveNoRoom(t, disk)
	b, err := fill(t, l)
	if !DiskFull(err) {
		t.Fatalf("DiskFull does not know %v", err)
	}
	must(t, os.Remove(filepath.Join(disk, "filler")))
	must(t, l.Accept(time.Now(), b)) // the same ledger goes on, without a restart
	wantState(t, l, b.Jobs[0], Queued)
}

func leaveNoRoom(t *testing.T, disk string) {
	t.Helper()
	f, err := os.Create(filepath.Join(disk, "filler"))
	must(t, err)
	defer f.Close()
	for {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return
		}
	}
}
