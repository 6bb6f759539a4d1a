package ledger

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestNextOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		start := time.Now()
		old := func(age time.Duration) func(*Job) { return func(j *Job) { j.Created = start.Add(-age) } }
		accept(t, l,
			newJob("raw", 1, ranked(3, start)),
			newJob("jpeg old", 1, ranked(1, start.Add(-20*time.Second))),
			newJob("select", 1, ranked(0, start.Add(-time.Hour))),
			newJob("jpeg new", 1, ranked(1, start.Add(-8*time.Second))),
			newJob("jpeg of the same moment", 1, ranked(1, start.Add(-5*time.Second))),
			newJob("raw at 15 min", 1, ranked(3, start.Add(-time.Minute)), old(patience)),
			newJob("raw after 16 min", 1, ranked(3, start.Add(-time.Hour)), old(patience+time.Minute)),
			newJob("video after 20 min", 1, ranked(4, start.Add(-time.Hour)), old(patience+5*time.Minute)),
			newJob("not yet", 1, ranked(0, start), func(j *Job) { j.NotBefore = start.Add(time.Second) }),
			newJob("not yet, though old", 1, ranked(0, start), old(time.Hour), func(j *Job) { j.NotBefore = start.Add(2 * time.Second) }),
			newJob("of another account", 1, account("ftp")),
			newJob("inbound", 1, func(j *Job) { j.Flow = In }),
			newJob("parked", 1, in(Parked)),
		)
		var got []string
		for range 10 {
			got = append(got, next(t, l).Name)
		}
		want := []string{"video after 20 min", "raw after 16 min", "select", "jpeg new", "jpeg of the same moment", "jpeg old", "raw", "raw at 15 min", "not yet", "not yet, though old"}
		if !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("took %v, want the 2 s until the last was due", took)
		}
	})
}

// TestNextTakesUpWhatWasPutOff: once its time has come it goes by its rank, or its
// age, though others never ceased to be due.
func TestNextTakesUpWhatWasPutOff(t *testing.T) {
	for name, putOff := range map[string]func(*Job){
		"by rank": ranked(0, time.Time{}),
		"by age":  func(j *Job) { j.Rank, j.Created = 9, time.Now().Add(-time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := openNew(t)
				due := time.Now().Add(time.Second)
				accept(t, l, newJob("put off", 1, putOff, func(j *Job) { j.NotBefore = due }))
				for i := range 9 {
					accept(t, l, newJob(fmt.Sprint(i), 1, ranked(1, time.Now())))
				}
				for i := range 9 {
					if got := next(t, l).Name == "put off"; got != (i == 3) {
						t.Errorf("claim %d is what was put off: %v", i, got)
					}
					if i == 2 {
						time.Sleep(time.Until(due))
					}
				}
			})
		})
	}
}

func TestNextObeysNotBefore(t *testing.T) {
	blocked := []Job{newJob("a", 1, in(Moving)), newJob("a", 2)}
	for _, wait := range []time.Duration{time.Nanosecond, time.Second, 7 * time.Second, idle, 5 * time.Minute} {
		for name, others := range map[string][]Job{"alone": nil, "behind a blocked one": blocked} {
			t.Run(fmt.Sprint(wait, " ", name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := openNew(t)
					start := time.Now()
					accept(t, l, newJob("b", 1, func(j *Job) { j.NotBefore = start.Add(wait) }))
					for _, j := range slices.Backward(others) {
						accept(t, l, j)
					}
					j, err := l.Next(t.Context(), "gs", Out)
					if err != nil || j.Name != "b" || time.Since(start) != wait {
						t.Errorf("got %q after %v, %v; want b after %v", j.Name, time.Since(start), err, wait)
					}
				})
			})
		}
	}
}

