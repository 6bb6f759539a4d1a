//go:build !windows

package folder

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

const silence = syscall.ESTALE

func TestWhatAnErrorOfTheSystemMeans(t *testing.T) {
	for _, c := range []struct {
		err                error
		silent, unstorable bool
	}{
		{&fs.PathError{Err: syscall.ESTALE}, true, false},
		{&fs.PathError{Err: syscall.EIO}, true, false},
		{syscall.ENOTCONN, true, false},
		{syscall.EHOSTDOWN, true, false},
		{syscall.ETIMEDOUT, true, false},
		{syscall.ENOSPC, false, false},
		{syscall.EACCES, false, false},
		{fs.ErrNotExist, false, false},
		{nil, false, false},
		{&fs.PathError{Err: syscall.ENAMETOOLONG}, false, true},
		{syscall.EILSEQ, false, true},
	} {
		if silent(c.err) != c.silent || unstorable(c.err) != c.unstorable {
			t.Errorf("%v: silent %v, unstorable %v", c.err, silent(c.err), unstorable(c.err))
		}
	}
}

// A name fits into 255 bytes and yet a folder may take less; here it is one
// that the contract would refuse before.
func TestANameThatTheFolderCannotStoreIsRefusedForGood(t *testing.T) {
	dir, k := t.TempDir(), newKeeper()
	root, err := k.open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	name := strings.Repeat("n", 300)
	_, lost := root.Lstat(name)
	if err := k.explain(dir, root, name, lost); !errors.Is(err, connectors.ErrRejected) {
		t.Errorf("got %v, want a refusal for good", err)
	}
	p, _ := photo("0001.jpg", "picture")
	if receipt, err := find(t.Context(), root, name, p); err != nil || !receipt.Zero() {
		t.Errorf("Find gives %+v, %v; want that it is not there", receipt, err)
	}
}

// A mount point that cannot be entered is trouble, and no folder of strangers.
func TestASilentFolderOnTheWayIsNoRefusal(t *testing.T) {
	k := newKeeper()
	err := k.trouble(filepath.Join(t.TempDir(), "x"), &fs.PathError{Op: "openat", Path: "a", Err: syscall.EIO})
	if errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("got %v, want trouble that passes", err)
	}
}
