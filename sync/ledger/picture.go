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
	Error           PictureState = "error" // parked, or given up by the vendor
)

// A Picture is one photo of a task, with what came back for it.
type Picture struct {
	Out    Job
	In     Job // the newest answer, if HasIn
	HasIn  bool
	State  PictureState
	Reason string // why it is in error, or waits
	Late   bool   // not imported, though the task's deadline has passed
}

// Pictures returns the photos of a task, in the order of their names. Of each,
// the newest generation counts.
func (l *Ledger) Pictures(ctx context.Context, taskID string, now time.Time) ([]Picture, error) {
	t, _, err := l.Task(ctx, taskID)
	if err != nil {
		return nil, err
	}
	all, err := pictures(ctx, l.read, taskID)
	for i, p := range all {
		all[i].Late = p.State != PictureImported && !t.Deadline.IsZero() && now.After(t.Deadline)
	}
	return all, err
}

func pictures(ctx context.Context, db querier, taskID string) ([]Picture, error) {
	outs, err := taskJobs(ctx, db, taskID)
	if err != nil {
		return nil, err
	}
	ins, err := queryJobs(ctx, db, `WHERE answers IN (SELECT id FROM jobs WHERE batch = ? AND flow = 'out' AND batch != '') AND answers != ''
		AND +state != 'superseded' AND NOT source_rejected ORDER BY created`, taskID)
	if err != nil {
		return nil, err
	}
	type file struct{ folder, name string }
	byFile, fileOf := map[file]*Picture{}, map[string]file{}
	for _, j := range outs {
		f := file{j.Folder, j.Name}
		fileOf[j.ID] = f
		if p := byFile[f]; j.State != Superseded && (p == nil || tells(j, p.Out)) {
			byFile[f] = &Picture{Out: j}
		}
	}
	for _, j := range ins {
		if p := byFile[fileOf[j.Answers]]; p != nil {
			p.In, p.HasIn = j, true
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

// tells reports whether a says more than b of how far a file is: the newer
// content; then what is not through yet; then the delivery, not its mark.
func tells(a, b Job) bool {
	through := func(j Job) int { return b2i(j.State == Sent || j.State == Done) }
	return cmp.Or(cmp.Compare(a.Generation, b.Generation), cmp.Compare(through(b), through(a)), cmp.Compare(b2i(a.Kind == Deliver), b2i(b.Kind == Deliver))) > 0
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
	p.Reason = j.Reason
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
}
