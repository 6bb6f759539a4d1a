package creativeforce

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

// ready is a world with a task of which both outputs are uploaded.
func readyToSubmit(t *testing.T, h how) (w *world, id, batch string, receipts []connectors.Receipt) {
	w = newWorld(t, h)
	id = w.sim.AddTask(shoe("J", "P"))
	w.land()
	batch, receipts = w.sendAll("J/P", "")
	return w, id, batch, receipts
}

func TestAnIncompleteTaskIsNotSubmittedAndSaysWhatItLacks(t *testing.T) {
	w, id, batch, receipts := readyToSubmit(t, how{})
	for _, c := range []struct {
		have    []connectors.Receipt
		missing []string
	}{
		{nil, []string{"front.jpg", "back.jpg"}},
		{receipts[:1], []string{"back.jpg"}},
		{receipts[1:], []string{"front.jpg"}},
		{[]connectors.Receipt{receipts[1], {ID: "something else"}}, []string{"front.jpg"}},
	} {
		calls := 0
		err := w.commit(t.Context(), batch, c.have, func() error { calls++; return nil })
		var e *connectors.IncompleteError
		if !errors.As(err, &e) || !slices.Equal(e.Missing, c.missing) || calls != 0 {
			t.Errorf("with %d receipts: %v and %d calls of publish, want %v missing", len(c.have), err, calls, c.missing)
		}
	}
	w.wantOnce(id, 0)
	if w.sim.Requests("submit") != 0 {
		t.Error("something was submitted")
	}
}

func TestAPublishThatFailsSubmitsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, id, batch, receipts := readyToSubmit(t, how{})
		errLedger := errors.New("the ledger's disk is full")
		if err := w.commit(t.Context(), batch, receipts, func() error { return errLedger }); !errors.Is(err, errLedger) {
			t.Errorf("got %v, want publish's own error", err)
		}
		w.wantOnce(id, 0)
		if err := w.commitAll(t.Context(), batch, receipts); err != nil {
			t.Errorf("and then: %v", err)
		}
		w.wantOnce(id, 1)
	})
}

func TestASubmissionOfUnknownOutcomeIsFoundOut(t *testing.T) {
	for name, c := range map[string]struct {
		fault faults.Fault
		came  bool
	}{
		"the answer was lost":           {faults.Fault{LoseReply: true}, true},
		"500 after it was taken":        {faults.Fault{FailAfter: 500}, true},
		"the answer was cut":            {faults.Fault{Cut: 3}, true},
		"500 before it was taken":       {faults.Fault{Status: 500}, false},
		"408 before it was taken":       {faults.Fault{Status: 408}, false},
		"taken, and shown a minute on":  {faults.Fault{LoseReply: true, Delay: time.Second}, true},
		"a redirect, which is no reply": {faults.Fault{Status: 302}, false},
	} {
		for _, settle := range []time.Duration{0, 40 * time.Second} {
			synctest.Test(t, func(t *testing.T) {
				w, id, batch, receipts := readyToSubmit(t, how{Options: creativeforcesim.Options{Settle: settle}})
				w.faults.Then("submit", c.fault)
				err := w.commitAll(t.Context(), batch, receipts)
				known := c.came && settle == 0
				if known != (err == nil) || err != nil && refused(err) {
					t.Errorf("%s, settle %v: %v, want an open outcome %v", name, settle, err, !known)
				}
				w.account = w.restart() // nothing of it is in memory only
				w.submitted(batch, receipts)
				w.wantOnce(id, 1)
				if n, want := w.sim.Requests("submit"), map[bool]int{true: 1, false: 2}[c.came]; n != want {
					t.Errorf("%s, settle %v: %d submissions were tried, want %d", name, settle, n, want)
				}
			})
		}
	}
}

func TestStatusesOfASubmission(t *testing.T) {
	for status, want := range map[int]string{400: "rejected", 403: "rejected", 404: "rejected", 422: "rejected", 423: "throttled", 429: "throttled"} {
		synctest.Test(t, func(t *testing.T) {
			w, id, batch, receipts := readyToSubmit(t, how{})
			w.faults.Then("submit", faults.Fault{Status: status})
			err := w.commitAll(t.Context(), batch, receipts)
			var throttled *connectors.ThrottledError
			got := map[bool]string{true: "rejected", false: "throttled"}[errors.Is(err, connectors.ErrRejected)]
			if !refused(err) || got != want || got == "throttled" != errors.As(err, &throttled) {
				t.Errorf("%d: %v, want it %s", status, err, want)
			}
			time.Sleep(10 * time.Minute)
			w.submitted(batch, receipts) // nothing stands in the way of another try
			w.wantOnce(id, 1)
		})
	}
}

