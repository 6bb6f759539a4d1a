package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/studio-agent/studio-agent/agent/config"
)

// judge compares what the photographers made with the disk and the remotes.
func (d *demo) judge(ctx context.Context) (proof, error) {
	p := proof{delays: d.album.delays(), home: d.returns.delays(), tasks: len(d.handouts()) > 0 && len(d.vendors) == 0}
	shots := d.album.finished()
	for _, account := range sortedKeys(d.remotes) {
		remote := d.remotes[account]
		holds, err := remote.holds()
		if err != nil {
			return p, err
		}
		for _, title := range d.senders(account) {
			disk, err := d.disk(title, account)
			if err != nil {
				return p, err
			}
			p.rows = append(p.rows, prove(title, account, wantedAt(account, shots, remote.marks), disk, holds))
		}
		if remote.traffic != nil {
			p.remarks = append(p.remarks, remote.traffic())
		}
	}
	p.remarks = append(p.remarks, d.album.remarks()...)
	d.explain(ctx, shots, p)
	return p, d.back(ctx, &p)
}

// senders are the benches and mirrors that send to an account.
func (d *demo) senders(account string) (titles []string) {
	for _, b := range d.cfg.Benches {
		if sendsTo(b, account) || d.remotes[account].orders && importsFrom(b, account) {
			titles = append(titles, b.Name)
		}
	}
	for _, f := range d.cfg.HotFolders() {
		if f.Role == config.MirrorRole && slices.Contains(f.To, account) {
			titles = append(titles, f.Title())
		}
	}
	return titles
}

// wantedAt are the shots that an account must have.
func wantedAt(account string, shots []shot, marks bool) (wanted []shot) {
	for _, s := range shots {
		if s.wanted(account) {
			chosen := slices.Contains(s.chosen, account)
			if s.selected = marks && chosen; !chosen {
				s.again = 0 // that was elsewhere
			}
			wanted = append(wanted, s)
		}
	}
	return wanted
}

// disk reads the hot folders of a bench or mirror that send to an account: what
// is sent of them, so without sidecars.
func (d *demo) disk(title, account string) (all []diskFile, _ error) {
	for _, f := range d.cfg.HotFolders() {
		if f.Title() != title || !slices.Contains(f.To, account) {
			continue
		}
		files, err := filesIn(f.Path)
		if err != nil {
			return nil, err
		}
		files = slices.DeleteFunc(files, func(file diskFile) bool {
			s, _ := d.album.shotOf(file.sha)
			return s.withheld
		})
		skip := skipOf(f)
		skip.Sidecars = false
		if f.Role == config.Project {
			if skip.Also, err = counted(context.Background(), f); err != nil {
				return nil, err
			}
		}
		all = append(all, slices.DeleteFunc(files, func(file diskFile) bool { return skip.Reason(file.name, false) != "" })...)
	}
	return all, nil
}

// explain adds what the agent knows of each photo that is not where it should be.
func (d *demo) explain(ctx context.Context, shots []shot, p proof) {
	for i, r := range p.rows {
		for _, s := range shots {
			if r.lost == 0 || s.bench != r.bench || !s.wanted(r.account) || d.album.isAt(r.account, &s) {
				continue
			}
			if why := d.eyes.whyMissing(ctx, s.bench, s.name); why != "" {
				p.rows[i].faults = append(p.rows[i].faults, fmt.Sprintf("the agent says of %s: %s", s.name, why))
			}
		}
	}
}
