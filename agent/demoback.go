package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// proveBack compares what a retoucher has sent for a bench with what has landed
// there: each finished content once, under its name, and nothing else.
func proveBack(bench, account string, sent []retouch, landed []landedFile, known func(sha string) bool) row {
	r := row{bench: bench, account: account, back: true}
	wanted, names, there := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, s := range sent {
		if s.bench != bench || s.account != account || s.cut {
			continue
		}
		wanted[s.sha], names[s.name] = true, true
		found := 0
		for _, f := range landed {
			if f.sha != s.sha {
				continue
			}
			if found++; f.name != "" && f.name != s.name {
				r.fault(&r.torn, "%s of %s has landed as %s", s.name, account, f.name)
			}
		}
		if found == 0 {
			r.fault(&r.lost, "%s of %s has not landed", s.name, account)
			continue
		}
		r.versions++
		there[s.name] = true
		if found > 1 {
			r.fault(&r.doubled, "%s of %s has landed %d times", s.name, account, found)
		}
	}
	r.disk, r.held = len(names), len(there)
	for _, f := range landed {
		if !wanted[f.sha] && !known(f.sha) {
			r.fault(&r.torn, "%s in the import folder is torn or strange: no retoucher has finished such a content for this bench", orUnnamed(f.name))
		}
	}
	return r
}

func orUnnamed(name string) string {
	if name == "" {
		return "an older version"
	}
	return name
}

// back says what has come back: a row for each import folder and account, what
// lies in quarantine, and what became of the tasks.
func (d *demo) back(ctx context.Context, p *proof) error {
	sent := d.returns.finished()
	for _, im := range d.importers() {
		landed, err := im.files()
		if err != nil {
			return err
		}
		if im.bench == "" {
			d.backInQuarantine(p, sent, landed)
			continue
		}
		for _, account := range accountsOf(sent, im.bench) {
			p.back = append(p.back, proveBack(im.bench, account, sent, landed, func(sha string) bool {
				return d.album.has(sha) || slices.ContainsFunc(sent, func(r retouch) bool {
					return r.sha == sha && r.bench == im.bench && r.account != account && !r.cut
				})
			}))
		}
	}
	d.handedBack(p)
	return d.backTasks(ctx, p)
}

func accountsOf(sent []retouch, bench string) (all []string) {
	for _, r := range sent {
		if r.bench == bench && !slices.Contains(all, r.account) {
			all = append(all, r.account)
		}
	}
	return all
}

// backInQuarantine judges what nobody asked for, and tells the reasons.
func (d *demo) backInQuarantine(p *proof, sent []retouch, kept []landedFile) {
	r := row{bench: "quarantine", back: true}
	for _, s := range sent {
		if !s.stray() {
			continue
		}
		r.account = s.account
		i := slices.IndexFunc(kept, func(f landedFile) bool { return f.sha == s.sha })
		if i < 0 {
			r.fault(&r.lost, "%s, which nobody asked for, is not in quarantine", s.name)
			continue
		}
		why := reasonIn(filepath.Join(d.cfg.Quarantine, filepath.FromSlash(kept[i].name)+".why.txt"))
		if why == "" {
			r.fault(&r.lost, "%s is in quarantine, but nothing says why", s.name)
		}
		p.remarks = append(p.remarks, fmt.Sprintf("%s, which nobody asked for, is in quarantine: %s", s.name, why))
	}
	for _, f := range kept {
		if strings.HasSuffix(f.name, ".why.txt") {
			continue
		}
		if !slices.ContainsFunc(sent, func(s retouch) bool { return s.stray() && s.sha == f.sha }) {
			r.fault(&r.torn, "%s is in quarantine, but it belongs somewhere or is torn", f.name)
		}
	}
	if len(r.faults) > 0 {
		p.back = append(p.back, r)
	}
}

// reasonIn reads the reason from the letter beside a file in quarantine; empty
// if there is none.
func reasonIn(letter string) string {
	text, err := os.ReadFile(letter)
	_, after, found := strings.Cut(string(text), "Why:")
	if err != nil || !found {
		return ""
	}
	why, _, _ := strings.Cut(after, "\n")
	return strings.TrimSpace(why)
}

// backTasks counts the pictures of all tasks that come back.
func (d *demo) backTasks(ctx context.Context, p *proof) error {
	tasks, err := d.eyes.tasks(ctx)
	if err != nil {
		return err
	}
	r := row{bench: "tasks", back: true}
	pictures, n, waived := 0, 0, 0
	for _, t := range tasks {
		if !d.retouches(t) {
			continue
		}
		c, all, err := countPictures(ctx, d.eyes.ledger, t, time.Now())
		if err != nil {
			return err
		}
		n, pictures, r.account = n+1, pictures+c.all, t.Account
		for _, picture := range all {
			switch s, _ := d.album.latest(t.Bench, picture.Out.Name); {
			case picture.State == ledger.PictureImported:
			case picture.State == ledger.PictureClosed && s.waived:
				waived++
			default:
				r.fault(&r.lost, "task %s: %s is not imported but %s %s", t.Title, picture.Out.Name, picture.State, picture.Reason)
			}
		}
		if t.State != ledger.TaskDone && c.all > 0 && len(r.faults) == 0 {
			r.fault(&r.lost, "task %s is not done but %s %s", t.Title, t.State, t.Reason)
		}
	}
	switch {
	case len(r.faults) > 0:
		p.back = append(p.back, r)
	case waived > 0:
		p.remarks = append(p.remarks, fmt.Sprintf("%s in %s: %d imported, %d written off by the manager", count(pictures, "picture"), count(n, "task"), pictures-waived, waived))
	case n > 0:
		p.remarks = append(p.remarks, fmt.Sprintf("%s in %s, all imported", count(pictures, "picture"), count(n, "task")))
	}
	return nil
}

// retouches reports whether somebody plays the vendor of a task.
func (d *demo) retouches(t ledger.Task) bool {
	return d.remotes[t.Account].gives() && importsFrom(d.bench(t.Bench), t.Account)
}

// awaits reports whether a retouch of s must still come from an account.
func (d *demo) awaits(account string, s shot) bool {
	return s.wanted(account) && !s.waived && importsFrom(d.bench(s.bench), account) && !d.returns.answered(account, s.sha)
}

// isBack reports whether all that was chosen has come back, and every task is
// done.
func (d *demo) isBack(ctx context.Context) bool {
	for _, v := range d.vendors {
		if v.busy.Load() > 0 {
			return false
		}
	}
	for account, r := range d.remotes {
		if r.gives() && slices.ContainsFunc(d.album.finished(), func(s shot) bool { return d.awaits(account, s) }) {
			return false
		}
	}
	if !d.returns.home() {
		return false
	}
	tasks, err := d.eyes.tasks(ctx)
	return err == nil && !slices.ContainsFunc(tasks, func(t ledger.Task) bool { return d.retouches(t) && t.State.Open() })
}
