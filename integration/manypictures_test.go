//go:build integration && linux

package integration

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

const manyPictures = 10_000

// fillTask puts a task of 10,000 pictures into the ledger, in turn at retouch,
// ready to import and imported.
func fillTask(s *studio) {
	s.t.Helper()
	l, err := ledger.Open(context.Background(), ledger.Options{Path: filepath.Join(s.dir, "state", "ledger.db"), Name: "studio-3"})
	must(s.t, err)
	defer l.Close()
	task := ledger.Task{ID: "b19", Account: "pixelz", Bench: "packshot-1", Title: "Archive", Round: 1, State: ledger.Collecting, Created: time.Now()}
	var outs, ins []ledger.Job
	for i := range manyPictures {
		out := ledger.Job{
			Account: "pixelz", Bench: "packshot-1", Role: connectors.Capture, Folder: filepath.Join(s.dir, "captures"), Name: fmt.Sprintf("SS18_%05d.jpg", i),
			Batch: task.ID, Flow: ledger.Out, Kind: ledger.Deliver, Generation: 1, Round: 1, Size: 1000, State: ledger.Done, Created: time.Now(), Starts: 1,
		}
		out.ID = ledger.NewRoundID(out.Account, out.Folder, out.Name, out.Batch, 1, 1)
		outs = append(outs, out)
		if state := []ledger.State{"", ledger.Offered, ledger.Done}[i%3]; state != "" {
			in := ledger.Job{
				Account: "pixelz", Bench: "packshot-1", Folder: filepath.Join(s.dir, "retouched"), Name: out.Name, Flow: ledger.In, Kind: ledger.Fetch,
				Size: 1000, State: state, Created: time.Now(), Answers: out.ID, Source: ledger.Source{ID: "r" + out.ID, Name: out.Name},
			}
			in.ID = ledger.NewInID(in.Account, "", in.Source.ID)
			ins = append(ins, in)
		}
	}
	must(s.t, l.Accept(time.Now(), ledger.Acceptance{Jobs: outs, Tasks: []ledger.Task{task}}))
	must(s.t, l.Offer(time.Now(), ins))
	for _, what := range []ledger.What{ledger.Published, ledger.Accepted} {
		task, err = l.RecordTask(task, ledger.TaskEvent{What: what, At: time.Now()})
		must(s.t, err)
	}
}

func TestTenThousandPicturesLoadAsOneScrolls(t *testing.T) {
	s := newStudio(t, fillTask)
	b := s.browser()
	b.open("/tasks/b19")
	b.group("retouch", 3334)
	const tiles = `[data-group=retouch] li[data-item]`
	first := b.count(tiles)
	if first == 0 || first > 200 {
		t.Errorf("%d pictures at once", first)
	}
	for range 3 {
		before := b.count(tiles)
		b.is(`(document.querySelector("[data-group=retouch] .scroll").scrollTop = 1e9, true)`)
		b.await(fmt.Sprintf(`document.querySelectorAll(%q).length > %d`, tiles, before))
	}
	if doubles := run(b, chromedp.Evaluate[int](`(l => l.length - new Set(l).size)([...document.querySelectorAll("[data-group=retouch] li[data-item]")].map(e => e.dataset.name))`)); doubles != 0 {
		t.Errorf("%d pictures are shown twice", doubles)
	}
}

// BenchmarkFirstPaintOfTenThousandPictures measures from the request to the
// first thing that is seen of the task, in the browser's own words. The limit is
// a second.
func BenchmarkFirstPaintOfTenThousandPictures(b *testing.B) {
	tab := newStudio(b, fillTask).browser()
	var sum float64
	for b.Loop() {
		tab.open("/tasks/b19")
		tab.await(`performance.getEntriesByName("first-contentful-paint").length`)
		sum += run(tab, chromedp.Evaluate[float64](`performance.getEntriesByName("first-contentful-paint")[0].startTime`))
	}
	b.ReportMetric(sum/float64(b.N), "ms/first-paint")
}
