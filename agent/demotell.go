package main

import (
	"fmt"
	"path"
	"slices"
	"time"
)

// heard tells what the agent says.
func (d *demo) heard(l logLine) {
	switch l.Msg {
	case msgDelivered:
		d.delivered(l)
		return
	case msgLanded:
		d.landed(l)
		return
	case msgPage:
		d.page.Store(&l.URL)
	}
	if text := l.sentence(); text != "" {
		d.line.say(l.Bench, whoAgent, "%s", text)
	}
}

// saw tells what a remote has seen.
func (d *demo) saw(s sighting) {
	if s.sha != "" {
		shot, known, again := d.album.arrive(s.account, s.sha, s.at)
		switch {
		case !known:
			whose := whoPhotographer
			if d.remotes[s.account].tasks != nil {
				whose = whoArtist
			}
			d.line.say("", s.account, "%s is %s; it is none of the %s's", s.name, s.where, whose)
		case again && s.op == opOrder:
			d.line.say(column(shot.bench), s.account, "%s is %s: it was ordered once more", s.name, s.where)
		case again:
			d.line.say(column(shot.bench), s.account, "%s has come once more", s.name)
		default:
			what := "its last byte"
			if !slices.Contains(shot.to, s.account) {
				what = "it was chosen"
			}
			d.line.say(column(shot.bench), s.account, "%s is %s, %s after %s", s.name, s.where, short(s.at.Sub(shot.since(s.account))), what)
		}
	}
	if text := faultText(s); text != "" {
		d.line.say("", whoChaos, "%s", text)
	}
}

// delivered tells of a photo at an account that does not tell by itself.
func (d *demo) delivered(l logLine) {
	r := d.remotes[l.Account]
	if r.serve != nil || r.desk == nil {
		return
	}
	name := l.Name
	if r.desk.byBench && l.Bench != "" {
		name = path.Join(l.Bench, name)
	}
	for _, folder := range r.desk.puts(l.Bench) {
		if f, ok := r.desk.arrived(path.Join(folder, name), false); ok {
			d.saw(r.desk.sight(sighting{account: l.Account, at: time.Now()}, f))
		}
	}
}

// landed tells what the agent has put into an import folder.
func (d *demo) landed(l logLine) {
	if d.remotes[l.Account].tasks != nil && isMade(l.Name) {
		return // its reader tells
	}
	bench, into := l.Bench, "the import folder"
	if bench == "" {
		bench, into = d.mirrorOf(l.Folder), "the mirrored folder"
	}
	after := ""
	if r, ok := d.returns.latest(l.Account, bench, l.Name); ok && !r.asked {
		after = fmt.Sprintf(", %s after its last byte", short(time.Since(r.done)))
	}
	d.line.say(l.Bench, whoAgent, "%s of %s has landed in %s%s", l.Name, l.Account, into, after)
}

// mirrorOf is the title of the mirror that fills a folder.
func (d *demo) mirrorOf(folder string) string {
	for _, m := range d.cfg.Mirrors {
		if m.Path == folder {
			return deskMirror{Mirror: m}.title()
		}
	}
	return ""
}

// benchOf is whose a photo at an account is: that of who made it, or else the
// only one that it can be.
func (d *demo) benchOf(sha string, benches []string) string {
	if bench := d.album.benchOf(sha); bench != "" {
		return bench
	}
	if len(benches) == 1 {
		return benches[0]
	}
	return ""
}

// waits tells why the agent does not send a file yet. What it says of itself is
// up to half a second old: what has arrived meanwhile does not wait any more.
func (d *demo) waits(bench, name, reason string) {
	s, ok := d.album.latest(bench, name)
	if ok && slices.ContainsFunc(s.to, func(account string) bool { return d.album.isAt(account, &s) }) {
		return
	}
	d.line.say(column(bench), whoAgent, "does not send %s yet: %s", name, reason)
}

// ready notes a retouch that is ready at an account where no folder shows it.
func (d *demo) ready(account, original, retouched string) {
	s, known := d.album.shotOf(original)
	b := d.bench(s.bench)
	if !known || !importsFrom(b, account) {
		return
	}
	d.returns.overtake(account, original)
	d.returns.finish(d.returns.begin(retouch{account: account, bench: s.bench, name: s.name, answers: original, sha: retouched, asked: b.Imports.Import == "ask"}))
	d.line.say(s.bench, account, "has retouched %s", s.name)
}
