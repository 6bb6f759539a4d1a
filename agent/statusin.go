package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/studio-agent/studio-agent/sync/inbound"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

// sources tells what comes back, account by account.
func (v view) sources(out io.Writer) {
	for _, s := range v.live.Sources {
		sign, text := v.source(s)
		fmt.Fprintf(out, "%s from %s: %s\n", sign, s.Account, text)
		for _, line := range s.Held {
			fmt.Fprintf(out, "  %s %s\n", signNeeds, line)
		}
		if s.Note != "" {
			fmt.Fprintf(out, "  %s %s\n", signNeeds, s.Note)
		}
		for _, w := range s.Unfetched {
			fmt.Fprintf(out, "  %s %s lies there since more than a day and is not fetched: %s\n", signNeeds, shown(w.Name), w.Reason)
		}
		for _, t := range s.Transfers {
			fmt.Fprintf(out, "  %s\n", v.fetching(s.Account, t))
		}
		var lines []string
		for _, j := range v.coming[s.Account] {
			lines = append(lines, fmt.Sprintf("%s: %s", shown(j.Source.Name), j.Reason))
		}
		for _, w := range s.Waiting {
			lines = append(lines, fmt.Sprintf("%s: %s", shown(w.Name), w.Reason))
		}
		for i, line := range lines {
			if i == 10 {
				fmt.Fprintf(out, "  … and %d more\n", len(lines)-i)
				break
			}
			fmt.Fprintf(out, "  %s %s\n", signWaiting, line)
		}
	}
}

// comingTo returns, by account, what waits to be fetched for a reason that people
// should read.
func comingTo(ctx context.Context, l *ledger.Ledger, sources []inbound.Status) (map[string][]ledger.Job, error) {
	coming := map[string][]ledger.Job{}
	for _, s := range sources {
		waiting, err := l.Waiting(ctx, s.Account, 100)
		if err != nil {
			return nil, err
		}
		for _, j := range waiting {
			if j.Flow == ledger.In && j.Reason != "" {
				coming[s.Account] = append(coming[s.Account], j)
			}
		}
	}
	return coming, nil
}

// source is one account that something comes back from, in a sign and a few words.
func (v view) source(s inbound.Status) (sign, text string) {
	switch {
	case s.Trouble != "":
		return signWaiting, "could not be looked at: " + s.Trouble
	case s.Looked.IsZero():
		return signWorking, "first look under way"
	}
	parts := []string{"looked at " + clock(v.now, s.Looked), count(s.Listed-s.Skipped, "file") + " there"}
	add := func(n int, words string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, words))
		}
	}
	add(s.Working, "at retouch")
	add(s.Settling, "not at rest")
	add(len(s.Transfers), "being fetched")
	add(len(v.coming[s.Account]), "waiting")
	sign = signFine
	if len(s.Transfers)+s.Settling+len(v.coming[s.Account]) > 0 {
		sign = signWorking
	}
	return sign, strings.Join(parts, ", ")
}

func (v view) fetching(account string, t inbound.Transfer) string {
	return v.transfer(account, outbound.Transfer{Bench: t.Bench, Name: t.Name, Bytes: t.Bytes, Size: t.Size, Since: t.Since}, "←")
}

// tasks says in one line what is at retouchers.
func (v view) tasksLine(out io.Writer) {
	if v.tasks == 0 {
		return
	}
	line := fmt.Sprintf("%s at retouchers", count(v.tasks, "task"))
	sign := signWorking
	if v.late > 0 {
		sign, line = signNeeds, line+fmt.Sprintf(", %d late", v.late)
	}
	fmt.Fprintf(out, "%s %s: studio-agent task list\n", sign, line)
}
