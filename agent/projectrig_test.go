package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
)

// An editRoom is a folder of edit projects with its watchers, and no account.
type editRoom struct {
	*testing.T
	cfg    config.HotFolder
	ledger *ledger.Ledger
	folder *hotFolder
	woken  int
	stop   func()
}

func inEditRoom(t *testing.T, test func(r *editRoom)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := &editRoom{T: t, stop: func() {}, cfg: config.HotFolder{Bench: "edit-1", Role: config.Project, Rest: 5 * time.Second, Folder: config.Folder{
			Path: filepath.Join(dir, "edit"), To: []string{"ml"}, HoldAbove: config.HoldAbove{Files: 100, Size: 1 << 40}, Renamed: "send", Rescan: time.Minute, Metadata: "send",
		}}}
		var err error
		if r.ledger, err = ledger.Open(t.Context(), ledger.Options{Path: filepath.Join(dir, "l.db"), Name: "test", Version: "1"}); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(r.cfg.Path, 0o755); err != nil {
			t.Fatal(err)
		}
		defer func() { r.stop(); r.ledger.Close() }()
		test(r)
	})
}

// start runs the watchers anew, as another process would.
func (r *editRoom) start() {
	r.Helper()
	r.stop()
	h, err := toolbox{log: slog.New(slog.DiscardHandler)}.hotFolder(r.Context(), r.ledger, r.cfg, map[string]connection{})
	if err != nil {
		r.Fatal(err)
	}
	local := false
	h.hints = watch.NewHints("") // no events: they come from outside of the bubble
	h.watch.Hints, h.watch.Network, h.projects.relook, h.projects.wake = h.hints, &local, h.hints.Look, func() { r.woken++ }
	ctx, cancel := context.WithCancel(r.Context())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return h.watch.Run(ctx, h.enqueuer.Emit) })
	group.Go(func() error { return h.projects.Run(ctx) })
	r.folder = h
	r.stop = func() { cancel(); group.Wait(); r.stop = func() {} }
}

// pass lets the watchers look at everything, and time go by.
func (r *editRoom) pass(d time.Duration) {
	r.folder.hints.LookAll()
	time.Sleep(d)
	synctest.Wait()
}

func (r *editRoom) at(name string) string { return filepath.Join(r.cfg.Path, filepath.FromSlash(name)) }

func (r *editRoom) write(names ...string) {
	r.Helper()
	for _, name := range names {
		if err := os.MkdirAll(filepath.Dir(r.at(name)), 0o755); err != nil {
			r.Fatal(err)
		}
		if err := os.WriteFile(r.at(name), []byte("content of "+name), 0o644); err != nil {
			r.Fatal(err)
		}
	}
}

func (r *editRoom) rename(from, to string) {
	r.Helper()
	if err := os.Rename(r.at(from), r.at(to)); err != nil {
		r.Fatal(err)
	}
}

// jobs are the media that go, with the project of each.
func (r *editRoom) jobs() (all []string) {
	r.Helper()
	found, err := r.ledger.Search(r.Context(), ledger.Search{Account: "ml", Most: 1000})
	if err != nil {
		r.Fatal(err)
	}
	projects := map[string]string{}
	for _, t := range r.projects() {
		projects[t.ID] = t.Title
	}
	for _, j := range found.Jobs {
		all = append(all, fmt.Sprintf("%s of %q", j.Name, projects[j.Batch]))
	}
	slices.Sort(all)
	return all
}

func (r *editRoom) projects() []ledger.Task {
	r.Helper()
	all, err := r.ledger.Projects(r.Context(), "ml")
	if err != nil {
		r.Fatal(err)
	}
	return all
}

// want compares the roots of projects that are registered or to be.
func (r *editRoom) want(roots ...string) {
	r.Helper()
	var got []string
	for _, t := range r.projects() {
		if root, _ := r.folder.projects.below(t.Key); t.State.Open() {
			got = append(got, root)
		}
	}
	if !slices.Equal(got, roots) {
		r.Errorf("projects %q, want %q", got, roots)
	}
}

func (r *editRoom) wantJobs(want ...string) {
	r.Helper()
	if got := r.jobs(); !slices.Equal(got, want) {
		r.Errorf("jobs\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// wantWhy looks for a text in the reason for which a file does not go.
func (r *editRoom) wantWhy(name, text string) {
	r.Helper()
	if got := r.folder.projects.why(name); !strings.Contains(got, text) || text == "" && got != "" {
		r.Errorf("%s does not go because %q, want %q", name, got, text)
	}
}

// registered has the account take a project, as the sender would.
func (r *editRoom) registered(root string) {
	r.Helper()
	t, ok, err := r.folder.projects.task(r.Context(), root)
	if err != nil || !ok {
		r.Fatalf("%s is no project: %v", root, err)
	}
	for _, what := range []ledger.What{ledger.Published, ledger.Accepted} {
		if t, err = r.ledger.RecordTask(t, ledger.TaskEvent{What: what, At: time.Now()}); err != nil {
			r.Fatal(err)
		}
	}
}

// life is what is told of a project.
func (r *editRoom) life(root string) string {
	r.Helper()
	entries, err := r.ledger.History(r.Context(), "", ledger.TaskID("ml", r.at(root)))
	if err != nil {
		r.Fatal(err)
	}
	var text strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&text, "%s %s\n", e.What, e.Reason)
	}
	return text.String()
}
