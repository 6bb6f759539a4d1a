package page

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/connectors"
)

const (
	projectsWithin  = 15 * time.Second // one question
	projectsWorking = 3 * time.Second  // between two, while the remote works on something
	projectsCalm    = 30 * time.Second // between two, otherwise
	projectsEager   = time.Minute      // after somebody has changed something
	projectsTrouble = 10 * time.Second // after one that came to nothing
	projectsWatched = 20 * time.Second // after a page has shown it: longer than keepAlive
	projectsKept    = 10 * time.Minute // after a page has shown it
	mostQuestions   = 8                // at the same time
	mostKept        = 1000             // questions; more are not answered
)

// A board keeps what remotes say of edit projects, for all pages together. Pages
// never wait for a remote: they show what is known, and are told of more. Remotes
// are asked only while somebody looks.
type board struct {
	mu   sync.Mutex
	all  map[question]*told
	poke chan struct{} // 1-buffered: somebody looks
}

// A question is for one project, by its ID or folder, or for all of an account.
type question struct{ account, project string }

// A told is what a remote said.
type told struct {
	Projects []connectors.Project // one, if one was asked for
	At       time.Time            // of the answer; zero if there was none yet
	Trouble  string               // why the latest question came to nothing; empty if it did not
	Since    time.Time            // of Trouble
	Refused  bool                 // the remote has answered, and Trouble is what it said

	seen, next time.Time // when a page showed it last, and when to ask again
	eager      time.Time // until when it is asked for often: somebody has changed something
	asking     bool
}

// of returns what is known by now, and has it asked for.
func (b *board) of(account, project string) told {
	b.mu.Lock()
	defer b.mu.Unlock()
	q := question{account, project}
	if b.all == nil {
		b.all = map[question]*told{}
	}
	if b.all[q] == nil {
		if len(b.all) >= mostKept {
			return told{}
		}
		b.all[q] = &told{}
	}
	b.all[q].seen = time.Now()
	b.wake()
	return *b.all[q]
}

// stale has all of an account asked for anew, and often for a while: somebody has
// changed something, which the remote does in its own time.
func (b *board) stale(account string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for q, t := range b.all {
		if q.account == account {
			t.next, t.eager = time.Time{}, time.Now().Add(projectsEager)
		}
	}
	b.wake()
}

// wake has run look; b.mu is held.
func (b *board) wake() {
	select {
	case b.pokes() <- struct{}{}:
	default: // it will look anyway
	}
}

func (b *board) pokes() chan struct{} {
	if b.poke == nil {
		b.poke = make(chan struct{}, 1)
	}
	return b.poke
}

// run asks until ctx ends, and calls tell when there is something new.
func (b *board) run(ctx context.Context, connector func(account string) connectors.Connector, tell func()) error {
	b.mu.Lock()
	poke := b.pokes()
	b.mu.Unlock()
	var group errgroup.Group
	group.SetLimit(mostQuestions)
	defer group.Wait()
	for {
		due, wait := b.due(time.Now())
		for _, q := range due {
			group.Go(func() error {
				if b.ask(ctx, q, connector(q.account).Projects) {
					tell()
				}
				return nil
			})
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-poke:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// due lists what is to be asked now, and how long it is until something else may
// be. What nobody has looked at for long is forgotten.
func (b *board) due(now time.Time) (due []question, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	wait = time.Minute
	for q, t := range b.all {
		switch unseen := now.Sub(t.seen); {
		case t.asking:
		case unseen > projectsKept:
			delete(b.all, q)
		case unseen > projectsWatched:
		case t.next.After(now):
			wait = min(wait, t.next.Sub(now))
		default:
			t.asking = true
			due = append(due, q)
		}
	}
	return due, wait
}

// ask asks one question and reports whether the answer is another one than before.
func (b *board) ask(ctx context.Context, q question, projects *connectors.Projects) (changed bool) {
	ctx, cancel := context.WithTimeout(ctx, projectsWithin)
	defer cancel()
	var found []connectors.Project
	var err error
	switch {
	case projects == nil:
		err = fmt.Errorf("account %s does not run", q.account)
	case q.project == "":
		found, err = projects.List(ctx)
	default:
		var one connectors.Project
		one, err = projects.Show(ctx, q.project)
		found = []connectors.Project{one}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.wake() // it knows then when to ask next
	t := b.all[q]
	was := *t
	t.asking = false
	t.answer(time.Now(), found, err)
	return was.At.IsZero() != t.At.IsZero() || was.Trouble != t.Trouble || !reflect.DeepEqual(was.Projects, t.Projects)
}

// answer takes over what a remote said at now. What it said before is kept while
// it cannot be asked.
func (t *told) answer(now time.Time, found []connectors.Project, err error) {
	switch {
	case err == nil:
		t.Projects, t.At, t.Trouble, t.Since, t.Refused = found, now, "", time.Time{}, false
		t.next = now.Add(projectsCalm)
		if now.Before(t.eager) || len(found) == 1 && found[0].Stage == connectors.Working {
			t.next = now.Add(projectsWorking)
		}
		return
	case errors.Is(err, connectors.ErrRejected):
		t.Projects, t.At, t.Refused = nil, now, true
	}
	if t.Trouble == "" {
		t.Since = now
	}
	t.Trouble, t.next = err.Error(), now.Add(projectsTrouble)
}
