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
	for _, s := range v.Live.Sources {
		sign, text := v.Fetching(s)
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
		for _, j := range v.Coming[s.Account] {
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

func (v view) fetching(account string, t inbound.Transfer) string {
	return v.transfer(account, outbound.Transfer(t), "←")
}

// tasksLine says in one line what is at retouchers, and what is to be done here.
func (v view) tasksLine(out io.Writer) {
	var parts []string
	if v.Tasks > 0 {
		parts = append(parts, count(v.Tasks, "task")+" at retouchers")
	}
	if v.Received > 0 {
		parts = append(parts, count(v.Received, "task")+" handed out to this studio")
	}
	if len(parts) == 0 {
		return
	}
	line, sign := strings.Join(parts, ", "), signWorking
	if v.Late > 0 {
		sign, line = signNeeds, line+fmt.Sprintf(", %d late", v.Late)
	}
	fmt.Fprintf(out, "%s %s: studio-agent task list\n", sign, line)
}
