package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

// The signs of a state: shape first, so that colour is never needed.
const (
	signFine    = "●"
	signWorking = "◐"
	signWaiting = "◌"
	signNeeds   = "▲"
)

func (v view) print(out io.Writer) {
	v.head(out)
	for _, b := range v.benches {
		v.bench(out, b)
	}
	v.accounts(out)
	v.sources(out)
	v.tasksLine(out)
	v.held(out)
}

func (v view) head(out io.Writer) {
	switch {
	case v.running:
		fmt.Fprintf(out, "%s is running since %s (process %d on %s, version %s)\n", v.name, clock(v.now, v.agent.Started), v.agent.PID, v.agent.Host, v.agent.Version)
	case v.agent.PID == 0:
		fmt.Fprintf(out, "%s %s has never run\n", signNeeds, v.name)
	case v.agent.Stopped:
		fmt.Fprintf(out, "%s %s is stopped since %s; what it knew:\n", signNeeds, v.name, clock(v.now, v.agent.Seen))
	default:
		fmt.Fprintf(out, "%s %s gave no sign of life since %s: it was killed or hangs; what it knew:\n", signNeeds, v.name, clock(v.now, v.agent.Seen))
	}
	if v.live.Problem != "" {
		fmt.Fprintf(out, "%s %s\n", signNeeds, v.live.Problem)
	}
}

func (v view) bench(out io.Writer, b benchView) {
	sign, text := v.light(b)
	fmt.Fprintf(out, "\n%s %-20s %s\n", sign, b.name, text)
	if line := v.benchNumbers(b); line != "" {
		fmt.Fprintf(out, "  %s\n", line)
	}
	for _, f := range b.folders {
		if f.Reason != "" {
			sign := signWaiting
			if f.Watching == "blind" {
				sign = signNeeds
			}
			fmt.Fprintf(out, "  %s %ss: %s (since %s)\n", sign, f.Role, f.Reason, clock(v.now, f.Since))
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
	for _, a := range v.live.Accounts {
		for _, t := range a.Transfers {
			if t.Bench == b.name {
				fmt.Fprintf(out, "  %s\n", v.transfer(a.Account, t, "→"))
			}
		}
	}
}

// light is the state of a bench in one sign and a few words.
func (v view) light(b benchView) (sign, text string) {
	var held, blind, waiting, open int
	var oldest time.Time
	for _, f := range b.folders {
		if f.Watching == "blind" {
			blind++
		}
		for _, w := range f.Waiting {
			if w.Held {
				held++
			} else {
				waiting++
			}
		}
	}
	ready, coming := 0, 0
	for _, t := range b.tallies {
		held += t.Parked + t.Stuck
		open += t.Open()
		ready += t.Offered
		coming += t.Importing
		if !t.Oldest.IsZero() && (oldest.IsZero() || t.Oldest.Before(oldest)) {
			oldest = t.Oldest
		}
	}
	switch {
	case blind > 0:
		return signNeeds, "cannot see its folder"
	case held == 1:
		return signNeeds, "1 picture needs you"
	case held > 1:
		return signNeeds, fmt.Sprintf("%d pictures need you", held)
	case ready > 0:
		return signNeeds, fmt.Sprintf("%d ready to import: studio-agent task import %s", ready, b.name)
	case open > 0:
		return signWorking, fmt.Sprintf("%d on the way, %s behind", open, rough(v.now.Sub(oldest)))
	case coming > 0:
		return signWorking, fmt.Sprintf("%d coming back", coming)
	case waiting > 0:
		return signWaiting, fmt.Sprintf("%d being written", waiting)
	case !v.running:
		return signWaiting, "nothing was left to do"
	}
	return signFine, "all delivered"
}

func (v view) benchNumbers(b benchView) string {
	var parts []string
	for _, t := range b.tallies {
		part := fmt.Sprintf("%s: %d today", t.Account, t.Today)
		if !t.LastDone.IsZero() {
			part += ", last " + clock(v.now, t.LastDone)
		}
		if t.LandedToday > 0 {
			part += fmt.Sprintf(", %d back", t.LandedToday)
		}
		parts = append(parts, part)
	}
	for _, f := range b.folders {
		switch {
		case f.Watching == "blind":
		case f.Scanned.IsZero():
			parts = append(parts, fmt.Sprintf("%ss: first look under way", f.Role))
		default:
			parts = append(parts, fmt.Sprintf("%ss by %s, %s", f.Role, f.Watching, count(f.Files, "file")))
		}
	}
	return strings.Join(parts, " · ")
}

func (v view) transfer(account string, t outbound.Transfer, arrow string) string {
	const width = 20
	share := 1.0
	if t.Size > 0 {
		share = min(1, float64(t.Bytes)/float64(t.Size))
	}
	filled := int(share * width)
	line := fmt.Sprintf("%s%s %3.0f %%  %s %s %s", strings.Repeat("▓", filled), strings.Repeat("░", width-filled), share*100, shown(t.Name), arrow, account)
	if speed := v.speeds[account+"\x00"+t.Name]; speed > 0 {
		left := time.Duration(float64(t.Size-t.Bytes) / speed * float64(time.Second))
		line += fmt.Sprintf("  %s/s, %s left", outbound.Bytes(int64(speed)), rough(left))
	}
	return line
}

func (v view) accounts(out io.Writer) {
	if len(v.live.Accounts)+len(v.live.Sources) > 0 {
		fmt.Fprintln(out)
	}
	for _, a := range v.live.Accounts {
		switch {
		case a.Closed == "":
			fmt.Fprintf(out, "%s account %s\n", signFine, a.Account)
		case a.Until.IsZero():
			fmt.Fprintf(out, "%s account %s: %s\n", signNeeds, a.Account, a.Closed)
		default:
			fmt.Fprintf(out, "%s account %s: %s; next try %s\n", signWaiting, a.Account, a.Closed, clock(v.now, a.Until))
		}
	}
}

func (v view) held(out io.Writer) {
	if len(v.parked) == 0 {
		return
	}
	fmt.Fprintln(out, "\nHeld until somebody acts (studio-agent retry NAME):")
	for _, j := range v.parked {
		arrow := "→"
		if j.Flow == ledger.In {
			arrow = "←"
		}
		fmt.Fprintf(out, "%s %s (%s): %s\n", signNeeds, shown(j.Name), strings.TrimSpace(j.Bench+" "+arrow+" "+j.Account), j.Reason)
	}
}

// clock writes a moment as people do: the time today, the day otherwise.
func clock(now, t time.Time) string {
	t = t.Local()
	if t.Format(time.DateOnly) == now.Local().Format(time.DateOnly) {
		return t.Format("15:04:05")
	}
	return t.Format("2 Jan 15:04")
}

// rough writes a duration as people do: 40 s, 3 min, 2 h.
func rough(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(0, int(d.Seconds())))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%d h", int(d.Hours()))
}

// shown makes a hostile file name harmless on a terminal.
func shown(name string) string {
	for _, r := range name {
		if r < ' ' || r == 0x7f || r == '\u202e' || r == 0xfffd {
			return fmt.Sprintf("%q", name)
		}
	}
	return name
}
