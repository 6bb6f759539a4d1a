// Package faults is scripted trouble for simulators and test doubles: what goes
// wrong, at which operation, and when.
package faults

import (
	"math/rand/v2"
	"sync"
	"time"
)

// A Fault is one piece of trouble. Its fields combine; the zero Fault is none.
type Fault struct {
	Delay time.Duration // wait first
	// Cut breaks the connection after that many bytes of the operation's data
	// (upload: the request body; download: the reply body). 0 means no cut; a
	// negative value cuts before the first byte.
	Cut int64
	// Status answers with this HTTP status instead of doing the work.
	Status int
	// RetryAfter goes with Status 429 and 503; 0 sends no such header.
	RetryAfter time.Duration
	// LoseReply does the work, then breaks the connection instead of answering.
	LoseReply bool
	// FailAfter does the work, then answers with this HTTP status.
	FailAfter int
}

// Zero reports whether f is no trouble at all.
func (f Fault) Zero() bool { return f == Fault{} }

// A Plan hands out faults by operation. Operations are named by each simulator
// ("upload", "list", …); "*" stands for any. A Plan may be used from several
// goroutines; a nil Plan plans nothing.
type Plan struct {
	mu     sync.Mutex
	script map[string][]Fault
	odds   []odd
	rnd    *rand.Rand
}

type odd struct {
	op    string
	share float64
	fault Fault
}

// NewPlan returns an empty plan. Its chances are drawn from seed, so that a run
// can be repeated.
func NewPlan(seed uint64) *Plan {
	return &Plan{script: map[string][]Fault{}, rnd: rand.New(rand.NewPCG(seed, seed))}
}

// Then plans fs for the next calls of op, one each, after what is planned
// already. A zero Fault lets one call pass.
func (p *Plan) Then(op string, fs ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script[op] = append(p.script[op], fs...)
}

// Chance makes that share (0..1) of op's calls suffer f, where nothing is
// scripted.
func (p *Plan) Chance(op string, share float64, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.odds = append(p.odds, odd{op, share, f})
}

// Calm forgets all that is planned.
func (p *Plan) Calm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script, p.odds = map[string][]Fault{}, nil
}

// Next takes the fault for one call of op.
func (p *Plan) Next(op string) Fault {
	if p == nil {
		return Fault{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range []string{op, "*"} {
		if queue := p.script[key]; len(queue) > 0 {
			p.script[key] = queue[1:]
			return queue[0]
		}
	}
	for _, o := range p.odds {
		if (o.op == op || o.op == "*") && p.rnd.Float64() < o.share {
			return o.fault
		}
	}
	return Fault{}
}
