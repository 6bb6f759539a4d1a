package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
)

func (d *demo) prologue() {
	if d.config == "" {
		d.line.print("Two benches, a photographer, the real agent, and a simulated Grand Shooting with 5 requests a second.\n")
	} else {
		d.line.print("A rehearsal of %s: hot folders, ledger and log are temporary, accounts are simulated.\n", d.config)
	}
	if d.chaos {
		d.line.print("Chaos, seed %d: the same seed plans the same trouble.\n", d.seed)
	}
	d.line.print("All of it happens in %s\n\n", d.dir)
}

// heard tells what the agent says.
func (d *demo) heard(l logLine) {
	if l.Msg == msgDelivered {
		if d.remotes[l.Account].serve != nil {
			return // the remote has told already
		}
		if s, ok := d.album.latest(l.Bench, l.Name); ok {
			d.saw(sighting{account: l.Account, at: time.Now(), sha: s.sha, name: l.Name, where: "there"})
		}
		return
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
			d.line.say("", s.account, "%s is %s; it is none of the photographer's", s.name, s.where)
		case again:
			d.line.say(shot.bench, s.account, "%s has come once more", s.name)
		default:
			d.line.say(shot.bench, s.account, "%s is %s, %s after its last byte", s.name, s.where, short(s.at.Sub(shot.done)))
		}
	}
	if text := faultText(s); text != "" {
		d.line.say("", whoChaos, "%s", text)
	}
}

// judge compares what the photographers made with the disk and the remotes.
func (d *demo) judge(ctx context.Context) (proof, error) {
	p := proof{delays: d.album.delays()}
	shots := d.album.finished()
	for _, account := range sortedKeys(d.remotes) {
		remote := d.remotes[account]
		holds, err := remote.holds()
		if err != nil {
			return p, err
		}
		for _, bench := range d.cfg.Benches {
			if !sendsTo(bench, account) {
				continue
			}
			disk, err := d.disk(bench.Name, account)
			if err != nil {
				return p, err
			}
			p.rows = append(p.rows, prove(bench.Name, account, wantedAt(account, shots, remote.marks), disk, holds))
		}
		if remote.traffic != nil {
			p.remarks = append(p.remarks, remote.traffic())
		}
	}
	p.remarks = append(p.remarks, d.album.remarks()...)
	d.explain(ctx, shots, p)
	return p, nil
}

// wantedAt are the shots that an account must have.
func wantedAt(account string, shots []shot, marks bool) (wanted []shot) {
	for _, s := range shots {
		if slices.Contains(s.to, account) {
			s.selected = s.selected && marks
			wanted = append(wanted, s)
		}
	}
	return wanted
}

// disk reads the hot folders of a bench that send to an account.
func (d *demo) disk(bench, account string) (all []diskFile, _ error) {
	for _, f := range d.cfg.HotFolders() {
		if f.Bench != bench || !slices.Contains(f.To, account) {
			continue
		}
		files, err := filesIn(f.Path)
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	return all, nil
}

// explain adds what the agent knows of each photo that is not where it should be.
func (d *demo) explain(ctx context.Context, shots []shot, p proof) {
	for i, r := range p.rows {
		for _, s := range shots {
			if r.lost == 0 || s.bench != r.bench || d.album.isAt(r.account, &s) {
				continue
			}
			if why := d.eyes.whyMissing(ctx, s.bench, s.name); why != "" {
				p.rows[i].faults = append(p.rows[i].faults, fmt.Sprintf("the agent says of %s: %s", s.name, why))
			}
		}
	}
}

// epilogue prints the proof and ends the demo with it.
func (d *demo) epilogue(ctx context.Context, late bool) error {
	p, err := d.judge(ctx)
	if err != nil {
		return err
	}
	d.line.mu.Lock()
	defer d.line.mu.Unlock()
	p.print(d.line.out)
	if late {
		fmt.Fprintf(d.line.out, "%s The time was over: %v.\n", signNeeds, errDemoLate)
	}
	if late || !p.ok() {
		return errSaid
	}
	return nil
}

// encore leaves the stage to people, until ctx ends.
func (d *demo) encore(ctx context.Context) error {
	if err := d.epilogue(ctx, false); err != nil {
		return err
	}
	program := d.exe
	if strings.Contains(program, "go-build") {
		program = "go run ./agent"
	}
	d.line.print("\nIt goes on until Ctrl-C. Drop pictures of your own into\n")
	for _, f := range d.cfg.HotFolders() {
		d.line.print("  %s\n", f.Path)
	}
	d.line.print("and ask, in another window:\n")
	for _, command := range []string{"status --watch", "why FILE", "reconcile"} {
		d.line.print("  %s %s --config %s\n", program, command, d.cfg.File)
	}
	d.line.print("reconcile asks the platform itself and needs the demo's token: %s\n\n", tokenCommand())
	return d.eyes.Run(ctx, d.waits)
}

// waits tells why the agent does not send a file yet. What it says of itself is
// up to half a second old: what has arrived meanwhile does not wait any more.
func (d *demo) waits(bench, name, reason string) {
	s, ok := d.album.latest(bench, name)
	if ok && slices.ContainsFunc(s.to, func(account string) bool { return d.album.isAt(account, &s) }) {
		return
	}
	d.line.say(bench, whoAgent, "does not send %s yet: %s", name, reason)
}

func tokenCommand() string {
	if runtime.GOOS == "windows" {
		return fmt.Sprintf(`$env:%s = "%s"`, demoVariable, demoToken)
	}
	return fmt.Sprintf("export %s=%s", demoVariable, demoToken)
}
