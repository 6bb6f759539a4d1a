package outbound

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestWhateverBreaksOffOnePictureArrives(t *testing.T) {
	tests := []struct {
		name  string
		op    string
		fault faults.Fault
		again int // deliveries that follow the first
	}{
		{"the reply is lost after storing", memory.OpDeliver, faults.Fault{LoseReply: true}, 0},
		{"500 after storing", memory.OpDeliver, faults.Fault{FailAfter: 500}, 0},
		{"the reply is lost when it shows", memory.OpPublish, faults.Fault{LoseReply: true}, 0},
		{"500 before anything", memory.OpDeliver, faults.Fault{Status: 500}, 1},
		{"cut before the first byte", memory.OpDeliver, faults.Fault{Cut: -1}, 1},
		{"cut in the middle", memory.OpDeliver, faults.Fault{Cut: 5}, 1},
		{"cut after publish, before it shows", memory.OpPublish, faults.Fault{Cut: -1}, 1},
		{"503 after publish, before it shows", memory.OpPublish, faults.Fault{Status: 503}, 1},
	}
	for _, platform := range []bool{false, true} {
		for _, tc := range tests {
			name := map[bool]string{false: "folder: ", true: "platform: "}[platform] + tc.name
			t.Run(name, func(t *testing.T) {
				inBubble(t, func(t *testing.T, r *rig) {
					r.remote.Platform = platform
					tap := r.tap()
					r.plan.Then(tc.op, tc.fault)
					content := r.drop("a.jpg", "one picture")
					r.start()
					pass(10 * time.Minute)
					r.wantStored("a.jpg", content)
					r.wantState("a.jpg", ledger.Done)
					if finds, delivers := tap.counts(); finds == 0 || delivers != 1+tc.again {
						t.Errorf("%d questions and %d deliveries, want questions and %d", finds, delivers, 1+tc.again)
					}
				})
			})
		}
	}
}

func TestNotThereMustBeHeardTwiceBeforeItIsSentAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.sender.Recheck = 20 * time.Second
		tap := r.tap()
		var asked []time.Time
		tap.onFind = func() { asked = append(asked, time.Now()) }
		var sent []time.Time
		tap.onDeliver = func(p connectors.Photo) error {
			if p.Published {
				t.Error("the connector is told that it may be there, though it surely is not")
			}
			sent = append(sent, time.Now())
			return nil
		}
		r.plan.Then(memory.OpPublish, faults.Fault{Cut: -1})
		content := r.drop("a.jpg", "picture")
		r.start()
		pass(10 * time.Second)
		j := r.wantState("a.jpg", ledger.Queued)
		if !strings.Contains(j.Reason, "asked once more") {
			t.Errorf("reason %q does not say that the remote is asked once more", j.Reason)
		}
		pass(10 * time.Minute)
		if len(asked) != 2 || len(sent) != 2 {
			t.Fatalf("asked %d times and sent %d times, want 2 and 2", len(asked), len(sent))
		}
		if apart := asked[1].Sub(asked[0]); apart < 20*time.Second {
			t.Errorf("asked again after %v, want at least 20s", apart)
		}
		if sent[1].Before(asked[1]) {
			t.Errorf("sent again before the second question")
		}
		r.wantStored("a.jpg", content)
	})
}

func TestWhatShowsUpBetweenTheTwoQuestionsIsNotSentAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.remote.Platform, r.remote.Lag = true, 8*time.Second
		tap := r.tap()
		r.plan.Then(memory.OpDeliver, faults.Fault{LoseReply: true})
		content := r.drop("a.jpg", "picture")
		r.start()
		pass(time.Minute)
		r.wantStored("a.jpg", content)
		if _, delivers := tap.counts(); delivers != 1 {
			t.Errorf("delivered %d times, want once", delivers)
		}
		if j := r.wantState("a.jpg", ledger.Done); !strings.Contains(j.Reason, "there already") {
			t.Errorf("reason %q does not say that it was there already", j.Reason)
		}
	})
}

func TestAFailedQuestionNeverLeadsToSending(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		tap := r.tap()
		r.plan.Then(memory.OpDeliver, faults.Fault{LoseReply: true})
		r.plan.Chance(memory.OpFind, 1, faults.Fault{Status: 500})
		content := r.drop("a.jpg", "picture")
		r.start()
		pass(time.Hour)
		if _, delivers := tap.counts(); delivers != 1 {
			t.Errorf("delivered %d times while nobody could be asked, want once", delivers)
		}
		r.plan.Calm()
		pass(10 * time.Minute)
		r.wantStored("a.jpg", content)
		r.wantState("a.jpg", ledger.Done)
	})
}

