package main

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// The three ways in which programs write pictures.
const (
	atOnce  = ""
	slowly  = ", slowly"
	renamed = ", under a temporary name first"
)

// writeFile writes content to the file final as programs do.
func writeFile(ctx context.Context, final, how string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(final), 0o755); err != nil {
		return err
	}
	target, chunks, rest := final, 1, time.Duration(0)
	switch how {
	case slowly:
		chunks, rest = 6, 400*time.Millisecond
	case renamed:
		target, chunks, rest = final+".tmp", 3, 150*time.Millisecond
	}
	f, err := os.Create(target)
	if err != nil {
		return err
	}
	defer f.Close()
	for i := range chunks {
		if _, err := f.Write(content[i*len(content)/chunks : (i+1)*len(content)/chunks]); err != nil {
			return err
		}
		if i == chunks-1 {
			break
		}
		if err := sleep(ctx, rest); err != nil {
			return err
		}
	}
	if err := f.Close(); err != nil || target == final {
		return err
	}
	return moveFile(ctx, target, final)
}

// moveFile renames as a person does who is told that a file is in use: Windows
// refuses while somebody reads it.
func moveFile(ctx context.Context, from, to string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var err error
	await(ctx, func() bool { // its error says less than the last try's
		err = os.Rename(from, to)
		return err == nil
	})
	return err
}
