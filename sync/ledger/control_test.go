package ledger

import (
	"maps"
	"slices"
	"testing"
	"time"
)

// TestControl has a person ask beside a running agent.
func TestControl(t *testing.T) {
	path := newPath(t)
	agent := openAt(t, path)
	people, err := OpenForPeople(t.Context(), Options{Path: path})
	must(t, err)
	defer people.Close()

	first, err := people.Ask("retry", map[string]string{"file": "ä \"1\".jpg", "anyway": "yes"})
	must(t, err)
	second, err := people.Ask("pause", nil)
	must(t, err)
	asked, err := agent.Asked(t.Context())
	must(t, err)
	if len(asked) != 2 || asked[0].Seq != first || asked[1].Seq != second || asked[0].Verb != "retry" ||
		!maps.Equal(asked[0].Args, map[string]string{"file": "ä \"1\".jpg", "anyway": "yes"}) || len(asked[1].Args) != 0 {
		t.Fatalf("the agent reads %+v", asked)
	}
	must(t, agent.Answer(first, "1 photo is sent again"))
	c, err := people.Control(t.Context(), first)
	if err != nil || c.Answer != "1 photo is sent again" || c.Taken.IsZero() || c.At.After(c.Taken) {
		t.Errorf("the person reads %+v, %v", c, err)
	}
	if c, err := people.Control(t.Context(), second); err != nil || !c.Taken.IsZero() {
		t.Errorf("the second is %+v, %v; want it open", c, err)
	}
	if asked, err := agent.Asked(t.Context()); err != nil || len(asked) != 1 || asked[0].Seq != second {
		t.Errorf("still asked: %+v, %v; want the second", asked, err)
	}
	if _, err := people.Control(t.Context(), 99); err == nil {
		t.Error("a control that nobody asked was found")
	}
}

// TestControlWaitsForAnAgent: what is asked while no agent runs is found at start.
func TestControlWaitsForAnAgent(t *testing.T) {
	path := newPath(t)
	must(t, openAt(t, path).Close())
	people, err := OpenForPeople(t.Context(), Options{Path: path})
	must(t, err)
	seq, err := people.Ask("resume", map[string]string{"account": "gs"})
	must(t, err)
	must(t, people.Close())
	asked, err := openAt(t, path).Asked(t.Context())
	if err != nil || len(asked) != 1 || asked[0].Seq != seq {
		t.Errorf("asked: %+v, %v", asked, err)
	}
}

// TestPeopleAndAgentWriteAtOnce: two processes share one file without a "busy".
func TestPeopleAndAgentWriteAtOnce(t *testing.T) {
	path := newPath(t)
	agent := openAt(t, path)
	people, err := OpenForPeople(t.Context(), Options{Path: path})
	must(t, err)
	defer people.Close()
	errs := make(chan error)
	const n = 50
	for _, l := range []*Ledger{agent, people} {
		go func() {
			var err error
			for range n {
				if _, e := l.Ask("x", nil); e != nil {
					err = e
				}
			}
			errs <- err
		}()
	}
	for range 2 {
		must(t, <-errs)
	}
	if asked, err := agent.Asked(t.Context()); err != nil || len(asked) != 2*n {
		t.Errorf("%d controls, %v; want %d", len(asked), err, 2*n)
	}
}

func TestPauses(t *testing.T) {
	path := newPath(t)
	l := openAt(t, path)
	hour := Pause{Account: "ftp", Until: time.Unix(7200, 0), At: time.Unix(3600, 0)}
	all := Pause{Account: "*", At: time.Unix(1, 0)}
	must(t, l.SetPause(Pause{Account: "ftp", At: time.Unix(1, 0)}))
	must(t, l.SetPause(hour)) // the last word counts
	must(t, l.SetPause(all))
	must(t, l.Close())
	l = openAt(t, path)
	check := func(at time.Time, want ...Pause) {
		t.Helper()
		if got, err := l.Pauses(t.Context(), at); err != nil || !slices.Equal(got, want) {
			t.Errorf("pauses at %v: %+v, %v; want %+v", at, got, err, want)
		}
	}
	check(hour.Until.Add(-1), all, hour)
	check(hour.Until, all)
	must(t, l.ClearPause("gs"))
	check(hour.At, all, hour)
	must(t, l.ClearPause("ftp"))
	check(hour.At, all)
	must(t, l.SetPause(hour))
	must(t, l.ClearPause("*"))
	check(hour.At)
}

func TestAgents(t *testing.T) {
	path := newPath(t)
	must(t, openAt(t, path).Close())
	l := openAt(t, path) // replaces the one before
	people, err := OpenForPeople(t.Context(), Options{Path: path})
	must(t, err)
	defer people.Close()
	must(t, l.Beat(noon, []byte(`{"moving": 3}`)))
	if agents, err := people.Agents(t.Context()); err != nil || len(agents) != 1 || agents[0].Stopped {
		t.Errorf("while it runs: %+v, %v", agents, err)
	}
	must(t, people.Beat(later, []byte(`{}`))) // who only looks is no agent
	agents, err := people.Agents(t.Context())
	must(t, err)
	if len(agents) != 1 {
		t.Fatalf("%d agents, want 1", len(agents))
	}
	a := agents[0]
	if a.Name != "test" || a.Version != "1.0" || a.PID == 0 || !a.Seen.Equal(noon) || a.Started.IsZero() || string(a.Live) != `{"moving": 3}` {
		t.Errorf("the agent is %+v", a)
	}
	must(t, l.Close())
	if agents, err = people.Agents(t.Context()); err != nil || len(agents) != 1 || !agents[0].Stopped {
		t.Errorf("after its end: %+v, %v; want it stopped", agents, err)
	}
}
