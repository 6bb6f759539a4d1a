package page

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// A server of projects that is played.
type fakeProjects struct {
	mu    sync.Mutex
	all   []connectors.Project
	err   error
	hangs bool
	asked []string
}

func (f *fakeProjects) connector(string) connectors.Connector {
	return connectors.Connector{Projects: &connectors.Projects{
		List: func(ctx context.Context) ([]connectors.Project, error) { return f.answer(ctx, "") },
		Show: func(ctx context.Context, which string) (connectors.Project, error) {
			all, err := f.answer(ctx, which)
			if err != nil {
				return connectors.Project{}, err
			}
			for _, p := range all {
				if p.ID == which || p.Path == which {
					return p, nil
				}
			}
			return connectors.Project{}, connectors.Rejected("there is no project %s", which)
		},
	}}
}

func (f *fakeProjects) answer(ctx context.Context, which string) ([]connectors.Project, error) {
	f.mu.Lock()
	f.asked = append(f.asked, which)
	all, err, hangs := append([]connectors.Project(nil), f.all...), f.err, f.hangs
	f.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return all, err
}

func (f *fakeProjects) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// questions are those since the last call.
func (f *fakeProjects) questions() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := fmt.Sprintf("%d %s", len(f.asked), strings.Join(f.asked, " "))
	f.asked = nil
	return strings.TrimSpace(n)
}

// onBoard runs a board for the time of a test, and counts what it tells.
func onBoard(t *testing.T, f *fakeProjects, do func(b *board, told *int)) {
	synctest.Test(t, func(t *testing.T) {
		var b board
		told := 0
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.run(ctx, f.connector, func() { told++ }) }()
		synctest.Wait()
		do(&b, &told)
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("run ended with %v", err)
		}
	})
}

// wants checks what was asked since the last call.
func (f *fakeProjects) wants(t *testing.T, when, want string) {
	t.Helper()
	synctest.Wait()
	if got := f.questions(); got != want {
		t.Errorf("%s: asked %q, want %q", when, got, want)
	}
}

func TestARemoteIsAskedOnlyWhileAPageIsOpen(t *testing.T) {
	f := &fakeProjects{all: []connectors.Project{{ID: "7", Stage: connectors.Working, Step: 1, Steps: 6}}}
	onBoard(t, f, func(b *board, told *int) {
		time.Sleep(time.Hour)
		f.wants(t, "without a page", "0")
		if got := b.of("mam", "7"); !got.At.IsZero() || got.Trouble != "" {
			t.Errorf("the first look waits for nothing, and knows nothing: %+v", got)
		}
		f.wants(t, "at the first look", "1 7")
		for range 4 {
			time.Sleep(projectsWorking)
			b.of("mam", "7")
			b.of("mam", "7") // a second page: no second question
		}
		f.wants(t, "while it is copied", "4 7 7 7 7")
		if *told != 1 {
			t.Errorf("%d times news, want once: nothing has changed since", *told)
		}
		f.set(func() { f.all[0].Stage = connectors.Ready })
		time.Sleep(projectsWorking)
		b.of("mam", "7")
		f.wants(t, "as the copy ends", "1 7")
		time.Sleep(projectsWatched - time.Second)
		f.wants(t, "once it is copied", "0")
		time.Sleep(time.Hour)
		f.wants(t, "after the page was left", "0")
		if *told != 2 {
			t.Errorf("%d times news, want 2", *told)
		}
	})
}

func TestARemoteThatIsAwayIsTriedAgainAndWhatItSaidIsKept(t *testing.T) {
	f := &fakeProjects{all: []connectors.Project{{ID: "7", Name: "Spring"}}}
	onBoard(t, f, func(b *board, told *int) {
		b.of("mam", "")
		synctest.Wait()
		f.set(func() { f.err = errors.New("no route to host") })
		b.stale("mam")
		synctest.Wait()
		since := time.Now()
		for range 3 {
			time.Sleep(projectsTrouble)
			b.of("mam", "")
		}
		f.wants(t, "while it is away", "5")
		got := b.of("mam", "")
		if got.Trouble != "no route to host" || !got.Since.Equal(since) || len(got.Projects) != 1 || got.Refused {
			t.Errorf("got %+v", got)
		}
		f.set(func() { f.err = connectors.Rejected("the login may not list projects") })
		time.Sleep(projectsTrouble)
		b.of("mam", "")
		synctest.Wait()
		if got := b.of("mam", ""); !got.Refused || len(got.Projects) != 0 {
			t.Errorf("after a refusal: %+v", got)
		}
		f.set(func() { f.err = nil })
		time.Sleep(projectsTrouble)
		b.of("mam", "")
		synctest.Wait()
		if got := b.of("mam", ""); got.Trouble != "" || got.Refused || !got.Since.IsZero() || len(got.Projects) != 1 {
			t.Errorf("after it is back: %+v", got)
		}
	})
}

func TestAfterAChangeARemoteIsAskedOften(t *testing.T) {
	f := &fakeProjects{all: []connectors.Project{{ID: "7"}, {ID: "8"}}}
	onBoard(t, f, func(b *board, told *int) {
		b.of("mam", "")
		f.wants(t, "at first", "1")
		b.stale("mam")
		f.wants(t, "right after a change", "1")
		f.set(func() { f.all = f.all[:1] }) // deleted in its own time
		time.Sleep(projectsWorking)
		f.wants(t, "soon after", "1")
		if got := b.of("mam", ""); len(got.Projects) != 1 {
			t.Errorf("%+v", got)
		}
		time.Sleep(projectsEager)
		synctest.Wait()
		f.questions()
		b.of("mam", "")
		time.Sleep(projectsWorking)
		b.of("mam", "")
		synctest.Wait()
		f.questions()
		time.Sleep(projectsWorking)
		f.wants(t, "later", "0")
	})
}

func TestARemoteThatHangsKeepsNobodyWaiting(t *testing.T) {
	f := &fakeProjects{hangs: true}
	onBoard(t, f, func(b *board, told *int) {
		began := time.Now()
		b.of("mam", "")
		synctest.Wait()
		if got := b.of("mam", ""); !time.Now().Equal(began) || !got.At.IsZero() {
			t.Errorf("after %s: %+v", time.Since(began), got)
		}
		f.wants(t, "two looks", "1")
		time.Sleep(projectsWithin)
		synctest.Wait()
		if got := b.of("mam", ""); !strings.Contains(got.Trouble, "deadline") {
			t.Errorf("trouble is %q", got.Trouble)
		}
	})
}

func TestAnAccountThatDoesNotRunIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b board
		b.of("mam", "7")
		due, _ := b.due(time.Now())
		if len(due) != 1 || !b.ask(t.Context(), due[0], nil) || b.of("mam", "7").Trouble != "account mam does not run" {
			t.Errorf("due %v, %+v", due, b.of("mam", "7"))
		}
		time.Sleep(projectsKept + time.Second)
		if b.due(time.Now()); len(b.all) != 0 {
			t.Errorf("%d questions are kept", len(b.all))
		}
	})
}

func TestOnlySoManyQuestionsAreKept(t *testing.T) {
	var b board
	for i := range mostKept + 10 {
		b.of("mam", fmt.Sprint(i))
	}
	if len(b.all) != mostKept {
		t.Errorf("%d questions are kept", len(b.all))
	}
}
