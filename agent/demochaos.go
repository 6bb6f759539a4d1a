package main

import (
	"cmp"
	"context"
	"math/rand/v2"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/ftp/ftpsim"
	"github.com/studio-agent/studio-agent/connectors/sftp/sftpsim"
)

const outageFor = 3 * time.Second

// plague plans what goes wrong on the way to an account of a type, each kind of
// trouble a few times, in an order that seed decides.
func plague(accountType string, seed uint64) *faults.Plan {
	rnd := rand.New(rand.NewPCG(seed, uint64(len(accountType))))
	plan := faults.NewPlan(seed)
	mix := func(op string, calls int, all ...faults.Fault) {
		queue := make([]faults.Fault, max(calls, len(all)))
		copy(queue, all)
		rnd.Shuffle(len(queue), func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })
		plan.Then(op, queue...)
	}
	cut := func() faults.Fault { return faults.Fault{Cut: 1 + rnd.Int64N(150_000)} }
	lost := faults.Fault{LoseReply: true}
	switch accountType {
	case "grandshooting":
		mix("upload", 40,
			cut(), cut(), cut(), faults.Fault{Cut: -1}, lost, lost, lost,
			faults.Fault{Status: 500}, faults.Fault{Status: 500},
			faults.Fault{FailAfter: 500}, faults.Fault{FailAfter: 500},
			faults.Fault{Status: 429, RetryAfter: time.Second},
			faults.Fault{Delay: 2 * time.Second}, faults.Fault{Delay: time.Second})
		mix("list", 20,
			faults.Fault{Status: 500}, faults.Fault{Status: 429, RetryAfter: time.Second}, lost, faults.Fault{Delay: time.Second})
		mix("status", 2, lost)
	case "sftp":
		mix(sftpsim.OpConnect, 6, faults.Fault{Cut: -1}, faults.Fault{Cut: -1})
		mix(sftpsim.OpUpload, 8, cut(), lost, faults.Fault{FailAfter: 500}, faults.Fault{Status: 500})
		mix(sftpsim.OpFetch, 8, cut(), cut(), faults.Fault{Status: 500})
		mix(sftpsim.OpList, 20, faults.Fault{Status: 500}, faults.Fault{Cut: -1}, lost, faults.Fault{Delay: time.Second})
	case "ftp":
		const busy, broken = 421, 451 // RFC 959, section 4.2.1
		mix(ftpsim.OpLogin, 6, faults.Fault{Status: busy}, faults.Fault{Cut: -1})
		mix(ftpsim.OpStore, 8, cut(), lost, faults.Fault{Status: broken})
		mix(ftpsim.OpRename, 8, faults.Fault{FailAfter: broken})
		mix(ftpsim.OpRetr, 8, cut(), cut(), faults.Fault{Status: broken})
		mix(ftpsim.OpList, 20, faults.Fault{Status: broken}, faults.Fault{Cut: -1}, faults.Fault{Delay: time.Second})
	case "pixelz":
		mix("presign", 11, faults.Fault{Status: 500})
		mix("upload", 11, cut(), lost)
		mix("lookup", 11, faults.Fault{Status: 500})
		mix("order", 11, lost, lost, faults.Fault{Cut: -1}, faults.Fault{FailAfter: 500})
		mix("images", 20, faults.Fault{Status: 500}, lost, faults.Fault{Delay: time.Second})
		mix("image", 10, lost)
		mix("download", 9, cut(), faults.Fault{Status: 500})
		mix("reject", 1, lost)
	case "medialoopster":
		mix("import", 20, lost, lost, faults.Fault{Status: 500}, faults.Fault{FailAfter: 500}, faults.Fault{Cut: -1})
		mix("create", 3, lost)
		mix("addasset", 10, lost, faults.Fault{Status: 500})
		mix("assets", 60, faults.Fault{Status: 500}, faults.Fault{Status: 429, RetryAfter: time.Second}, faults.Fault{Delay: time.Second})
		mix("projects", 20, faults.Fault{Status: 500}, lost)
	case "creativeforce":
		mix("token", 3, faults.Fault{Status: 500})
		mix("list", 20, faults.Fault{Status: 500}, lost, faults.Fault{Delay: time.Second})
		mix("task", 60, faults.Fault{Status: 500}, faults.Fault{Status: 429, RetryAfter: time.Second}, lost)
		mix("download", 20, cut(), cut(), faults.Fault{Status: 500})
		mix("start", 15, lost, faults.Fault{Status: 500})
		mix("presign", 30, lost, faults.Fault{Status: 500})
		mix("put", 30, cut(), cut(), lost, faults.Fault{FailAfter: 500})
		mix("submit", 15, lost, faults.Fault{FailAfter: 500}, faults.Fault{Status: 500})
	}
	return plan
}

// trouble kills the agent three times, and takes the platform and then the retouchers
// down once, when enough has arrived for there to be something to spoil.
func (d *demo) trouble(ctx context.Context) error {
	rnd := rand.New(rand.NewPCG(d.seed, 3))
	platforms := func(ctx context.Context) error {
		return d.outage(ctx, "the platform", func(r remote) bool { return !r.gives() })
	}
	retouchers := func(ctx context.Context) error {
		return d.outage(ctx, "the retouchers' servers", func(r remote) bool { return r.gives() })
	}
	come := func(share float64) func() bool { // of what is to arrive, or to land
		return func() bool { return float64(d.album.count()+d.returns.landed()) >= share*float64(d.expected()) }
	}
	for _, act := range []struct {
		when func() bool
		do   func(context.Context) error
	}{{come(0.12), d.killAgent}, {come(0.3), platforms}, {d.isOrdering, d.killAgent}, {come(0.65), retouchers}, {come(0.7), d.killAgent}} {
		if err := await(ctx, act.when); err != nil {
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

// isOrdering reports whether the manager's task is on its way to the vendor; a
// rehearsal has no manager.
func (d *demo) isOrdering() bool {
	n := 0
	for _, s := range d.album.finished() {
		if s.ordered && d.album.isAt(s.chosen[0], &s) {
			n++
		}
	}
	return n > 2 || d.config != "" || d.tale != taleStudio
}

// expected is about how many pictures will arrive, and retouches land.
func (d *demo) expected() int {
	n := 0
	for i, some := range d.names {
		f := d.cfg.HotFolders()[i]
		for _, account := range f.To {
			n += len(some)
			if importsFrom(d.bench(f.Bench), account) {
				n += len(some)
			}
		}
	}
	return cmp.Or(n, d.told().expected)
}

func (d *demo) killAgent(ctx context.Context) error {
	if err := await(ctx, d.agent.kill); err != nil {
		return err
	}
	d.line.say("", whoChaos, "kills the agent (kill -9); it is started again in %s", short(restartAfter))
	return nil
}

func (d *demo) outage(ctx context.Context, what string, struck func(remote) bool) error {
	var all []remote
	for _, r := range d.remotes {
		if r.outage != nil && struck(r) {
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		return nil
	}
	d.line.say("", whoChaos, "takes %s off the network for %s", what, short(outageFor))
	for _, r := range all {
		r.outage(true)
		defer r.outage(false)
	}
	return sleep(ctx, outageFor)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
