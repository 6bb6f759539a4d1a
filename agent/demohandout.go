package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
)

// A fate is what becomes of a task that was handed out.
type fate int

const (
	accepted  fate = iota
	sentBack       // once, with a note on its first output
	calledOff      // while it is worked on
)

// A handed is one task that was handed out.
type handed struct {
	id, bench string
	folder    string // JOB/PRODUCT
	fate      fate
	outputs   []string // names
}

// reviewTakes is how long a studio looks at what was submitted.
const reviewTakes = time.Second

// A handout is the studio behind an account that hands out tasks: it looks at what
// is submitted, and accepts it or sends it back. Its methods may be called from
// several goroutines.
type handout struct {
	account string
	sim     *creativeforcesim.Sim

	mu    sync.Mutex // guards what follows
	all   []handed
	hooks hookTally
}

// A hookTally counts webhooks.
type hookTally struct {
	taken, refused, failed int
	slowest                time.Duration
	off                    time.Time // since when none are sent; zero if they are
}

// handouts are those of all accounts, by the account's name.
func (d *demo) handouts() (all []*handout) {
	for _, name := range sortedKeys(d.remotes) {
		if h := d.remotes[name].tasks; h != nil {
			all = append(all, h)
		}
	}
	return all
}

// give hands out a task, whose inputs must land at a bench.
func (h *handout) give(d *demo, bench string, n creativeforcesim.NewTask, f fate) {
	folder := n.Job + "/" + n.Product
	d.line.say(bench, h.account, "hands out %s: %s, %s expected%s", folder, count(len(n.Inputs), "picture"), count(len(n.Outputs), "output"), deadlineWords(n.Deadline))
	task := handed{bench: bench, folder: folder, fate: f}
	for _, o := range n.Outputs {
		task.outputs = append(task.outputs, o.Name)
	}
	for _, in := range n.Inputs {
		d.returns.finish(d.returns.begin(retouch{account: h.account, bench: bench, name: folder + "/" + in.Name, sha: digestOf(in.Content)}))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	task.id = h.sim.AddTask(n)
	h.all = append(h.all, task)
}

func deadlineWords(deadline string) string {
	if deadline == "" {
		return ""
	}
	return ", until " + deadline
}

func (h *handout) handed() []handed {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.all)
}

// task is one by its id, as the studio sees it.
func (h *handout) task(id string) creativeforcesim.Task {
	for _, t := range h.sim.Tasks() {
		if t.ID == id {
			return t
		}
	}
	return creativeforcesim.Task{}
}

// over reports whether every task was accepted or called off.
func (h *handout) over() bool {
	for _, t := range h.handed() {
		if s := h.task(t.id).Status; s != creativeforcesim.Done && s != creativeforcesim.Cancelled {
			return false
		}
	}
	return true
}

// Run reviews until ctx ends.
func (h *handout) Run(ctx context.Context, d *demo) error {
	since := map[string]time.Time{} // when a round was first seen in review
	await(ctx, func() bool {        // its error is the end of ctx
		for _, t := range h.handed() {
			now := h.task(t.id)
			round := fmt.Sprint(t.id, now.Round)
			switch {
			case now.Status == creativeforcesim.InReview && since[round].IsZero():
				since[round] = time.Now()
				d.line.say(t.bench, h.account, "has %s in review: submitted with %s%s", t.folder, count(len(h.last(t.id).Files), "output"), roundWords(now.Round))
			case now.Status == creativeforcesim.InReview && time.Since(since[round]) > reviewTakes:
				h.review(d, t, now)
			case t.fate == calledOff && now.Status == creativeforcesim.InProgress && h.has(t.outputs[0]):
				d.line.say(t.bench, h.account, "calls %s off, of which one output is uploaded", t.folder)
				h.sim.Cancel(t.id)
			}
		}
		return false
	})
	return nil
}

// review ends a round.
func (h *handout) review(d *demo, t handed, now creativeforcesim.Task) {
	if t.fate == sentBack && now.Round == 1 {
		const text = "The shadow is too hard; keep the left edge"
		d.line.say(t.bench, h.account, "sends %s back: %s: %s", t.folder, t.outputs[0], text)
		h.sim.Reject(t.id, creativeforcesim.Note{Output: t.outputs[0], Text: text, Markings: []creativeforcesim.Marking{{X: 0.1, Y: 0.2, Width: 0.3, Height: 0.4, Text: "here"}}})
		return
	}
	d.line.say(t.bench, h.account, "accepts %s", t.folder)
	h.sim.Approve(t.id)
}

func roundWords(round int) string {
	if round < 2 {
		return ""
	}
	return fmt.Sprintf(", round %d", round)
}

// has reports whether an output was uploaded.
func (h *handout) has(output string) bool {
	return slices.ContainsFunc(h.sim.Uploads(), func(f creativeforcesim.File) bool { return f.Name == output })
}

// last is what was submitted last of a task.
func (h *handout) last(id string) creativeforcesim.Submission {
	for _, s := range slices.Backward(h.sim.Submissions()) {
		if s.Task == id {
			return s
		}
	}
	return creativeforcesim.Submission{}
}

// unhook notes that webhooks are sent no more.
func (h *handout) unhook() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hooks.off = time.Now()
}

// announce sends webhooks to the agent's page until ctx ends.
func (h *handout) announce(ctx context.Context, page string) error {
	sent := time.Now()
	client := &http.Client{Timeout: 5 * time.Second, Transport: timed{func() { sent = time.Now() }}}
	return h.sim.Announce(ctx, page+"/hooks/"+h.account, client, func(status int, err error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		switch {
		case err != nil:
			h.hooks.failed++
		case status/100 == 2:
			h.hooks.taken++
		default:
			h.hooks.refused++
		}
		h.hooks.slowest = max(h.hooks.slowest, time.Since(sent))
	})
}

// A timed transport says when a request begins.
type timed struct{ begin func() }

func (t timed) RoundTrip(r *http.Request) (*http.Response, error) {
	t.begin()
	return http.DefaultTransport.RoundTrip(r)
}

// holds are the outputs that were submitted: of each, those of the last round that
// has it are current.
func (h *handout) holds() (all []holding, _ error) {
	benches := map[string]string{}
	for _, t := range h.handed() {
		benches[t.id] = t.bench
	}
	at, newest := map[string]int{}, map[string]int{} // by task, name and content; by task and name
	for _, s := range h.sim.Submissions() {
		for _, name := range sortedKeys(s.Files) {
			output := s.Task + "\n" + name
			i, again := at[output+s.Files[name].SHA256]
			if !again {
				i = len(all)
				at[output+s.Files[name].SHA256] = i
				all = append(all, holding{name: name, sha: s.Files[name].SHA256, current: true, benches: []string{benches[s.Task]}})
				if before, ok := newest[output]; ok {
					all[before].current = false
				}
				newest[output] = i
			}
			all[i].times++
		}
	}
	return all, nil
}
