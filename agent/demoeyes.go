package main

import (
	"context"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
)

// eyesEvery is how often the demo looks at what the agent does.
const eyesEvery = 100 * time.Millisecond

// An onlooker sees what the agent does, as status and why do: in the ledger.
type onlooker struct {
	cfg    *config.Config
	ledger *ledger.Ledger
}

// await waits until ok, or until ctx ends.
func await(ctx context.Context, ok func() bool) error {
	tick := time.NewTicker(eyesEvery)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}

// open waits until the agent watches all its hot folders.
func (o *onlooker) open(ctx context.Context) error {
	return await(ctx, func() bool {
		if o.ledger == nil {
			o.ledger, _ = ledger.OpenForPeople(ctx, ledger.Options{Path: o.cfg.Ledger}) // not made yet
		}
		folders := o.live(ctx).Folders
		for _, f := range folders {
			if f.Scanned.IsZero() {
				return false
			}
		}
		return len(folders) > 0
	})
}

func (o *onlooker) close() error {
	if o.ledger == nil {
		return nil
	}
	return o.ledger.Close()
}

// live is what a running agent says of itself; zero if none runs.
func (o *onlooker) live(ctx context.Context) (live overview.Live) {
	if o.ledger != nil {
		_, _, live, _ = overview.Now(ctx, o.ledger) // unknown is none
	}
	return live
}

// holds reports whether a photo waits for a person.
func (o *onlooker) holds(ctx context.Context, bench, name string) bool {
	parked, _ := o.ledger.Parked(ctx, 1000) // unknown is no
	for _, j := range parked {
		if j.Bench == bench && j.Name == name {
			return true
		}
	}
	return false
}

// knows reports whether the agent has taken note of every file of a hot folder
// as it is on disk now.
func (o *onlooker) knows(ctx context.Context, f config.HotFolder) bool {
	if f.Role == config.Project {
		return o.registered(ctx, f)
	}
	return o.knowsAll(ctx, f.Path, watch.Skip{Include: f.Include, Exclude: f.Exclude, Apart: f.Apart})
}

func (o *onlooker) knowsAll(ctx context.Context, folder string, skip watch.Skip) bool {
	known := true
	err := watch.Walk(ctx, folder, skip, func(found watch.Found) error {
		if found.Skipped != "" || found.Folder {
			return nil
		}
		file, ok, err := o.ledger.FindFile(ctx, folder, found.Name)
		known = known && ok && err == nil && found.Stamp.Same(watch.Stamp(file.Stamp))
		return err
	})
	return err == nil && known
}

// settled reports whether the agent has nothing left to do: it knows every file
// as it is, and no job of it is open.
func (o *onlooker) settled(ctx context.Context) bool {
	for _, f := range o.cfg.HotFolders() {
		if !o.knows(ctx, f) {
			return false
		}
	}
	busy, err := o.ledger.Busy(ctx, time.Now().Add(24*time.Hour))
	return err == nil && !busy
}

// tasks are all tasks, the newest first.
func (o *onlooker) tasks(ctx context.Context) ([]ledger.Task, error) {
	if o.ledger == nil {
		return nil, nil
	}
	return o.ledger.Tasks(ctx, "", true)
}

// refused is why a retouch was not taken when it was fetched; empty if it was.
func (o *onlooker) refused(ctx context.Context, folder, name string) string {
	jobs, _ := o.ledger.Jobs(ctx, folder, name) // unknown is no
	for _, j := range jobs {
		if j.Flow == ledger.In && j.Failures > 0 {
			return j.Reason
		}
	}
	return ""
}

// Run tells why files wait, each reason of a file once, until ctx ends. That a
// file must rest for a moment is not worth a line.
func (o *onlooker) Run(ctx context.Context, tell func(bench, name, reason string)) error {
	told := map[string]map[string]bool{} // reasons by file
	await(ctx, func() bool {             // its error is the end of ctx
		waiting := map[string]map[string]bool{}
		for _, f := range o.live(ctx).Folders {
			for _, w := range f.Waiting {
				key := f.Path + "\x00" + w.Name
				waiting[key] = told[key]
				if waiting[key] == nil {
					waiting[key] = map[string]bool{}
				}
				reason, _, _ := strings.Cut(w.Reason, " (since ")
				if waiting[key][reason] || strings.HasPrefix(reason, "it waits until it does not change") || strings.HasPrefix(reason, "it must stay unchanged") {
					continue
				}
				waiting[key][reason] = true
				tell(f.Bench, w.Name, reason)
			}
		}
		told = waiting
		return false
	})
	return nil
}

// recognised waits until the agent knows a file, and returns what it says of its
// earlier name; empty if nothing.
func (o *onlooker) recognised(ctx context.Context, folder, name string) (note string, _ error) {
	err := await(ctx, func() bool {
		_, known, err := o.ledger.FindFile(ctx, folder, name)
		return known && err == nil
	})
	if err != nil {
		return "", err
	}
	history, err := o.ledger.History(ctx, folder, name)
	for _, e := range history {
		if strings.HasPrefix(e.Reason, "renamed from ") {
			note = e.Reason
		}
	}
	return note, err
}

// whyMissing is what the agent knows of a photo that is not where it should be.
func (o *onlooker) whyMissing(ctx context.Context, bench, name string) string {
	for _, f := range o.cfg.HotFolders() {
		if f.Title() != bench {
			continue
		}
		if f.Role == config.Select { // it was moved there
			name = path.Base(filepath.ToSlash(name))
		}
		jobs, err := o.ledger.Jobs(ctx, f.Path, filepath.ToSlash(name))
		for _, j := range jobs {
			if err == nil && j.State != ledger.Done {
				return string(j.State) + ", " + reasonOf(j)
			}
		}
	}
	return ""
}