func TestNextSerialisesGenerations(t *testing.T) {
	sent := func(ago time.Duration) func(*Job) {
		return func(j *Job) { j.State, j.SentAt, j.NotBefore = Sent, time.Now().Add(-ago), time.Now().Add(time.Hour) }
	}
	asleep := func(j *Job) { j.NotBefore = time.Now().Add(time.Hour) }
	tests := []struct {
		name    string
		changes []func(*Job) // of generation 1
		blocks  bool
	}{
		{"queued again", []func(*Job){asleep}, true},
		{"queued in doubt", []func(*Job){published, asleep}, true},
		{"moving", []func(*Job){in(Moving)}, true},
		{"publishing", []func(*Job){in(Publishing)}, true},
		{"sent just now", []func(*Job){sent(0)}, true},
		{"sent 9 min ago", []func(*Job){sent(9 * time.Minute)}, true},
		{"sent 10 min ago", []func(*Job){sent(sentBlocks)}, false},
		{"done", []func(*Job){in(Done)}, false},
		{"parked", []func(*Job){in(Parked)}, false},
		{"superseded", []func(*Job){in(Superseded)}, false},
		{"moving to another account", []func(*Job){in(Moving), account("ftp")}, false},
		{"moving, as a mark", []func(*Job){in(Moving), asMark}, false},
		{"moving, in another folder", []func(*Job){in(Moving), func(j *Job) { j.Folder = "/other" }}, false},
		{"moving under another name", []func(*Job){in(Moving), func(j *Job) { j.Name = "b" }}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := openNew(t)
				accept(t, l, newJob("a", 2))
				accept(t, l, newJob("a", 1, test.changes...))
				ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
				defer cancel()
				j, err := l.Next(ctx, "gs", Out)
				if test.blocks && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got generation %d, %v; want none", j.Generation, err)
				}
				if !test.blocks && (err != nil || j.Generation != 2) {
					t.Errorf("got generation %d, %v; want 2", j.Generation, err)
				}
			})
		})
	}
}

func TestNextGoesOnAfterTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		start := time.Now()
		accept(t, l, newJob("a", 2))
		accept(t, l, newJob("a", 1, func(j *Job) { j.State, j.SentAt, j.NotBefore = Sent, start, start.Add(24*time.Hour) }))
		j, err := l.Next(t.Context(), "gs", Out)
		must(t, err)
		if took := time.Since(start); j.Generation != 2 || took < sentBlocks || took > sentBlocks+idle {
			t.Errorf("generation %d after %v, want 2 between %v and %v", j.Generation, took, sentBlocks, sentBlocks+idle)
		}
	})
}

// waitFor starts a worker that takes one job.
func waitFor(ctx context.Context, l *Ledger, jobs chan<- Job) {
	if j, err := l.Next(ctx, "gs", Out); err == nil {
		jobs <- j
	}
}

func TestNextWakes(t *testing.T) {
	tests := []struct {
		name string
		do   func(t *testing.T, l *Ledger, moving Job)
		want string
	}{
		{"on Accept", func(t *testing.T, l *Ledger, _ Job) { accept(t, l, newJob("b", 1)) }, "b 1"},
		{"on a failure that may be tried again", func(t *testing.T, l *Ledger, j Job) { rec(t, l, j, Event{What: Failed}) }, "a 1"},
		{"when the generation before is done", func(t *testing.T, l *Ledger, j Job) {
			accept(t, l, newJob("a", 2))
			rec(t, l, j, Event{What: Confirmed})
		}, "a 2"},
		{"when a mark's photo is done", func(t *testing.T, l *Ledger, j Job) {
			accept(t, l, newJob("s", 1, asMark, sha("aa"), func(j *Job) { j.NotBefore = time.Now().Add(time.Hour) }))
			rec(t, l, j, Event{What: Confirmed})
		}, "s 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := openNew(t)
				accept(t, l, newJob("a", 1, sha("aa")))
				moving := next(t, l)
				jobs := make(chan Job, 1)
				go waitFor(t.Context(), l, jobs)
				synctest.Wait()
				start := time.Now()
				test.do(t, l, moving)
				j := <-jobs
				if got := fmt.Sprint(j.Name, " ", j.Generation); got != test.want || time.Since(start) != 0 {
					t.Errorf("got %s after %v, want %s at once", got, time.Since(start), test.want)
				}
			})
		})
	}
}

