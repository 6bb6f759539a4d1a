package watch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestOpenForWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "1.jpg")
	if err := os.WriteFile(path, []byte("END"), 0o644); err != nil {
		t.Fatal(err)
	}
	check := func(what string, busy bool) {
		t.Helper()
		got, known, err := openForWriting(path)
		if err != nil || !known || got != busy {
			t.Errorf("%s: busy %v, known %v, %v; want busy %v", what, got, known, err, busy)
		}
	}
	check("closed", false)
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	check("open for appending", true)
	w.Close()
	check("closed again", false)
	r, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	check("open for reading", false)
	r.Close()

	// A writer that comes right after the probe is not kept waiting.
	for range 100 {
		check("probe", false)
		w, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			t.Fatalf("open for writing after the probe: %v", err)
		}
		w.Close()
	}
}

func TestOpenForWritingErrors(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := openForWriting(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if err := os.Symlink("none", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := openForWriting(filepath.Join(dir, "link")); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("link: %v, want it not followed", err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	if busy, known, err := openForWriting(filepath.Join(dir, "pipe")); busy || known || err != nil {
		t.Errorf("pipe: %v, %v, %v; want unknown, at once", busy, known, err)
	}
}

func TestOnNetwork(t *testing.T) {
	if share, kind := OnNetwork("/proc"); share {
		t.Errorf("/proc is on a %s", kind)
	}
	if share, kind := OnNetwork(filepath.Join(t.TempDir(), "none")); share {
		t.Errorf("a missing folder is on a %s", kind)
	}
	for magic, want := range map[uint32]string{0x6969: "NFS", 0xff534d42: "SMB", 0xfe534d42: "SMB", 0xef53: "", 0x58465342: "", 0x1021994: ""} {
		if got := remote(magic); got != want {
			t.Errorf("remote(%#x) = %q, want %q", magic, got, want)
		}
	}
}
