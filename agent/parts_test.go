package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/agent/config"
)

// A journal notes which parts start and end, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := j.lines
	j.lines = nil
	slices.Sort(lines)
	return lines
}

func (j *journal) part(key, fingerprint string) part {
	return part{key: key, fingerprint: fingerprint, run: func(ctx context.Context) error {
		j.add("start " + key)
		<-ctx.Done()
		j.add("end " + key)
		return ctx.Err()
	}}
}

func TestOnlyChangedPartsRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		group, ctx := errgroup.WithContext(ctx)
		p, j := newParts(ctx, group), &journal{}
		steps := []struct {
			wanted []part
			want   []string
		}{
			{[]part{j.part("account gs", "1"), j.part("folder /a", "1"), j.part("folder /b", "1")},
				[]string{"start account gs", "start folder /a", "start folder /b"}},
			{[]part{j.part("account gs", "1"), j.part("folder /a", "2"), j.part("folder /c", "1")},
				[]string{"end folder /a", "end folder /b", "start folder /a", "start folder /c"}},
			{[]part{j.part("account gs", "1"), j.part("folder /a", "2"), j.part("folder /c", "1")}, nil},
		}
		for i, step := range steps {
			if err := p.become(&config.Config{}, step.wanted); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if got := j.take(); !slices.Equal(got, step.want) {
				t.Errorf("step %d: %q, want %q", i, got, step.want)
			}
		}
		cancel()
		if err := group.Wait(); err != nil {
			t.Errorf("after an orderly end: %v", err)
		}
	})
}

func TestAPartThatEndsByItselfEndsTheAgent(t *testing.T) {
	for name, err := range map[string]error{"with an error": errors.New("the ledger is gone"), "without": nil} {
		t.Run(name, func(t *testing.T) {
			group, ctx := errgroup.WithContext(t.Context())
			p := newParts(ctx, group)
			if err := p.become(&config.Config{}, []part{{key: "folder /a", run: func(context.Context) error { return err }}}); err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			got := group.Wait()
			if got == nil || err != nil && !errors.Is(got, err) {
				t.Errorf("the agent ended with %v, want an error wrapping %v", got, err)
			}
		})
	}
}

// A part that ends may have to ask what else runs, to hand over what it has in
// hand: that must not wait for its own end.
func TestAPartMayAskWhatRunsWhileItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		group, ctx := errgroup.WithContext(ctx)
		p := newParts(ctx, group)
		ended := 0
		asks := part{key: "account gs", run: func(ctx context.Context) error {
			<-ctx.Done()
			p.folders()
			p.accounts()
			ended++
			return nil
		}}
		for _, wanted := range [][]part{{asks}, nil, {asks}} {
			if err := p.become(&config.Config{}, wanted); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.stop(); err != nil || ended != 2 || len(p.running) > 0 {
			t.Errorf("%v, %d parts ended and %d run, want 2 and none", err, ended, len(p.running))
		}
		cancel()
		group.Wait()
	})
}