func TestWhatATaskIsByNowDecides(t *testing.T) {
	for name, c := range map[string]struct {
		now   func(w *world, id string)
		words string
	}{
		"cancelled":             {func(w *world, id string) { w.sim.Cancel(id) }, "was cancelled"},
		"in review by somebody": {func(w *world, id string) { w.sim.SetStatus(id, creativeforcesim.InReview) }, "not by this agent"},
		"done by somebody":      {func(w *world, id string) { w.sim.SetStatus(id, creativeforcesim.Done) }, "not by this agent"},
		"rejected meanwhile": {func(w *world, id string) {
			w.sim.SetStatus(id, creativeforcesim.InReview)
			w.sim.Reject(id)
		}, "not by this agent"},
		"a strange status": {func(w *world, id string) { w.sim.SetStatus(id, "On Hold") }, "statuses"},
	} {
		w, id, batch, receipts := readyToSubmit(t, how{})
		c.now(w, id)
		err := w.commitAll(t.Context(), batch, receipts)
		if !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v, want it refused with %q", name, err, c.words)
		}
		w.wantOnce(id, 0)
		if w.sim.Requests("submit") != 0 {
			t.Errorf("%s: something was submitted", name)
		}
	}
}

func TestAStatusWordCanBeConfigured(t *testing.T) {
	w, id, batch, receipts := readyToSubmit(t, how{yaml: "statuses: {On Hold: review}"})
	w.submittedThen(batch, receipts, func() { w.sim.SetStatus(id, "on-hold") })
	if got := namesIn(w.pending()); !slices.Equal(got, []string{"J/P/INSTRUCTIONS.html"}) || !strings.Contains(w.fetched(got[0]), "Submitted.") {
		t.Errorf("on hold, which means in review, it offers %q, want the instructions alone, which say that it was submitted", got)
	}
}

// submittedThen commits, does f, and asks again, which must be fine.
func (w *world) submittedThen(batch string, receipts []connectors.Receipt, f func()) {
	w.t.Helper()
	for range 2 {
		if err := w.commitAll(w.t.Context(), batch, receipts); err != nil {
			w.t.Fatal(err)
		}
		f()
	}
}

func TestACancelledTaskThatIsGone(t *testing.T) {
	w, id, batch, receipts := readyToSubmit(t, how{Options: creativeforcesim.Options{Gone: true}})
	w.sim.Cancel(id)
	if err := w.commitAll(t.Context(), batch, receipts); !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "called off") {
		t.Errorf("got %v, want it refused", err)
	}
}

func TestReceiptsOfAnEarlierRoundAreNeverUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, id, batch, receipts := readyToSubmit(t, how{})
		w.submitted(batch, receipts)
		w.rejected(id, "front.jpg", "no")
		w.pending()
		second := strings.TrimSuffix(batch, "-1") + "-2"
		var e *connectors.IncompleteError
		if err := w.commitAll(t.Context(), second, receipts); !errors.As(err, &e) || !slices.Equal(e.Missing, []string{"front.jpg"}) {
			t.Errorf("with the receipts of round 1: %v, want front.jpg missing", err)
		}
		w.wantOnce(id, 1)
		if err := w.commitAll(t.Context(), batch, receipts); err != nil {
			t.Errorf("round 1, asked again: %v, want it taken", err)
		}
	})
}

