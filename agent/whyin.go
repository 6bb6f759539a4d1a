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
	fmt.Fprintf(out, "%s, a file from %s\n  %s\n\n", shown(j.Source.Name), from, comingBack(j))
	history, err := l.History(ctx, j.Folder, j.Name)
	if err != nil {
		return err
	}
	for _, e := range history {
		if e.Job == j.ID {
			fmt.Fprintf(out, "  %s  %s\n", e.At.Local().Format("2006-01-02 15:04:05.000"), sentenceIn(e))
		}
	}
	return nil
}

// comingBack says how far one retouch is.
func comingBack(j ledger.Job) string {
	now := time.Now()
	switch j.State {
	case ledger.Landed, ledger.Done:
		if j.Folder == "" {
			return signFine + " " + upper(j.Reason)
		}
		return fmt.Sprintf("%s It has landed as %s.", signFine, shown(j.Path()))
	case ledger.Offered:
		return signNeeds + " It is ready and waits for a person: studio-agent task import " + j.Bench
	case ledger.Moving, ledger.Publishing:
		return signWorking + " It is being fetched."
	case ledger.Parked:
		return fmt.Sprintf("%s It is held: %s. Then: studio-agent retry %s", signNeeds, j.Reason, shown(j.Name))
	case ledger.GivenUp:
		return signNeeds + " " + upper(j.Reason)
	case ledger.Superseded:
		return fmt.Sprintf("%s It was not fetched: %s.", signWaiting, j.Reason)
	}
	line := signWaiting + " It waits to be fetched"
	if j.Reason != "" {
		line += ": " + j.Reason
	}
	if j.NotBefore.After(now) {
		line += "; next try " + clock(now, j.NotBefore)
	}
	return line + "."
}

// sentenceIn tells one event of a file that comes back plainly.
func sentenceIn(e ledger.Entry) string {
	texts := map[ledger.What]string{ // %s is the account
		ledger.Added: "offered by %s", ledger.Claimed: "fetching from %s begins", ledger.Published: "about to appear in the folder",
		ledger.Settled: "landed", ledger.Acknowledged: "%s was told", ledger.Imported: "imported by a person",
		ledger.Failed: "a try to fetch it from %s failed", ledger.Waited: "put back", ledger.Held: "held: a person must act",
		ledger.Overtaken: "not fetched from %s", ledger.Retried: "to be fetched from %s again", ledger.TakenBack: "put back at the agent's start",
		ledger.VendorFailed: "%s gave it up",
	}
	text, known := texts[e.What]
	if !known {
		return e.Reason
	}
	text = strings.ReplaceAll(text, "%s", e.Account)
	if e.Reason != "" {
		return text + ": " + e.Reason
	}
	return text
}
