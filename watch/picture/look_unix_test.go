//go:build unix

package picture

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestLookAtPipeAndLink(t *testing.T) {
	dir := t.TempDir()
	pipe, link, target := filepath.Join(dir, "pipe.jpg"), filepath.Join(dir, "link.jpg"), filepath.Join(dir, "a.jpg")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(target, jpegFile(t, 16), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if v, reason, err := Look(pipe); v != Unknown || reason == "" || err != nil { // a plain open would wait for ever
		t.Errorf("Look at a pipe = %v (%s), %v; want unknown, without error", v, reason, err)
	}
	if v, _, err := Look(link); v != Unknown || !errors.Is(err, syscall.ELOOP) {
		t.Errorf("Look at a symbolic link = %v, %v; want unknown and ELOOP", v, err)
	}
}
