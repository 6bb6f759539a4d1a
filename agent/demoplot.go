package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/agent/config"
)

// plot lets the photographers work, and waits until all that they did has come
// to an end.
func (d *demo) plot(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	if d.config == "" {
		group.Go(func() error { return d.told().plot(ctx, d) })
	} else {
		for i, f := range d.cfg.HotFolders() {
			if d.isAnswer(f) {
				group.Go(func() error { return d.handOutFor(ctx, f, d.names[i]) })
				continue
			}
			if f.Role == config.Project {
				group.Go(func() error { return d.editor(ctx, f).tryOutProject(d.names[i]) })
				continue
			}
			p := d.photographer(ctx, f, uint64(i))
			group.Go(func() error { return p.tryOut(d.names[i]) })
		}
	}
	if d.chaos {
		group.Go(func() error { return d.trouble(ctx) })
	}
	return group.Wait()
}

// studioPlot is the day of all benches of the studio.
func studioPlot(ctx context.Context, d *demo) error {
	group, ctx := errgroup.WithContext(ctx)
	folders := d.cfg.HotFolders()
	group.Go(func() error { return d.packshots(d.photographer(ctx, folders[0], 1)) })
	group.Go(func() error { return d.shoes(d.photographer(ctx, folders[2], 2)) })
	group.Go(func() error {
		p := d.photographer(ctx, folders[4], 3)
		shots := d.looks(p)
		if p.err != nil {
			return p.err
		}
		return d.manager(ctx, p.bench.Name, p.bench.Imports.From[0], shots).order()
	})
	return group.Wait()
}

const demoPictures = 46 + 20 + 21 // that the benches make, choose, and get back

// packshots is the day of bench packshot-1.
func (d *demo) packshots(p *photographer) error {
	first := p.shoot("SS18-001/SS18-001_1.jpg", slowly)
	second := p.shoot("SS18-001/SS18-001_2.jpg", renamed)
	p.pause(time.Second)
	burst := p.burst("SS18-002/SS18-002_%d.jpg", 8)
	p.delivered(burst[:min(2, len(burst))]...)
	p.rename("SS18-002", "SS18-002 blue", len(burst), ", in the middle of it")
	p.shoot("SS18-002 blue/SS18-002_9.jpg", atOnce)
	p.recognised("SS18-002 blue/SS18-002_1.jpg")
	p.delivered(first)
	p.resave(first)
	large := p.write("SS18-003/SS18-003_1.jpg", slowly, 3200)
	p.delivered(second)
	p.rename(second.name, "SS18-001/SS18-001_back.jpg", 1, ", which is delivered already")
	p.recognised("SS18-001/SS18-001_back.jpg")
	var looks []*shot
	for i := range 5 {
		looks = append(looks, p.shoot(fmt.Sprintf("SS18-004/SS18-004_%d.jpg", i+1), atOnce))
		p.pause(700 * time.Millisecond)
		if i == 2 {
			p.delivered(looks[1])
			p.rate(looks[1])
		}
	}
	p.delivered(looks[4], large)
	p.choose(looks[4], large)
	p.delivered(looks[2:4]...)
	p.choose(looks[2:4]...)
	return p.err
}

// shoes is the day of bench packshot-2, whose names must speak of a product.
func (d *demo) shoes(p *photographer) error {
	p.pause(500 * time.Millisecond)
	var first []*shot
	for i := range 3 {
		first = append(first, p.shoot(fmt.Sprintf("SH18-101_%d.jpg", i+1), atOnce))
		p.pause(800 * time.Millisecond)
	}
	p.misname("SH81-102_1.jpg", "SH18-102_1.jpg")
	p.delivered(first...)
	p.choose(first...)
	burst := p.burst("SH18-103_%d.jpg", 8)
	p.pause(time.Second)
	p.shoot("SH18-104_1.jpg", slowly)
	for i := range 5 {
		p.shoot(fmt.Sprintf("SH18-105_%d.jpg", i+1), renamed)
		p.pause(700 * time.Millisecond)
	}
	p.delivered(burst[:min(2, len(burst))]...)
	p.choose(burst[:min(2, len(burst))]...)
	return p.err
}

// resave writes new content under the name of a delivered picture.
func (p *photographer) resave(old *shot) {
	p.do(func() error {
		content := paint(p.rnd, 1000)
		s := p.demo.album.begin(p.folder, old.name, content)
		p.say("saves %s again, with other content", old.name)
		return p.put(s, slowly, content)
	})
}

// tryOut drops a few pictures into a hot folder of a person's own agent.yaml.
func (p *photographer) tryOut(names []string) error {
	ways := [...]string{atOnce, slowly, renamed}
	var last *shot
	for i, name := range names {
		s := p.shoot(name, ways[i%len(ways)])
		last = s
		p.pause(300 * time.Millisecond)
	}
	if rule := p.folder.Selects; p.folder.Role == config.Capture && rule != nil && rule.ByTags() && last != nil {
		p.delivered(last)
		p.rate(last)
	}
	return p.err
}

const tryOuts = 3 // pictures for each hot folder

// rehearsed chooses what the pictures are called, and makes their products known
// before the agent reads the catalogue.
func (d *demo) rehearsed() error {
	if d.config == "" {
		if learn := d.told().learn; learn != nil {
			learn(d)
		}
		return nil
	}
	names := &namer{rnd: rand.New(rand.NewPCG(d.seed, 0)), used: map[string]bool{}, learn: d.learn}
	for _, f := range d.cfg.HotFolders() {
		var some []string
		for range tryOuts {
			name, err := names.name(d.bench(f.Bench), f)
			if err != nil {
				return fmt.Errorf("%s, %ss: %w", f.Title(), f.Role, err)
			}
			some = append(some, name)
		}
		d.names = append(d.names, some)
	}
	return nil
}

// mirrorName is what a file that a mirror brings to the studio is called.
func (d *demo) mirrorName(i int, m deskMirror) (string, error) {
	names := &namer{rnd: rand.New(rand.NewPCG(d.seed, uint64(100+i))), used: map[string]bool{}, learn: d.learn}
	name, err := names.name(config.Bench{}, config.HotFolder{Folder: config.Folder{Include: m.Include, Exclude: m.Exclude}})
	if err != nil {
		return "", fmt.Errorf("%s: %w", m.title(), err)
	}
	return name, nil
}

func (d *demo) bench(name string) config.Bench {
	for _, b := range d.cfg.Benches {
		if b.Name == name {
			return b
		}
	}
	return config.Bench{}
}

// learn makes a product known at every catalogue.
func (d *demo) learn(ref string) {
	for _, r := range d.remotes {
		if r.learn != nil {
			r.learn(ref)
		}
	}
}
