package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

// A vendor plays the retoucher behind an account: it downloads what is delivered,
// and sends back other content under the same name.
type vendor struct {
	demo    *demo
	account string
	desk    *desk
	busy    atomic.Int32 // pictures on the desk
	briefed bool         // what it sends without being asked is sent
}

const vendorHands = 4 // pictures retouched at the same time

// playVendors makes one for each account that is a folder somewhere.
func (d *demo) playVendors() (all []*vendor) {
	for _, name := range sortedKeys(d.remotes) {
		if desk := d.remotes[name].desk; desk != nil {
			all = append(all, &vendor{demo: d, account: name, desk: desk})
		}
	}
	return all
}

// A manner is how a retoucher treats one picture.
type manner struct {
	takes bool   // moves the delivered file away at once
	how   string // it writes the retouch
	ext   string // of the retouch; empty for that of the photo
	cut   bool   // the first upload breaks off, a second one is whole
	again bool   // it sends a second version later
	stray bool   // it sends a file along that nobody asked for
}

// manners of the demo's own story, by the photo's name without folder.
var manners = func() map[string]manner {
	return map[string]manner{
		"SS18-004_5.jpg": {takes: true, how: slowly, ext: ".jpeg"},
		"SS18-003_1.jpg": {how: renamed, again: true},
		"SS18-004_2.jpg": {how: slowly, stray: true},
		"SH18-101_1.jpg": {how: atOnce, cut: true},
		"SH18-101_2.jpg": {takes: true, how: renamed},
	}
}

func (v *vendor) manner(name string, rnd *rand.Rand) manner {
	m, known := manners()[path.Base(name)]
	if !known || v.demo.config != "" {
		m = manner{how: []string{atOnce, slowly, renamed}[rnd.IntN(3)]}
	}
	return m
}

// Run works until ctx ends.
func (v *vendor) Run(ctx context.Context) error {
	var hands errgroup.Group
	hands.SetLimit(vendorHands)
	err := v.brief(ctx)
	for err == nil && ctx.Err() == nil {
		for _, f := range v.desk.take() {
			v.busy.Add(1)
			hands.Go(func() error {
				defer v.busy.Add(-1)
				return v.handle(ctx, f)
			})
		}
		if sleep(ctx, importerEvery) != nil {
			break
		}
	}
	if err = errors.Join(err, hands.Wait()); ctx.Err() != nil {
		return nil
	}
	return err
}

func (v *vendor) say(bench, format string, args ...any) {
	v.demo.line.say(bench, v.account, format, args...)
}

// handle does all that follows from one photo.
func (v *vendor) handle(ctx context.Context, f deskFile) error {
	below, benches, ok := v.desk.place(f.name)
	bench := v.demo.benchOf(f.sha, benches)
	if !ok || v.desk.get == "" || !importsFrom(v.demo.bench(bench), v.account) {
		return nil
	}
	if _, rest, deeper := strings.Cut(below, "/"); v.desk.byBench && deeper {
		below = rest
	}
	rnd := v.rand(f)
	m := v.manner(below, rnd)
	if m.takes {
		if err := v.desk.remove(f.name); err != nil {
			return err
		}
		v.say(bench, "takes %s out of its folder at once", below)
	} else {
		v.say(bench, "downloads %s", below)
	}
	if err := sleep(ctx, 500*time.Millisecond+rand.N(500*time.Millisecond)); err != nil {
		return err
	}
	return v.retouch(ctx, bench, below, f.sha, m, rnd)
}

func (v *vendor) rand(f deskFile) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(v.account + f.name + f.sha))
	return rand.New(rand.NewPCG(v.demo.seed, h.Sum64()))
}

