package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

func (v view) print(out io.Writer) {
	v.head(out)
	for _, b := range v.Benches {
		v.bench(out, b)
	}
	v.accounts(out)
	v.sources(out)
	v.tasksLine(out)
	v.held(out)
	v.heldTasks(out)
}

func (v view) head(out io.Writer) {
	switch {
	case v.Running:
		fmt.Fprintf(out, "%s is running since %s (process %d on %s, version %s)\n", v.Name, clock(v.Now, v.Agent.Started), v.Agent.PID, v.Agent.Host, v.Agent.Version)
	case v.Agent.PID == 0:
		fmt.Fprintf(out, "%s %s has never run\n", signNeeds, v.Name)
	case v.Agent.Stopped:
		fmt.Fprintf(out, "%s %s is stopped since %s; what it knew:\n", signNeeds, v.Name, clock(v.Now, v.Agent.Seen))
	default:
		fmt.Fprintf(out, "%s %s gave no sign of life since %s: it was killed or hangs; what it knew:\n", signNeeds, v.Name, clock(v.Now, v.Agent.Seen))
	}
	if v.Live.Problem != "" {
		fmt.Fprintf(out, "%s %s\n", signNeeds, v.Live.Problem)
	}
}

func (v view) bench(out io.Writer, b overview.Bench) {
	light := v.Light(b)
	if light.Ready > 0 && light.Held == 0 {
		light.Text += ": studio-agent task import " + b.Name
	}
	fmt.Fprintf(out, "\n%s %-20s %s\n", light.Sign, b.Name, light.Text)
	if parts := v.Numbers(b); len(parts) > 0 {
		fmt.Fprintf(out, "  %s\n", strings.Join(parts, " · "))
	}
	for _, f := range b.Folders {
		if f.Reason != "" {
			sign := signWaiting
			if f.Watching == "blind" {
				sign = signNeeds
			}
			fmt.Fprintf(out, "  %s %ss: %s (since %s)\n", sign, f.Role, f.Reason, clock(v.Now, f.Since))
		}
		for i, w := range f.Waiting {
			if i == 10 {
				fmt.Fprintf(out, "  … and %d more\n", f.Waits-i)
				break
			}
			sign := signWaiting
			if w.Held {
				sign = signNeeds
			}
			fmt.Fprintf(out, "  %s %s: %s\n", sign, shown(w.Name), w.Reason)
		}
	}
	for _, a := range v.Live.Accounts {
		for _, t := range a.Transfers {
			if t.Bench == b.Name {
				fmt.Fprintf(out, "  %s\n", v.transfer(a.Account, t, "→"))
			}
		}
	}
}

func (v view) transfer(account string, t outbound.Transfer, arrow string) string {
	const width = 20
	share := 1.0
	if t.Size > 0 {
		share = min(1, float64(t.Bytes)/float64(t.Size))
	}
	filled := int(share * width)
	line := fmt.Sprintf("%s%s %3.0f %%  %s %s %s", strings.Repeat("▓", filled), strings.Repeat("░", width-filled), share*100, shown(t.Name), arrow, account)
	if speed := v.Speeds[account+"\x00"+t.Name]; speed > 0 {
		left := time.Duration(float64(t.Size-t.Bytes) / speed * float64(time.Second))
		line += fmt.Sprintf("  %s/s, %s left", outbound.Bytes(int64(speed)), rough(left))
	}
	return line
}

func (v view) accounts(out io.Writer) {
	if len(v.Live.Accounts)+len(v.Live.Sources) > 0 {
		fmt.Fprintln(out)
	}
	for _, a := range v.Live.Accounts {
		sign, text := v.Sending(a)
		line := fmt.Sprintf("%s account %s", sign, a.Account)
		if text != "" {
			line += ": " + text
		}
		fmt.Fprintln(out, line)
	}
}

func (v view) held(out io.Writer) {
	if len(v.Held) == 0 {
		return
	}
	fmt.Fprintln(out, "\nHeld until somebody acts (studio-agent retry NAME):")
	for _, j := range v.Held {
		arrow := "→"
		if j.Flow == ledger.In {
			arrow = "←"
		}
		fmt.Fprintf(out, "%s %s (%s): %s\n", signNeeds, shown(j.Name), strings.TrimSpace(j.Bench+" "+arrow+" "+j.Account), j.Reason)
	}
}

// heldTasks tells of tasks that are not ours and edit projects that need a person.
func (v view) heldTasks(out io.Writer) {
	if len(v.TaskNeeds) == 0 {
		return
	}
	fmt.Fprintln(out, "\nTasks that need a person:")
	for _, t := range v.TaskNeeds {
		line := fmt.Sprintf("%s %s (%s): %s", signNeeds, shown(t.Title), strings.TrimSpace(t.Bench+" → "+t.Account), t.Text)
		if t.Held {
			line += ". Then: studio-agent task send " + shortID(t.ID)
		}
		fmt.Fprintln(out, line)
	}
}