// TestNextSharesWork makes as many jobs due as workers wait, and rings once, as
// when a photo's marks are released: each worker must get one at once.
func TestNextSharesWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		jobs := make(chan Job, 8)
		var all []Job
		for i := range 8 {
			go waitFor(t.Context(), l, jobs)
			all = append(all, newJob(fmt.Sprint(i), 1))
		}
		synctest.Wait()
		start := time.Now()
		must(t, l.write(func(tx transaction) error {
			for _, j := range all {
				if _, err := insert(tx, j); err != nil {
					return err
				}
			}
			return nil
		}))
		l.wake("gs", Out)
		got := map[string]bool{}
		for range all {
			got[(<-jobs).Name] = true
		}
		if len(got) != len(all) || time.Since(start) != 0 {
			t.Errorf("%d different jobs after %v, want %d at once", len(got), time.Since(start), len(all))
		}
	})
}

// TestNextPassesTheBellOn stops one of two workers in the moment in which it is
// told of a job: the other must hear of it.
func TestNextPassesTheBellOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		for i := range 40 {
			jobs := make(chan Job, 1)
			leaves, leave := context.WithCancel(t.Context())
			go waitFor(leaves, l, jobs)
			synctest.Wait()
			stays, stop := context.WithCancel(t.Context())
			go waitFor(stays, l, jobs)
			synctest.Wait()
			start := time.Now()
			must(t, l.write(func(tx transaction) error { _, err := insert(tx, newJob(fmt.Sprint(i), 1)); return err }))
			l.wake("gs", Out) // reaches the one who waits longest
			leave()
			<-jobs
			if waited := time.Since(start); waited != 0 {
				t.Fatalf("round %d: the job waited %v for a worker", i, waited)
			}
			stop()
		}
	})
}

// TestNextGivesBack cancels a worker while its claim is being written.
func TestNextGivesBack(t *testing.T) {
	l := openNew(t)
	accept(t, l, newJob("a", 1))
	ctx, cancel := context.WithCancel(t.Context())
	l.turn.Lock()
	var wg sync.WaitGroup
	wg.Go(func() {
		if j, err := l.Next(ctx, "gs", Out); !errors.Is(err, context.Canceled) {
			t.Errorf("got %q, %v; want context.Canceled", j.Name, err)
		}
	})
	for waiting(l) == 0 {
		runtime.Gosched()
	}
	cancel()
	l.turn.Unlock()
	wg.Wait()
	if got := find(t, l, newJob("a", 1)); got.State != Queued || got.Starts != 1 || got.Failures != 0 {
		t.Errorf("state %s, %d starts, %d failures; want queued, 1, 0", got.State, got.Starts, got.Failures)
	}
}

func waiting(l *Ledger) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}

func TestNextEndsAtOnce(t *testing.T) {
	l := openNew(t)
	accept(t, l, newJob("a", 1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if j, err := l.Next(ctx, "gs", Out); !errors.Is(err, context.Canceled) || j != (Job{}) {
		t.Errorf("got %q, %v; want nothing and context.Canceled", j.Name, err)
	}
	wantState(t, l, newJob("a", 1), Queued)
}

// TestNextClaimsOnce lets many workers empty a queue: no job may be had twice.
func TestNextClaimsOnce(t *testing.T) {
	l := openNew(t)
	const n = 200
	var jobs []Job
	for i := range n {
		jobs = append(jobs, newJob(fmt.Sprint(i), 1))
	}
	accept(t, l, jobs...)
	var mu sync.Mutex
	times := map[string]int{}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				j, err := l.Next(ctx, "gs", Out)
				if err != nil {
					return
				}
				mu.Lock()
				if times[j.ID]++; len(times) == n {
					cancel()
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for id, k := range times {
		if k != 1 {
			t.Errorf("job %s was claimed %d times", id, k)
		}
	}
	if len(times) != n {
		t.Errorf("%d jobs claimed, want %d", len(times), n)
	}
}
