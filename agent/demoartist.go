package main

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

// An artist retouches at one bench: takes up what lands in JOB/PRODUCT once all of
// it is there, reads what is wanted, and saves that into the output folder.
type artist struct {
	demo   *demo
	bench  config.Bench
	in     string // the import folder
	out    config.HotFolder
	worked map[string]bool // rounds of tasks
}

// artists are those of all benches whose tasks are handed out.
func (d *demo) artists() (all []*artist) {
	for _, f := range d.cfg.HotFolders() {
		if d.isAnswer(f) {
			b := d.bench(f.Bench)
			all = append(all, &artist{demo: d, bench: b, in: b.Imports.Path, out: f, worked: map[string]bool{}})
		}
	}
	return all
}

// isAnswer reports whether outputs of tasks leave from a hot folder.
func (d *demo) isAnswer(f config.HotFolder) bool {
	for _, account := range f.To {
		if d.remotes[account].tasks != nil && f.Role == config.Capture && importsFrom(d.bench(f.Bench), account) {
			return true
		}
	}
	return false
}

// Run works until ctx ends.
func (a *artist) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		for _, b := range a.ready() {
			a.worked[b.round()] = true
			if err := a.work(ctx, b); err != nil && ctx.Err() == nil {
				return fmt.Errorf("the retoucher at %s: %w", a.bench.Name, err)
			}
		}
		if sleep(ctx, eyesEvery) != nil {
			break
		}
	}
	return nil
}

func (a *artist) say(format string, args ...any) {
	a.demo.line.say(a.bench.Name, whoArtist, format, args...)
}

// work makes what is due in a round, one output after the other.
func (a *artist) work(ctx context.Context, b brief) error {
	due := b.due()
	text := ""
	for _, n := range b.Annotations {
		if b.Round < 2 || n.Type == "Rejection" {
			text = ": " + n.Text
		}
	}
	a.say("opens %s, %s to make of %s%s%s", b.folder, count(len(due), "output"), count(len(b.Inputs), "picture"), roundWords(b.Round), text)
	a.look(ctx, b)
	for i, o := range due {
		if err := sleep(ctx, 300*time.Millisecond); err != nil {
			return err
		}
		if isOff(a.instructions(b)) {
			a.say("reads that %s was cancelled, and stops", b.folder)
			return nil
		}
		if err := a.make(ctx, b, o, i); err != nil {
			return err
		}
	}
	return nil
}

// look takes as long as it takes the agent to say that the task is in hand, which a
// person would not notice, and no more than a few seconds.
func (a *artist) look(ctx context.Context, b brief) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	await(ctx, func() bool { // its error is the end of the patience
		for _, h := range a.demo.handouts() {
			if h.task(b.TaskID).Status == creativeforcesim.InProgress {
				return true
			}
		}
		return false
	})
}

// make saves one output. In the demo's own story some go wrong at first.
func (a *artist) make(ctx context.Context, b brief, o wantedOutput, i int) error {
	name := b.folder + "/" + o.Name
	h := habits()[path.Base(b.folder)]
	if a.demo.config != "" || b.Round > 1 || i > 0 && h != late {
		h = careful
	}
	switch h {
	case slip:
		typo := b.folder + "/" + strings.Replace(o.Name, "_", "-", 1)
		s, err := a.save(ctx, b, typo, o, o.Width, false)
		if err == nil {
			err = await(ctx, func() bool { return a.demo.eyes.holds(ctx, a.bench.Name, typo) })
		}
		if err != nil {
			return err
		}
		a.say("corrects the name: %s", name)
		a.demo.album.update(func() { s.name = name })
		return moveFile(ctx, a.path(typo), a.path(name))
	case small:
		if _, err := a.save(ctx, b, name, o, o.Width/2, true); err != nil {
			return err
		}
		if err := await(ctx, func() bool { return a.demo.eyes.holds(ctx, a.bench.Name, name) }); err != nil {
			return err
		}
		if err := sleep(ctx, time.Second); err != nil { // to read the reason
			return err
		}
	case late:
		if i > 0 { // the mail with the cancellation was not read
			if err := await(ctx, func() bool { return isOff(a.instructions(b)) }); err != nil {
				return err
			}
		}
		_, err := a.save(ctx, b, name, o, o.Width, true)
		return err
	}
	_, err := a.save(ctx, b, name, o, o.Width, false)
	return err
}

// A habit is how an artist treats a product.
type habit int

const (
	careful habit = iota
	slip          // misspells the first name
	small         // saves the first output too small
	late          // does not look whether the task was called off
)

// habits are those of the demo's own story, by product.
func habits() map[string]habit {
	return map[string]habit{"SKU-103": slip, "SKU-105": small, calledOffProduct: late}
}

func (a *artist) path(name string) string { return filepath.Join(a.out.Path, filepath.FromSlash(name)) }

// save writes an output as its spec says, width pixels wide. withheld says that it
// must never be submitted.
func (a *artist) save(ctx context.Context, b brief, name string, o wantedOutput, width int, withheld bool) (*shot, error) {
	h := fnv.New64a()
	fmt.Fprint(h, b.round(), name, width)
	rnd := rand.New(rand.NewPCG(a.demo.seed, h.Sum64()))
	content := paint(rnd, max(width, 200))
	if strings.EqualFold(o.Format, "png") {
		content = asPNG(content)
	}
	how := []string{slowly, renamed, atOnce}[rnd.IntN(3)]
	s := a.demo.album.begin(a.out, name, content)
	a.demo.album.update(func() { s.withheld = withheld })
	a.say("saves %s (%s)%s", name, outbound.Bytes(s.size), how)
	if err := writeFile(ctx, a.path(name), how, content); err != nil {
		return s, err
	}
	a.demo.album.finish(s)
	return s, nil
}

// asPNG is a JPEG as another format.
func asPNG(photo []byte) []byte {
	img, err := jpeg.Decode(bytes.NewReader(photo))
	if err != nil {
		return photo // which paint does not make
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return photo
	}
	return b.Bytes()
}
