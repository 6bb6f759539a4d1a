package ledger

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// fillBig writes a season of work: rows known files in 100 folders and as many
// jobs, of which every hundredth is not done; then a backlog of queued jobs.
func fillBig(t testing.TB, l *Ledger, rows, backlog int) {
	t.Helper()
	must(t, l.PutFolder(Folder{Path: "/other", Bench: "other bench"}))
	put := func(i int, s State) Acceptance {
		name := fmt.Sprintf("day %02d/IMG_%06d.jpg", i%100, i)
		f := newFile(name, 1, fmt.Sprintf("%064x", i))
		f.Size = int64(1_000_000 + i%(rows/4+1)) // four files of each size
		j := newJob(name, 1, in(s), sha(f.SHA256), ranked(i%4, time.Unix(int64(i), 0)))
		if j.Size = f.Size; s != Queued {
			j.Created, j.SentAt = time.Now().Add(-time.Hour), time.Now().Add(-time.Hour)
		}
		other := f
		other.Folder, other.Size = "/other", 77 // uncompressed raw: all of one size
		a := Acceptance{Files: []File{f}, Jobs: []Job{j}}
		if i%4 == 0 {
			a.Files = append(a.Files, other)
		}
		return a
	}
	for from := 0; from < rows+backlog; from += 5000 {
		must(t, l.write(func(tx transaction) error {
			for i := from; i < min(from+5000, rows+backlog); i++ {
				s := Done
				if i >= rows {
					s = Queued
				} else if i%100 == 0 {
					s = []State{Sent, Parked, Superseded}[i/100%3]
				}
				a := put(i, s)
				for _, f := range a.Files {
					if err := putFile(tx, f); err != nil {
						return err
					}
				}
				if err := addJob(tx, a.Jobs[0], time.Now()); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

// BenchmarkQueries asks a ledger of 200,000 files, and 20,000 more that wait to
// be sent, what the agent asks all day.
func BenchmarkQueries(b *testing.B) {
	l := openNew(b)
	start := time.Now()
	fillBig(b, l, 200_000, 20_000)
	size, err := os.Stat(fileOf(b, l))
	must(b, err)
	b.Logf("filled in %v, %d MB", time.Since(start).Round(time.Second), size.Size()>>20)
	ctx, now := context.Background(), time.Now()
	j := newJob("day 07/IMG_000107.jpg", 2, sha(fmt.Sprintf("%064x", 107)))
	var back []Job
	var ids []string
	for i := range 1000 {
		back = append(back, newFetch(fmt.Sprintf("IMG_%06d.tif", i)))
		ids = append(ids, back[i].ID)
	}
	offer(b, l, back...)
	for _, q := range []struct {
		name string
		do   func() error
	}{
		{"Known", func() error { _, err := l.Known(ctx, hot, "day 07"); return err }},
		{"FindFile", func() error { _, _, err := l.FindFile(ctx, hot, j.Name); return err }},
		{"SizeKnown/yes", func() error { _, err := l.SizeKnown(ctx, "bench", 1_000_107); return err }},
		{"SizeKnown/only elsewhere", func() error { _, err := l.SizeKnown(ctx, "bench", 77); return err }},
		{"SameContent", func() error { _, err := l.SameContent(ctx, "bench", 1_000_107, j.Digests.SHA256); return err }},
		{"Content", func() error { _, err := l.Content(ctx, "gs", "bench", j.Digests.SHA256); return err }},
		{"Delivered", func() error { _, err := l.Delivered(ctx, j); return err }},
		{"Jobs", func() error { _, err := l.Jobs(ctx, hot, j.Name); return err }},
		{"DueSent", func() error { _, err := l.DueSent(ctx, "gs", now, 100); return err }},
		{"Queued", func() error { _, err := l.Queued(ctx, "gs", now); return err }},
		{"Busy", func() error { _, err := l.Busy(ctx, now); return err }},
		{"Tallies", func() error { _, err := l.Tallies(ctx, now); return err }},
		{"Waiting", func() error { _, err := l.Waiting(ctx, "gs", 50); return err }},
		{"Parked", func() error { _, err := l.Parked(ctx, 50); return err }},
		{"FindFiles", func() error { _, err := l.FindFiles(ctx, "IMG_000107.jpg", 10); return err }},
		{"quick_check", func() error { return l.read.QueryRow(`PRAGMA quick_check(1)`).Scan(new(string)) }},
		{"AtRetouch", func() error { _, err := l.AtRetouch(ctx, "gs", "img_000107"); return err }},
		{"Retouches/1000", func() error { _, err := l.Retouches(ctx, "gs", ids); return err }},
		{"claim in", func() error {
			jobs, _, err := l.claim("gs", In, 1)
			l.unclaim(jobs)
			return err
		}},
		{"Asked", func() error { _, err := l.Asked(ctx); return err }},
		{"claim", func() error {
			jobs, _, err := l.claim("gs", Out, 1)
			l.unclaim(jobs)
			return err
		}},
	} {
		b.Run(q.name, func(b *testing.B) {
			for b.Loop() {
				must(b, q.do())
			}
		})
	}
}

func fileOf(t testing.TB, l *Ledger) (file string) {
	must(t, l.db.QueryRow(`SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&file))
	return file
}

// BenchmarkThroughput carries photos from Accept to done, each step on disk
// before the next, as 8 workers do it.
func BenchmarkThroughput(b *testing.B) {
	for _, workers := range []int{1, 8} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			l := openNew(b)
			var added, finished atomic.Int64
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			var wg sync.WaitGroup
			for range workers {
				wg.Go(func() {
					for n := added.Add(1); n <= int64(b.N); n = added.Add(1) {
						name := fmt.Sprint(n)
						if err := l.Accept(time.Now(), Acceptance{Files: []File{newFile(name, 1, "")}, Jobs: []Job{newJob(name, 1)}}); err != nil {
							b.Error(err)
						}
					}
				})
				wg.Go(func() {
					for {
						j, err := l.Next(ctx, "gs", Out)
						if err != nil {
							return
						}
						if err := deliver(l, j); err != nil {
							b.Error(err)
						}
						if finished.Add(1) == int64(b.N) {
							cancel()
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "photos/s")
		})
	}
}

func deliver(l *Ledger, j Job) error {
	j, err := l.Record(j, Event{What: Published, At: time.Now()})
	if err != nil {
		return err
	}
	_, err = l.Record(j, Event{What: Confirmed, At: time.Now(), Digests: connectors.Digests{SHA256: strings.Repeat("a", 64)}, Receipt: connectors.Receipt{ID: j.Name}})
	return err
}
