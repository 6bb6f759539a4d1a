package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

const outageFor = 3 * time.Second

// plague plans what goes wrong on the way, each kind of trouble a few times, in
// an order that seed decides.
func plague(seed uint64) *faults.Plan {
	rnd := rand.New(rand.NewPCG(seed, seed))
	plan := faults.NewPlan(seed)
	mix := func(op string, calls int, all ...faults.Fault) {
		queue := make([]faults.Fault, calls)
		copy(queue, all)
		rnd.Shuffle(calls, func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })
		plan.Then(op, queue...)
	}
	cut := func() faults.Fault { return faults.Fault{Cut: 1 + rnd.Int64N(150_000)} }
	mix("upload", 40,
		cut(), cut(), cut(), faults.Fault{Cut: -1},
		faults.Fault{LoseReply: true}, faults.Fault{LoseReply: true}, faults.Fault{LoseReply: true},
		faults.Fault{Status: 500}, faults.Fault{Status: 500},
		faults.Fault{FailAfter: 500}, faults.Fault{FailAfter: 500},
		faults.Fault{Status: 429, RetryAfter: time.Second},
		faults.Fault{Delay: 2 * time.Second}, faults.Fault{Delay: time.Second})
	mix("list", 20,
		faults.Fault{Status: 500}, faults.Fault{Status: 429, RetryAfter: time.Second},
		faults.Fault{LoseReply: true}, faults.Fault{Delay: time.Second})
	mix("status", 2, faults.Fault{LoseReply: true})
	return plan
}

// trouble kills the agent twice and takes the platform down once, when enough
// has arrived for there to be something to spoil.
func (d *demo) trouble(ctx context.Context) error {
	rnd := rand.New(rand.NewPCG(d.seed, 3))
	for _, act := range []struct {
		share float64 // of what is to arrive
		do    func(context.Context) error
	}{{0.15, d.killAgent}, {0.4, d.outage}, {0.55, d.killAgent}} {
		if err := await(ctx, func() bool { return float64(d.album.count()) >= act.share*float64(d.expected()) }); err != nil {
			return err
		}
		if err := sleep(ctx, time.Duration(rnd.IntN(400))*time.Millisecond); err != nil {
			return err
		}
		if err := act.do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// expected is about how many pictures will arrive.
func (d *demo) expected() int {
	n := 0
	for i, some := range d.names {
		n += len(some) * len(d.cfg.HotFolders()[i].To)
	}
	return cmp.Or(n, demoPictures)
}

func (d *demo) killAgent(ctx context.Context) error {
	if err := await(ctx, d.agent.kill); err != nil {
		return err
	}
	d.line.say("", whoChaos, "kills the agent (kill -9); it is started again in %s", short(restartAfter))
	return nil
}

func (d *demo) outage(ctx context.Context) error {
	d.line.say("", whoChaos, "takes the platform off the network for %s", short(outageFor))
	d.switchOff(true)
	defer d.switchOff(false)
	return sleep(ctx, outageFor)
}

func (d *demo) switchOff(down bool) {
	for _, r := range d.remotes {
		if r.outage != nil {
			r.outage(down)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// faultText says what a fault did; empty for none.
func faultText(s sighting) string {
	what := "a question about its pictures"
	switch {
	case s.name != "":
		what = s.name
	case s.op == "upload":
		what = "an upload"
	case s.op == "status":
		what = "a mark"
	}
	f := s.fault
	switch {
	case f.LoseReply && s.sha != "":
		return fmt.Sprintf("%s has stored %s, but its answer is lost", s.account, what)
	case f.LoseReply:
		return fmt.Sprintf("%s has done its part, but its answer to %s is lost", s.account, what)
	case f.FailAfter != 0:
		return fmt.Sprintf("%s has stored %s, but says %d", s.account, what, f.FailAfter)
	case f.Status == 429:
		return fmt.Sprintf("%s says 429 to %s: come back in %s", s.account, what, short(f.RetryAfter))
	case f.Status != 0:
		return fmt.Sprintf("%s says %d to %s, and does nothing about it", s.account, f.Status, what)
	case f.Cut != 0:
		return fmt.Sprintf("the connection breaks in the middle of %s", what)
	case f.Delay != 0:
		return fmt.Sprintf("%s took %s over %s", s.account, short(f.Delay), what)
	}
	return ""
}
