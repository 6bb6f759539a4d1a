package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

// A photographer works at one bench. After the first error, or when ctx ends,
// every further step does nothing; err says what it was.
type photographer struct {
	demo   *demo
	ctx    context.Context
	bench  config.Bench
	folder config.HotFolder
	rnd    *rand.Rand
	err    error
}

func (d *demo) photographer(ctx context.Context, f config.HotFolder, seed uint64) *photographer {
	return &photographer{demo: d, ctx: ctx, bench: d.bench(f.Bench), folder: f, rnd: rand.New(rand.NewPCG(d.seed, seed))}
}

func (p *photographer) do(step func() error) {
	if p.err == nil {
		p.err = context.Cause(p.ctx)
	}
	if p.err == nil {
		p.err = step()
	}
}

func (p *photographer) say(format string, args ...any) {
	p.demo.line.say(p.bench.Name, whoPhotographer, format, args...)
}

func (p *photographer) path(name string) string {
	return filepath.Join(p.folder.Path, filepath.FromSlash(name))
}

func (p *photographer) pause(d time.Duration) {
	p.do(func() error {
		select {
		case <-p.ctx.Done():
			return context.Cause(p.ctx)
		case <-time.After(d):
			return nil
		}
	})
}

// shoot writes a new picture and returns what must arrive, never nil.
func (p *photographer) shoot(name, how string) *shot { return p.write(name, how, 1000) }

// write writes a picture that is width pixels wide.
func (p *photographer) write(name, how string, width int) *shot {
	s := &shot{name: name}
	p.do(func() error {
		content := paint(p.rnd, width)
		s = p.demo.album.begin(p.folder, name, content)
		p.say("writes %s (%s)%s", name, outbound.Bytes(s.size), how)
		return p.put(s, how, content)
	})
	return s
}

func (p *photographer) put(s *shot, how string, content []byte) error {
	if err := writeFile(p.ctx, p.path(s.name), how, content); err != nil {
		return err
	}
	p.demo.album.finish(s)
	return nil
}

// burst shoots n pictures as fast as they come.
func (p *photographer) burst(pattern string, n int) (all []*shot) {
	p.do(func() error {
		p.say("shoots a burst: %s to %s", fmt.Sprintf(pattern, 1), path.Base(fmt.Sprintf(pattern, n)))
		for i := range n {
			name, content := fmt.Sprintf(pattern, i+1), paint(p.rnd, 900)
			s := p.demo.album.begin(p.folder, name, content)
			if err := p.put(s, atOnce, content); err != nil {
				return err
			}
			all = append(all, s)
		}
		return nil
	})
	return all
}

// delivered waits until the first account of the folder has it.
func (p *photographer) delivered(all ...*shot) {
	for _, s := range all {
		p.do(func() error {
			return await(p.ctx, func() bool { return p.demo.album.isAt(p.folder.To[0], s) })
		})
	}
}

// rename gives a file or folder another name. n pictures are in it.
func (p *photographer) rename(from, to string, n int, remark string) {
	p.do(func() error {
		p.say("renames %s to %s%s", from, path.Base(to), remark)
		p.demo.album.update(func() { p.demo.album.renamed += n })
		return moveFile(p.ctx, p.path(from), p.path(to))
	})
}

// recognised tells what the agent makes of a file that was renamed.
func (p *photographer) recognised(name string) {
	p.do(func() error {
		note, err := p.demo.eyes.recognised(p.ctx, p.folder.Path, name)
		if note != "" {
			p.demo.line.say(p.bench.Name, whoAgent, "knows %s: %s", name, note)
		}
		return err
	})
}

// choose moves pictures into the selects folder of the bench.
func (p *photographer) choose(all ...*shot) {
	for _, s := range all {
		p.do(func() error {
			p.say("moves %s into selects", s.name)
			p.demo.album.choose(s, p.bench.Selects.To, false)
			return moveFile(p.ctx, p.path(s.name), filepath.Join(p.bench.Selects.Path, path.Base(s.name)))
		})
	}
}

// rate chooses a picture where it lies, by what its sidecar says.
func (p *photographer) rate(s *shot) {
	p.do(func() error {
		rule := p.bench.Selects
		text := sidecarOf(rule)
		name := strings.TrimSuffix(s.name, path.Ext(s.name)) + ".xmp"
		p.say("gives %s %s: writes %s", s.name, text.words(), path.Base(name))
		p.demo.album.choose(s, rule.To, true)
		return writeFile(p.ctx, p.path(name), renamed, text.xmp(path.Base(s.name)))
	})
}

// misname shoots under a name that speaks of no product, and corrects it when
// the agent holds the picture.
func (p *photographer) misname(wrong, right string) {
	s := p.shoot(wrong, atOnce)
	p.do(func() error {
		return await(p.ctx, func() bool { return p.demo.eyes.holds(p.ctx, p.bench.Name, wrong) })
	})
	p.pause(1500 * time.Millisecond) // to read the hint
	p.do(func() error {
		p.say("corrects the name: %s", right)
		p.demo.album.update(func() { s.name = right; p.demo.album.fixed++ })
		return moveFile(p.ctx, p.path(wrong), p.path(right))
	})
}
