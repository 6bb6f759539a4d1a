package creativeforce

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

func TestManyAtOnceAskForOneToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{})
		w.faults.Then("token", faults.Fault{Delay: time.Second})
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if err := w.probe(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := w.sim.Requests("token"); n != 1 {
			t.Errorf("%d tokens, want one", n)
		}
	})
}

func TestATokenIsRenewedEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{Options: creativeforcesim.Options{TokenLife: time.Hour}})
		for _, c := range []struct {
			after  time.Duration
			tokens int
		}{{0, 1}, {53 * time.Minute, 1}, {2 * time.Minute, 2}, {50 * time.Minute, 2}, {5 * time.Minute, 3}} {
			time.Sleep(c.after)
			if err := w.probe(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := w.sim.Requests("token"); n != c.tokens {
				t.Errorf("%v later: %d tokens, want %d", c.after, n, c.tokens)
			}
		}
	})
}

func TestAFailedRenewalDoesNotEndAGoodToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{})
		if err := w.probe(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(55 * time.Minute)
		w.faults.Chance("token", 1, faults.Fault{Status: 503})
		if err := w.probe(t.Context()); err != nil {
			t.Errorf("with five minutes left: %v", err)
		}
		time.Sleep(10 * time.Minute)
		if err := w.probe(t.Context()); err == nil || errors.Is(err, connectors.ErrDenied) {
			t.Errorf("after its end: %v, want an error that only means later", err)
		}
		w.faults.Calm()
		if err := w.probe(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestATokenThatExpiresInMidBatchIsRenewedOnce(t *testing.T) {
	w := newWorld(t, how{})
	id := w.sim.AddTask(shoe("J", "P"))
	w.land()
	batch, first := w.mustSend("J/P/front.jpg", "front")
	w.sim.ExpireTokens()
	_, second := w.mustSend("J/P/back.jpg", "back")
	w.sim.ExpireTokens()
	if err := w.commitAll(t.Context(), batch, []connectors.Receipt{first, second}); err != nil {
		t.Fatal(err)
	}
	w.wantOnce(id, 1)
	if n := w.sim.Requests("token"); n != 3 {
		t.Errorf("%d tokens, want 3", n)
	}
}

func TestRefusalsOfALogin(t *testing.T) {
	for name, c := range map[string]struct {
		yaml   string
		fault  faults.Fault
		denied bool
	}{
		"wrong id":         {yaml: "scope: other", denied: true},
		"wrong path":       {fault: faults.Fault{Status: 404}, denied: true},
		"wrong method":     {fault: faults.Fault{Status: 405}, denied: true},
		"trouble":          {fault: faults.Fault{Status: 500}},
		"lost":             {fault: faults.Fault{LoseReply: true}},
		"asked for peace":  {fault: faults.Fault{Status: 429}},
		"cut in the reply": {fault: faults.Fault{Cut: 10}},
	} {
		w := newWorld(t, how{yaml: c.yaml})
		if c.fault != (faults.Fault{}) {
			w.faults.Then("token", c.fault)
		}
		err := w.probe(t.Context())
		if err == nil || errors.Is(err, connectors.ErrDenied) != c.denied || hidden(err.Error()) {
			t.Errorf("%s: %v, want denied %v and no secret", name, err, c.denied)
		}
	}
}

func TestALoginThatWasWithdrawnIsDenied(t *testing.T) {
	w := newWorld(t, how{})
	if err := w.probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.sim.Revoke()
	if err := w.probe(t.Context()); !errors.Is(err, connectors.ErrDenied) {
		t.Errorf("got %v, want denied", err)
	}
	if err := w.probe(t.Context()); err != nil {
		t.Errorf("once it is given back: %v", err)
	}
}
