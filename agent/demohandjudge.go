package main

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// isHandedBack reports whether all that was handed out has come to its end, at the
// remotes and in the ledger.
func (d *demo) isHandedBack(ctx context.Context) bool {
	for _, h := range d.handouts() {
		if !h.over() {
			return false
		}
	}
	tasks, err := d.eyes.tasks(ctx)
	return err == nil && !slices.ContainsFunc(tasks, func(t ledger.Task) bool { return t.Kind == ledger.ReceivedTask && t.State.Open() })
}

// handedBack judges what became of the tasks, from the far side.
func (d *demo) handedBack(p *proof) {
	for _, h := range d.handouts() {
		r := h.judge(d.chaos)
		if len(r.faults) > 0 {
			p.back = append(p.back, r)
		} else {
			p.remarks = append(p.remarks, h.remarks(d.chaos, d.returns.finished())...)
		}
	}
}

// judge says what was submitted too often, short, or though nobody wanted it. In
// chaos a retoucher may be done before the agent could say that a task is in hand.
func (h *handout) judge(chaos bool) row {
	r := row{bench: "tasks", account: h.account, back: true}
	for _, t := range h.handed() {
		now, submits := h.task(t.id), h.sim.Submits(t.id)
		want := map[fate]map[int]int{accepted: {1: 1}, sentBack: {1: 1, 2: 1}, calledOff: {}}[t.fate]
		for round := 1; round <= 3; round++ {
			switch n := submits[round]; {
			case n > want[round]:
				r.fault(&r.doubled, "%s was submitted %d times in round %d, and should be %d times", t.folder, n, round, want[round])
			case n < want[round]:
				r.fault(&r.lost, "%s was not submitted in round %d; it is %s", t.folder, round, now.Status)
			}
		}
		if rounds := max(1, len(submits)); now.Starts > rounds || now.Starts < rounds && !chaos {
			r.fault(&r.doubled, "%s was started %d times, and had %s", t.folder, now.Starts, count(rounds, "round"))
		}
		for _, s := range h.sim.Submissions() {
			h.whole(&r, t, s)
		}
	}
	for _, s := range h.sim.Doubles() {
		r.fault(&r.doubled, "a task that waited for nothing was submitted at %s", s.At.Format("15:04:05"))
	}
	return r
}

// whole finds fault with the outputs of one submission: all of round 1, and later
// the corrections alone.
func (h *handout) whole(r *row, t handed, s creativeforcesim.Submission) {
	if s.Task != t.id {
		return
	}
	want := t.outputs
	if s.Round > 1 {
		want = want[:1]
	}
	if got := sortedKeys(s.Files); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		r.fault(&r.lost, "round %d of %s was submitted with %v, and expects %v", s.Round, t.folder, got, want)
	}
}

// remarks tell what went well. came are the pictures that were handed out.
func (h *handout) remarks(chaos bool, came []retouch) (lines []string) {
	n := map[fate]int{}
	for _, t := range h.handed() {
		n[t.fate]++
	}
	line := fmt.Sprintf("%s of %s, each started and submitted once and complete", count(n[accepted]+n[sentBack], "task"), h.account)
	if n[sentBack] > 0 {
		line += fmt.Sprintf("; %d of them sent back, and submitted once more with the corrections alone", n[sentBack])
	}
	if n[calledOff] > 0 {
		line += fmt.Sprintf("; %d more called off while it was worked on, and nothing of it submitted", n[calledOff])
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	hooks := h.hooks
	if hooks.taken+hooks.refused+hooks.failed == 0 {
		return []string{line}
	}
	if chaos { // which decides how long it takes
		return []string{line}
	}
	var with, without []time.Duration
	for _, r := range came {
		if took := r.landed.Sub(r.done); r.account == h.account && r.done.Before(hooks.off) {
			with = append(with, took)
		} else if r.account == h.account {
			without = append(without, took)
		}
	}
	return []string{line,
		fmt.Sprintf("%s taken, each answered within %s, %d refused, %d not delivered", count(hooks.taken, "webhook"), short(hooks.slowest), hooks.refused, hooks.failed),
		fmt.Sprintf("Half of the pictures were at the bench within %s with webhooks, and within %s with the poll alone", short(half(with)), short(half(without))),
	}
}

// half is the median; 0 of none.
func half(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(all))[len(all)/2]
}

// isMade reports whether the agent has written a file that came with a task itself,
// under that name or a replaced one's.
func isMade(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(base, "INSTRUCTIONS.") || strings.HasPrefix(base, "task.") && path.Ext(base) == ".json"
}
