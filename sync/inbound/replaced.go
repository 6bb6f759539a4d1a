package inbound

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

const (
	tidyEvery  = time.Hour
	asideStamp = "20060102-150405"
)

// replacedName is what an older version is called once it is replaced: NAME
// with the time between stem and extension, in UTC.
func replacedName(base string, at time.Time) string {
	return beside(base, ".replaced-"+at.UTC().Format(asideStamp))
}

var replacedPattern = regexp.MustCompile(`\.replaced-(\d{8}-\d{6})(\.[^.]*)?$`)

// replacedAt tells when a version was replaced; ok is false if base is no name
// that replacedName gives.
func replacedAt(base string) (at time.Time, ok bool) {
	parts := replacedPattern.FindStringSubmatch(base)
	if parts == nil {
		return time.Time{}, false
	}
	at, err := time.Parse(asideStamp, parts[1])
	return at, err == nil
}

// tidy removes replaced versions that were kept long enough, and nothing else.
func (c *Collector) tidy(now time.Time) {
	for folder, keep := range c.kept() {
		if keep <= 0 {
			continue
		}
		if err := tidy(folder, now.Add(-keep)); err != nil {
			c.Log.Warn("Old replaced versions could not be removed", "folder", folder, "error", err)
		}
	}
}

func tidy(folder string, until time.Time) error {
	root, err := os.OpenRoot(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was replaced yet
	} else if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if at, ours := replacedAt(d.Name()); !ours || !at.Before(until) {
			return nil
		}
		return root.Remove(filepath.FromSlash(name))
	})
}
