//go:build linux || darwin

package atomicfile

import (
	"errors"
	"os/signal"
	"syscall"
	"testing"
)

// The system's limit on file sizes stands in for a full disk: the write that
// does not fit is cut short by the kernel.
func TestAFullDiskLeavesNothingBehind(t *testing.T) {
	root, dir := openRoot(t)
	f, err := Create(root, "0001.jpg", id)
	if err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64 << 10, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	n, err := f.Write(make([]byte, 128<<10))
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, syscall.EFBIG) || n != 64<<10 {
		t.Fatalf("wrote %d bytes, %v; want 65536 and EFBIG", n, err)
	}
	if err := f.Abort(); err != nil {
		t.Fatal(err)
	}
	wantTree(t, dir)
}
