//go:build integration && linux

package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// empty makes way for the next run: whatever is still to be written to disk is
// no longer the next one's trouble.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
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
