package page

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

// A lifeView is all that the ledger knows of one name in one folder. No file is
// opened for it.
type lifeView struct {
	Folder, Name string
	Picture      string // the job whose picture is shown; empty if there is none
	Bench        string
	Size         int64
	Jobs         []fate
	Events       []event
}

// A fate is a job with where it stands, and what came back for it.
type fate struct {
	ledger.Job
	Sign   overview.Sign
	Text   string
	Task   ledger.Task // it belongs to; the zero Task for none
	Back   []fate
	Retry  bool // a person may say: again
	Anyway bool // or: whatever it is called
	Link   string
}

// An event is one line of a timeline.
type event struct {
	ledger.Entry
	Sign  overview.Sign
	Text  string
	After time.Duration // since the line before
	Long  bool          // that took so long that it is worth reading
	Day   string        // if it is not that of the line before
	Facts string        // bytes, and how fast they went
}

// lifeOf leads from a job to the life of its file.
func (s *Server) lifeOf(w http.ResponseWriter, r *http.Request) {
	j, ok, err := s.Ledger.Job(r.Context(), r.PathValue("job"))
	if err == nil && !ok {
		err = notFound{fmt.Errorf("the ledger does not know this file")}
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	http.Redirect(w, r, lifePath(j), http.StatusSeeOther)
}

func (s *Server) life(ctx context.Context, r *http.Request) (any, error) {
	v := lifeView{Folder: r.URL.Query().Get("folder"), Name: r.URL.Query().Get("name"), Size: -1}
	jobs, err := s.Ledger.Jobs(ctx, v.Folder, v.Name)
	if err != nil {
		return nil, err
	}
	history, err := s.Ledger.History(ctx, v.Folder, v.Name)
	if err != nil {
		return nil, err
	}
	if v.Name == "" || len(jobs)+len(history) == 0 {
		return nil, notFound{fmt.Errorf("the ledger knows no file %q in %q", overview.Shown(v.Name), overview.Shown(v.Folder))}
	}
	for _, j := range jobs {
		f, err := s.fate(ctx, j, known(ctx).Now)
		if err != nil {
			return nil, err
		}
		v.Jobs = append(v.Jobs, f)
		v.Picture, v.Bench, v.Size = j.ID, j.Bench, j.Size
	}
	slices.Reverse(v.Jobs) // what is newest matters most
	v.Events = timeline(jobs, history)
	return v, nil
}

func (s *Server) fate(ctx context.Context, j ledger.Job, now time.Time) (fate, error) {
	f := fate{Job: j, Retry: j.State == ledger.Parked, Link: https(j.Source.Link, j.Receipt.Link)}
	f.Anyway = f.Retry && j.Flow == ledger.Out
	f.Sign, f.Text = standing(now, j)
	if j.Batch != "" {
		var err error
		if f.Task, _, err = s.Ledger.Task(ctx, j.Batch); err != nil {
			return f, err
		}
	}
	if j.Flow == ledger.In {
		return f, nil
	}
	answers, err := s.Ledger.AnswersTo(ctx, j.ID)
	if err != nil {
		return f, err
	}
	for _, a := range answers {
		back, err := s.fate(ctx, a, now)
		if err != nil {
			return f, err
		}
		f.Back = append(f.Back, back)
	}
	return f, nil
}

// worthReading is a time between two events that is shown.
const worthReading = 100 * time.Millisecond

// timeline tells the events of a file one by one.
func timeline(jobs []ledger.Job, history []ledger.Entry) []event {
	byID, begun := map[string]ledger.Job{}, map[string]time.Time{}
	for _, j := range jobs {
		byID[j.ID] = j
	}
	var all []event
	for i, e := range history {
		j := byID[e.Job]
		v := event{Entry: e, Text: overview.Sentence(j.Flow, e), Sign: eventSign(e.What)}
		if v.Text == "" {
			v.Text = string(e.What)
		}
		if i > 0 {
			v.After = e.At.Sub(history[i-1].At)
			v.Long = v.After >= worthReading
		}
		if day := e.At.Local().Format("Mon 2 Jan 2006"); i == 0 || day != history[i-1].At.Local().Format("Mon 2 Jan 2006") {
			v.Day = day
		}
		switch e.What {
		case ledger.Claimed:
			begun[e.Job] = e.At
		case ledger.Added:
			v.Facts = sized(j.Size)
		case ledger.Accepted, ledger.Settled:
			v.Facts = sped(j.Size, e.At.Sub(begun[e.Job]))
		}
		all = append(all, v)
	}
	return all
}

func sized(n int64) string {
	if n <= 0 {
		return ""
	}
	return outbound.Bytes(n)
}

// sped tells how fast n bytes went.
func sped(n int64, took time.Duration) string {
	if n <= 0 || took <= 0 || took > 24*time.Hour {
		return sized(n)
	}
	return fmt.Sprintf("%s in %s, %s/s", sized(n), precise(took), outbound.Bytes(int64(float64(n)/took.Seconds())))
}

// precise writes a duration as a timeline needs it: 0.4 s, 12 s, 3 min.
func precise(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return overview.Rough(d)
}

// Took is the time since the line before, in words.
func (e event) Took() string { return precise(e.After) }

func eventSign(w ledger.What) overview.Sign {
	switch w {
	case ledger.Confirmed, ledger.Settled, ledger.Acknowledged:
		return overview.Fine
	case ledger.Held:
		return overview.Needs
	case ledger.Failed, ledger.VendorFailed, ledger.SentBack:
		return overview.Failed
	case ledger.Claimed, ledger.Published, ledger.Accepted, ledger.Imported:
		return overview.Working
	}
	return overview.Waiting
}
