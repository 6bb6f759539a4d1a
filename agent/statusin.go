package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/studio-agent/studio-agent/sync/inbound"
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
		for i, w := range s.Waiting {
			if i == 10 {
				fmt.Fprintf(out, "  … and %d more\n", len(s.Waiting)-i)
				break
			}
			fmt.Fprintf(out, "  %s %s: %s\n", signWaiting, shown(w.Name), w.Reason)
		}
	}
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
	sign = signFine
	if len(s.Transfers)+s.Settling > 0 {
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
