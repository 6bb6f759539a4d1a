//go:build integration && linux

package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// clear makes way for the next run: whatever is still to be written to disk is
// no longer the next one's trouble. Many files are moved aside and removed at the
// very end: without a journal ext4 looks for minutes at each inode that was freed
// before it gives one out (fs/ext4/ialloc.c, recently_deleted), which took several
// times as long as the transfer itself. Few large ones would fill the disk.
func (d *dataset) clear(dir string) error {
	was, err := os.Stat(dir)
	if err != nil {
		return err
	}
	aside, err := os.MkdirTemp(filepath.Dir(filepath.Dir(dir)), "aside-*")
	if err != nil {
		return err
	}
	if err := os.Rename(dir, filepath.Join(aside, "in")); err != nil {
		return err
	}
	if !d.many() {
		if err := os.RemoveAll(aside); err != nil {
			return err
		}
	}
	owner := was.Sys().(*syscall.Stat_t)
	if err := errors.Join(os.Mkdir(dir, was.Mode()), os.Chown(dir, int(owner.Uid), int(owner.Gid)), os.Chmod(dir, was.Mode())); err != nil {
		return err
	}
	syscall.Sync()
	return nil
}

// arrived compares the destination with the set: all files in full size, nothing
// else, and each with its content if digests are asked for.
func (d *dataset) arrived(dir string, digests bool) error {
	files := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		want, ok := d.sums[filepath.ToSlash(name)]
		if !ok {
			return fmt.Errorf("%s is at the destination and not in the set", name)
		}
		files++
		info, err := e.Info()
		if err == nil && info.Size() != d.size {
			err = fmt.Errorf("%s arrived with %d bytes of %d", name, info.Size(), d.size)
		}
		if err == nil && digests {
			err = hasSum(path, want)
		}
		return err
	})
	if err == nil && files != d.files {
		err = fmt.Errorf("%d files of %d arrived", files, d.files)
	}
	return err
}

func hasSum(path string, want [sha256.Size]byte) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if [sha256.Size]byte(sum.Sum(nil)) != want {
		return fmt.Errorf("%s arrived with another content", path)
	}
	return nil
}
