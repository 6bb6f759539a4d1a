package ledger

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// A PictureState says where one photo of a task is.
type PictureState string

const (
	Sending         PictureState = "sending"
	AtRetouch       PictureState = "at retouch"
	ReadyToImport   PictureState = "ready to import"
	Importing       PictureState = "importing"
	PictureImported PictureState = "imported"
	Delivered       PictureState = "delivered"   // to a task from which nothing comes back
	PictureClosed   PictureState = "written off" // or called off: a person waits for it no more
	Error           PictureState = "error"       // parked, or given up by the vendor
)

// A Picture is one photo of a task, with what came back for it.
type Picture struct {
	Out    Job
	In     Job // the newest answer, if HasIn
	HasIn  bool
	State  PictureState
	Reason string // why it is in error, or waits
	Late   bool   // still awaited, though the task's deadline has passed
}

// Settled reports whether nothing more is awaited for p.
func (p Picture) Settled() bool {
	return p.State == PictureImported || p.State == PictureClosed || p.State == Delivered
}

// Pictures returns the photos of a task, in the order of their names. Of each,
// the newest round counts, and of that the newest generation; what comes back for
// an earlier round changes nothing.
func (l *Ledger) Pictures(ctx context.Context, taskID string, now time.Time) ([]Picture, error) {
	t, _, err := l.Task(ctx, taskID)
	if err != nil {
		return nil, err
	}
	all, err := pictures(ctx, l.read, taskID)
	for i := range all {
		p := &all[i]
		if t.Kind != OrderedTask && p.State == AtRetouch {
			p.State = Delivered
		}
		p.Late = !p.Settled() && !t.Deadline.IsZero() && now.After(t.Deadline)
	}
	return all, err
}

func pictures(ctx context.Context, db querier, taskID string) ([]Picture, error) {
	outs, err := taskJobs(ctx, db, taskID)
	if err != nil {
		return nil, err
	}
	ins, err := queryJobs(ctx, db, `WHERE answers IN (SELECT id FROM jobs WHERE batch = ? AND flow = 'out' AND batch != '') AND answers != ''
		AND (+state != 'superseded' OR closed) AND NOT source_rejected ORDER BY created`, taskID)
	if err != nil {
		return nil, err
	}
	type file struct{ folder, name string }
	byFile, byID := map[file]*Picture{}, map[string]Job{}
	for _, j := range outs {
		f := file{j.Folder, j.Name}
		byID[j.ID] = j
		if p := byFile[f]; (j.State != Superseded || j.Closed) && (p == nil || tells(j, p.Out)) {
			byFile[f] = &Picture{Out: j}
		}
	}
	for _, j := range ins {
		out := byID[j.Answers]
		p := byFile[file{out.Folder, out.Name}]
		switch {
		case p == nil || out.Round < p.Out.Round:
		case j.State != Superseded:
			p.In, p.HasIn = j, true
		case !p.Out.Closed: // it was sent back
			p.In, p.HasIn, p.Reason = Job{}, false, j.Reason
		}
	}
	var all []Picture
	for _, p := range byFile {
		p.judge()
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b Picture) int {
		return cmp.Or(cmp.Compare(a.Out.Folder, b.Out.Folder), cmp.Compare(a.Out.Name, b.Out.Name))
	})
	return all, nil
}

// tells reports whether a says more than b of how far a file is: the later round;
// the newer content; then what is not through yet; then the delivery, not its mark.
func tells(a, b Job) bool {
	through := func(j Job) int { return b2i(j.State == Sent || j.State == Done || j.Closed) }
	return cmp.Or(cmp.Compare(a.Round, b.Round), cmp.Compare(a.Generation, b.Generation), cmp.Compare(through(b), through(a)), cmp.Compare(b2i(a.Kind == Deliver), b2i(b.Kind == Deliver))) > 0
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// judge derives where p is from its jobs.
func (p *Picture) judge() {
	j := p.Out
	if p.HasIn {
		j = p.In
	}
	if p.HasIn || p.Reason == "" {
		p.Reason = j.Reason
	}
	switch j.State {
	case Parked, GivenUp:
		p.State = Error
	case Offered:
		p.State = ReadyToImport
	case Landed:
		p.State = PictureImported
	case Done, Sent:
		p.State = AtRetouch
		if p.HasIn {
			p.State = PictureImported
		}
	default:
		p.State = Sending
		if p.HasIn {
			p.State = Importing
		}
	}
	if p.Out.Closed && (!p.HasIn || p.State == Error) { // what came all the same is there
		p.State, p.Reason = PictureClosed, p.Out.Reason
	}
}