// In a round after the first, rejected looks the same before and after: only the
// notes tell a new one.
func TestALostAnswerInASecondRound(t *testing.T) {
	for name, c := range map[string]struct {
		fault    faults.Fault
		then     func(w *world, id string)
		rounds   int
		wantOpen int // the round that is open in the end
	}{
		"not taken": {faults.Fault{Status: 500}, func(*world, string) {}, 2, 2},
		"taken":     {faults.Fault{LoseReply: true}, func(*world, string) {}, 2, 2},
		"taken, and rejected at once": {faults.Fault{LoseReply: true}, func(w *world, id string) {
			w.sim.Reject(id, creativeforcesim.Note{Output: "front.jpg", Text: "still dark"})
		}, 2, 3},
		"taken, and another is wanted": {faults.Fault{LoseReply: true}, func(w *world, id string) {
			w.sim.Reject(id, creativeforcesim.Note{Output: "back.jpg", Text: "too dark"})
		}, 2, 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			w, id, batch, receipts := readyToSubmit(t, how{})
			w.submitted(batch, receipts)
			w.rejected(id, "front.jpg", "too dark")
			w.pending()
			batch, r := w.mustSend("J/P/front.jpg", "corrected")
			w.faults.Then("submit", c.fault)
			w.faults.Then("task", faults.Fault{}, faults.Fault{Status: 500}) // the look after it fails
			err := w.commitAll(t.Context(), batch, []connectors.Receipt{r})
			if err == nil || refused(err) {
				t.Fatalf("%s: %v, want an open outcome", name, err)
			}
			w.faults.Calm()
			c.then(w, id)
			w.account = w.restart()
			w.submitted(batch, []connectors.Receipt{r})
			w.wantOnce(id, c.rounds)
			w.again()
			w.pending()
			if got := w.desk.tasks()[0].round; got != c.wantOpen {
				t.Errorf("%s: it is in round %d, want %d", name, got, c.wantOpen)
			}
		})
	}
}

func TestAFileThatCameTooLateForItsRoundIsToldOf(t *testing.T) {
	w, id, batch, receipts := readyToSubmit(t, how{})
	if err := w.commitAll(t.Context(), batch, receipts); err != nil {
		t.Fatal(err)
	}
	late := receiptID{batch, w.task(id).Outputs[0].ID, "a newer upload"}.String()
	err := w.commitAll(t.Context(), batch, []connectors.Receipt{{ID: late}, receipts[1]})
	if !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "too late") {
		t.Errorf("got %v, want it told", err)
	}
	w.wantOnce(id, 1)
}

func TestUploadsThatThePlatformDoesNotKnow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, id, batch, receipts := readyToSubmit(t, how{Options: creativeforcesim.Options{Lag: 30 * time.Second}})
		if err := w.commitAll(t.Context(), batch, receipts); err == nil || refused(err) {
			t.Errorf("right after the upload: %v, want later", err)
		}
		w.submitted(batch, receipts)
		w.wantOnce(id, 1)
	})
	synctest.Test(t, func(t *testing.T) {
		w, id, batch, receipts := readyToSubmit(t, how{})
		w.sim.LoseUploads()
		time.Sleep(3 * time.Minute)
		if err := w.commitAll(t.Context(), batch, receipts); !errors.Is(err, connectors.ErrRejected) {
			t.Errorf("after two minutes: %v, want it held", err)
		}
		// A person retries the files: they are uploaded again, not found.
		found, err := w.Find(t.Context(), []connectors.Photo{w.vetted(photo("J/P/front.jpg", []byte("front.jpg")))})
		if err != nil || !found[0].Zero() {
			t.Errorf("Find gives %+v, %v; want nothing", found, err)
		}
		batch, receipts = w.sendAll("J/P", "")
		w.submitted(batch, receipts)
		w.wantOnce(id, 1)
	})
}

func TestASubmissionWaitsForThePlatformToNoticeUploads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{yaml: ""})
		w.opt.SubmitDelay = new(5 * time.Second)
		w.sim.AddTask(shoe("J", "P"))
		w.land()
		batch, receipts := w.sendAll("J/P", "")
		began := time.Now()
		if err := w.commitAll(t.Context(), batch, receipts); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 4*time.Second || took > 6*time.Second {
			t.Errorf("it waited %v, want 5 s since the last upload", took)
		}
	})
}

func TestABatchOfSomebodyElse(t *testing.T) {
	w := newWorld(t, how{})
	for _, batch := range []string{"", "0123456789abcdef0123", "ecommerce-", "ecommerce-x-0", "video-x-1", "ecommerce-%zz-1"} {
		if err := w.commitAll(t.Context(), batch, nil); !errors.Is(err, connectors.ErrRejected) {
			t.Errorf("%q: %v, want it refused", batch, err)
		}
	}
}
