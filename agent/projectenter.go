package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch/bundle"
)

// register enters what is new into the ledger. held says that a person must
// release the folder first.
func (p *projectWatch) register(ctx context.Context) (held bool, err error) {
	added := false
	for _, k := range p.kept {
		if !k.goes() || p.tasks[k.Root] {
			continue
		}
		f, seen, err := p.ledger.FindFolder(ctx, p.Path)
		if err != nil || !seen || f.Held != "" {
			return true, err
		}
		if err := p.enter(ctx, k.Root); err != nil {
			return false, err
		}
		p.tasks[k.Root], added = true, true
		p.log.Info("Edit project found", "project", k.Root)
	}
	if added {
		p.wake()
	}
	return false, nil
}

// enter enters a project, also one that was called off.
func (p *projectWatch) enter(ctx context.Context, root string) error {
	key := p.key(root)
	if err := p.ledger.AddProject(time.Now(), ledger.Task{Account: p.To[0], Bench: p.Bench, Key: key, Title: bundle.Title(key)}); err != nil {
		return err
	}
	t, _, err := p.task(ctx, root)
	if err == nil && !t.State.Open() {
		_, err = p.ledger.RecordTask(t, ledger.TaskEvent{What: ledger.Reordered, At: time.Now(), Reason: "its folder is there again"})
	}
	return err
}

// registerAnew registers the project that a path lies in, though it was left alone
// or is registered under another name: a person says so. The answer is for people.
func (p *projectWatch) registerAnew(ctx context.Context, path string) (answer string, err error) {
	p.turn.Lock()
	defer p.turn.Unlock()
	name, below := p.below(path)
	i := slices.IndexFunc(p.kept, func(k keptProject) bool {
		return name == k.home() || name == k.Root || strings.HasPrefix(name, k.Root+"/")
	})
	switch {
	case !below || i < 0:
		return "", fmt.Errorf("%s is no edit project that the agent knows in %s", path, p.Path)
	case !p.kept[i].Gone.IsZero():
		return "", fmt.Errorf("%s is not there any more", path)
	case p.kept[i].goes():
		return "", fmt.Errorf("%s is registered, or about to be: studio-agent project show %q", p.kept[i].Root, p.key(p.kept[i].Root))
	}
	kept := slices.Clone(p.kept)
	was := kept[i].From
	kept[i].From, kept[i].Since, kept[i].Alone, kept[i].Deleted = "", time.Time{}, false, false
	delete(p.tasks, kept[i].Root)
	if err := p.save(kept); err != nil {
		return "", err
	}
	s := &projectLook{projectWatch: p, fresh: []string{kept[i].Root}}
	answer = fmt.Sprintf("%s is registered with %s now, and its media are imported and linked", kept[i].Root, p.To[0])
	if was != "" {
		s.notes = []projectNote{{was, fmt.Sprintf("a person registered its folder, %s now, as another project: delete this one if it is not wanted any more", kept[i].Root), false}}
		answer += fmt.Sprintf(". The project of %s stays at %s: delete it there if it is not wanted any more", was, p.To[0])
	}
	for _, b := range p.there {
		s.all = append(s.all, b)
	}
	s.publish()
	p.ring()
	return answer, s.tell(ctx)
}

// letGo has nothing more done for a project that a person had deleted.
func (p *projectWatch) letGo(ctx context.Context, root string) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	kept := slices.Clone(p.kept)
	for i, k := range kept {
		if k.home() == root {
			kept[i].Deleted = true
		}
	}
	if err := p.save(kept); err != nil {
		return err
	}
	t, entered, err := p.task(ctx, root)
	if err != nil || !entered || !t.State.Open() {
		return err
	}
	_, err = p.ledger.RecordTask(t, ledger.TaskEvent{What: ledger.WrittenOff, At: time.Now(), Reason: "a person had it deleted"})
	return err
}

// sendProject has a project tried again that waits for a person.
func (a *agent) sendProject(c ledger.Control, t ledger.Task) (string, error) {
	switch {
	case t.State == ledger.AtVendor:
		return "", fmt.Errorf("project %s is up to date at %s", shown(t.Title), t.Account)
	case t.State != ledger.Collecting:
		return "", fmt.Errorf("project %s is %s", shown(t.Title), t.State)
	}
	again := ledger.TaskStep{Task: t, Event: ledger.TaskEvent{What: ledger.Full, At: time.Now(), Reason: "a person said: try again"}}
	answer, err := a.decide(c, fmt.Sprintf("project %s is tried again", shown(t.Title)), ledger.Decision{TaskSteps: []ledger.TaskStep{again}})
	a.wakeSender(t.Account)
	return answer, err
}
