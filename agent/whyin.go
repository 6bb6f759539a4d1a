package main

import (
	"context"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// retouchesMeant finds what came back under a name that a person gave: a path, or
// the file's name at the remote or here.
func retouchesMeant(ctx context.Context, l *ledger.Ledger, given string) ([]ledger.Job, error) {
	name := filepath.ToSlash(given)
	found, err := l.FindRetouches(ctx, strings.TrimPrefix(name, "/"), 20)
	if err != nil || len(found) > 0 {
		return found, err
	}
	absolute, err := filepath.Abs(given)
	if err != nil {
		return nil, err
	}
	all, err := l.FindRetouches(ctx, path.Base(name), 1000)
	return slices.DeleteFunc(all, func(j ledger.Job) bool { return j.Path() != absolute }), err
}

// tellRetouch writes the life of one file that came, or comes, from an account.
func tellRetouch(ctx context.Context, out io.Writer, l *ledger.Ledger, j ledger.Job) error {
	from := j.Account
	if j.Bench != "" {
		from += ", for bench " + j.Bench
	}
	fmt.Fprintf(out, "%s, a file from %s\n  %s\n", shown(j.Source.Name), from, line(overview.ComingBack(time.Now(), j)))
	if text, err := taskWords(ctx, l, j); err != nil {
		return err
	} else if text != "" {
		fmt.Fprintf(out, "    %s\n", text)
	}
	fmt.Fprintln(out)
	history, err := l.History(ctx, j.Folder, j.Name)
	if err != nil {
		return err
	}
	for _, e := range history {
		if e.Job == j.ID {
			fmt.Fprintf(out, "  %s  %s\n", e.At.Local().Format("2006-01-02 15:04:05.000"), overview.Sentence(ledger.In, e))
		}
	}
	return nil
}