func TestWhatSomebodyTookAwayMeanwhileWasDelivered(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.remote.Keep = 100 * time.Millisecond
		r.plan.Then(memory.OpDeliver, faults.Fault{LoseReply: true})
		content := r.drop("a.jpg", "picture")
		r.start()
		pass(time.Hour)
		r.wantStored("a.jpg", content)
		r.wantState("a.jpg", ledger.Done)
	})
}

func TestWhatWasSentButNeverShowsIsToldThenGivenToAPerson(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.remote.Platform, r.remote.Lag = true, 1000*time.Hour
		tap := r.tap()
		r.drop("a.jpg", "picture")
		r.start()
		pass(9 * time.Minute)
		if j := r.wantState("a.jpg", ledger.Sent); j.Reason != "" {
			t.Errorf("after 9 min the reason is %q, want none yet", j.Reason)
		}
		pass(10 * time.Minute)
		if j := r.wantState("a.jpg", ledger.Sent); !strings.Contains(j.Reason, "does not show it yet") {
			t.Errorf("after 19 min the reason is %q", j.Reason)
		}
		r.age("a.jpg", 23*time.Hour)
		pass(time.Hour)
		j := r.wantState("a.jpg", ledger.Parked)
		if !strings.Contains(j.Reason, "does not show it") || !strings.Contains(j.Reason, "retry") {
			t.Errorf("after a day the reason is %q", j.Reason)
		}
		if finds, delivers := tap.counts(); delivers != 1 || finds > 30 {
			t.Errorf("%d deliveries and %d questions, want 1 and a few dozen", delivers, finds)
		}
		if n := strings.Count(r.happened("a.jpg"), "asked"); n != 1 {
			t.Errorf("the history tells %d times that it was asked for, want once", n)
		}
	})
}

func TestAJobThatIsTakenOverByAnotherAgentIsLeftAlone(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.plan.Then(memory.OpDeliver, faults.Fault{Delay: 5 * time.Second})
		r.drop("a.jpg", "picture")
		r.start()
		pass(time.Second)
		j := r.wantState("a.jpg", ledger.Moving)
		other, err := r.ledger.Record(j, ledger.Event{What: ledger.Held, At: time.Now(), Reason: "somebody else decided"})
		must(t, err)
		pass(time.Minute)
		r.wantStored("a.jpg")
		if got := r.wantState("a.jpg", ledger.Parked); got.Reason != other.Reason {
			t.Errorf("reason %q, want %q", got.Reason, other.Reason)
		}
		if n := r.log.count("taken over by somebody else"); n != 1 {
			t.Errorf("%d log lines about it, want 1", n)
		}
	})
}

// age makes it longer ago that a photo was sent.
func (r *rig) age(name string, by time.Duration) {
	r.t.Helper()
	r.sqlSay(fmt.Sprintf(`UPDATE jobs SET sent_at = sent_at - %d WHERE name = '%s'`, by.Nanoseconds(), name))
}

// sqlSay changes the ledger's file from outside, as no program should.
func (r *rig) sqlSay(statement string) {
	r.t.Helper()
	db := openDB(r.t, r.dir+"/ledger/l.db")
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		r.t.Fatal(err)
	}
}

func TestAWorkerThatCannotRecordKeepsTryingAndNeverDeliversAgain(t *testing.T) {
	for _, state := range []string{"done", "sent"} {
		t.Run(state, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.remote.Platform = state == "sent"
				tap := r.tap()
				r.sqlSay(`CREATE TRIGGER full BEFORE UPDATE ON jobs WHEN NEW.state = '` + state + `' BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
				content := r.drop("a.jpg", "picture")
				r.start()
				pass(5 * time.Minute)
				r.wantState("a.jpg", ledger.Publishing)
				if n := r.log.count("The ledger cannot be written"); n != 1 {
					t.Errorf("%d log lines about the ledger, want 1", n)
				}
				r.sqlSay(`DROP TRIGGER full`)
				pass(2 * time.Second)
				r.wantState("a.jpg", ledger.Done)
				r.wantStored("a.jpg", content)
				if _, delivers := tap.counts(); delivers != 1 {
					t.Errorf("delivered %d times, want once", delivers)
				}
			})
		})
	}
}

func TestNothingIsPublishedWhileThatCannotBeWrittenDown(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.sqlSay(`CREATE TRIGGER full BEFORE UPDATE ON jobs WHEN NEW.state = 'publishing' BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
		content := r.drop("a.jpg", "picture")
		r.start()
		pass(time.Hour)
		r.wantStored("a.jpg")
		if st := r.sender.Status(); st.Closed != "" {
			t.Errorf("the account is closed (%s), though the remote has no fault", st.Closed)
		}
		r.sqlSay(`DROP TRIGGER full`)
		pass(10 * time.Minute)
		r.wantStored("a.jpg", content)
	})
}