// retouch sends back what m says for a photo.
func (v *vendor) retouch(ctx context.Context, bench, photo, sha string, m manner, rnd *rand.Rand) error {
	name := photo
	if ext := strings.ToLower(path.Ext(photo)); m.ext != "" || ext != ".jpg" && ext != ".jpeg" {
		name = strings.TrimSuffix(photo, path.Ext(photo)) + cmp.Or(m.ext, ".jpg")
	}
	r := retouch{account: v.account, bench: bench, name: name, answers: sha}
	content := paint(rnd, 800)
	if m.cut {
		if err := v.cutOff(ctx, r, content); err != nil {
			return err
		}
	}
	first, err := v.send(ctx, r, m.how, content, "has retouched")
	if err == nil && m.stray {
		_, err = v.send(ctx, retouch{account: v.account, name: "SS18-999_1.jpg"}, atOnce, paint(rnd, 700), "sends what nobody asked for:")
	}
	if err != nil || !m.again {
		return err
	}
	if err := await(ctx, func() bool { return v.demo.returns.isLanded(first) }); err != nil {
		return err
	}
	_, err = v.send(ctx, r, slowly, paint(rnd, 900), "has retouched once more")
	return err
}

// send writes a content where the agent looks for it.
func (v *vendor) send(ctx context.Context, r retouch, how string, content []byte, what string) (*retouch, error) {
	r.sha = digestOf(content)
	v.say(r.bench, "%s %s (%s)%s", what, r.name, outbound.Bytes(int64(len(content))), how)
	noted := v.demo.returns.begin(r)
	err := writeFile(ctx, v.outPath(r), how, content)
	if err == nil {
		v.demo.returns.finish(noted)
	}
	return noted, err
}

// cutOff sends the beginning of a picture, and waits until the agent has found
// that out.
func (v *vendor) cutOff(ctx context.Context, r retouch, content []byte) error {
	r.cut = true
	if _, err := v.send(ctx, r, atOnce, content[:len(content)*3/5], "breaks off in the middle of uploading"); err != nil {
		return err
	}
	patient, cancel := context.WithTimeout(ctx, 12*time.Second)
	defer cancel()
	folder, why := v.demo.bench(r.bench).Imports.Path, ""
	await(patient, func() bool { // it may have been killed instead
		why = v.demo.eyes.refused(ctx, folder, r.name)
		return why != ""
	})
	if why != "" {
		v.demo.line.say(r.bench, whoAgent, "does not take %s: %s", r.name, why)
	}
	return ctx.Err()
}

func (v *vendor) outPath(r retouch) string {
	if v.desk.byBench && r.bench != "" {
		return v.desk.path(path.Join(v.desk.get, r.bench, r.name))
	}
	return v.desk.path(path.Join(v.desk.get, r.name))
}

// brief puts a file into each mirrored folder that is brought to the studio,
// once.
func (v *vendor) brief(ctx context.Context) error {
	if v.briefed {
		return nil
	}
	v.briefed = true
	for i, m := range v.desk.mirrors {
		if m.Direction != config.Get {
			continue
		}
		name, err := v.demo.mirrorName(i, m)
		if err != nil {
			return err
		}
		r := retouch{account: v.account, bench: m.title(), name: name}
		content := paint(v.rand(deskFile{name: name}), 600)
		r.sha = digestOf(content)
		v.say("", "puts %s into its mirrored folder %s", name, path.Base(m.at))
		noted := v.demo.returns.begin(r)
		if err := writeFile(ctx, v.desk.path(path.Join(m.at, name)), atOnce, content); err != nil {
			return err
		}
		v.demo.returns.finish(noted)
		if err := v.complete(m, name); err != nil {
			return err
		}
	}
	return nil
}

// complete writes what says that a file is whole, last.
func (v *vendor) complete(m deskMirror, name string) error {
	marker := map[string]string{"log": "demo_transfer_completed.log", "marker": name + ".done"}[m.Ready]
	if marker == "" {
		return nil
	}
	if err := os.WriteFile(v.desk.path(path.Join(m.at, marker)), fmt.Appendln(nil, "complete"), 0o644); err != nil {
		return fmt.Errorf("the retoucher cannot say that %s is complete: %w", name, err)
	}
	return nil
}
