package ledger

import (
	"cmp"
	"context"
	"slices"
)

// A Print is one photo of a task, with no more of it than tells where it is: a
// page counts ten thousand of them, and shows sixty.
type Print struct {
	Folder, Name string       // of the photo that was sent
	Out, In      string       // IDs of jobs; In is empty if nothing has come back
	State        PictureState // as Pictures has it
	Round        int
	Back         string // of one that was sent back and not yet answered: what the person said
}

// Settled reports whether nothing more is awaited for p.
func (p Print) Settled() bool { return p.State == PictureImported || p.State == PictureClosed }

// A draft is what a Print is made of: the few columns that decide.
type draft struct {
	out, in short
	back    string
}

// A short is the part of a job that tells where its picture is.
type short struct {
	id, folder, name string
	kind             Kind
	state            State
	generation       int
	round            int
	closed           bool
}

func (s short) job() Job {
	return Job{ID: s.id, Kind: s.kind, State: s.state, Generation: s.generation, Round: s.round, Closed: s.closed}
}

// Album returns what Pictures does, in the same order and by the same rules, at a
// small part of the cost.
func (l *Ledger) Album(ctx context.Context, taskID string) ([]Print, error) {
	drafts, byID, err := l.drafts(ctx, taskID)
	if err != nil {
		return nil, err
	}
	if err := l.draftAnswers(ctx, taskID, byID); err != nil {
		return nil, err
	}
	all := make([]Print, 0, len(drafts))
	for _, d := range drafts {
		p := Picture{Out: d.out.job(), In: d.in.job(), HasIn: d.in.id != ""}
		p.judge()
		all = append(all, Print{Folder: d.out.folder, Name: d.out.name, Out: d.out.id, In: d.in.id, State: p.State, Round: d.out.round, Back: d.back})
	}
	slices.SortFunc(all, func(a, b Print) int { return cmp.Or(cmp.Compare(a.Folder, b.Folder), cmp.Compare(a.Name, b.Name)) })
	return all, nil
}

// An owner is the photo that a job on its way out is a try at, and the round of
// that try.
type owner struct {
	*draft
	round int
}

// drafts returns one draft for each photo of a task, and the owner of each job.
func (l *Ledger) drafts(ctx context.Context, taskID string) (all []*draft, byID map[string]owner, err error) {
	rows, err := l.read.QueryContext(ctx, `SELECT id, folder, name, kind, state, generation, round, closed FROM jobs
		WHERE batch = ? AND flow = 'out' AND batch != '' ORDER BY created, generation`, taskID)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	type file struct{ folder, name string }
	byFile := map[file]*draft{}
	byID = map[string]owner{}
	for rows.Next() {
		var s short
		if err := rows.Scan(&s.id, &s.folder, &s.name, &s.kind, &s.state, &s.generation, &s.round, &s.closed); err != nil {
			return nil, nil, err
		}
		f := file{s.folder, s.name}
		if byFile[f] == nil {
			byFile[f] = new(draft)
		}
		d := byFile[f]
		byID[s.id] = owner{d, s.round}
		if s.state == Superseded && !s.closed {
			continue
		}
		if d.out.id == "" {
			d.out, all = s, append(all, d)
		} else if tells(s.job(), d.out.job()) {
			d.out = s
		}
	}
	return all, byID, rows.Err()
}

// draftAnswers adds to the drafts what came back.
func (l *Ledger) draftAnswers(ctx context.Context, taskID string, byID map[string]owner) error {
	rows, err := l.read.QueryContext(ctx, `SELECT id, answers, state, closed, reason FROM jobs
		WHERE answers IN (SELECT id FROM jobs WHERE batch = ? AND flow = 'out' AND batch != '') AND answers != ''
		AND (+state != 'superseded' OR closed) AND NOT source_rejected ORDER BY created`, taskID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var s short
		var answers, reason string
		if err := rows.Scan(&s.id, &answers, &s.state, &s.closed, &reason); err != nil {
			return err
		}
		o, known := byID[answers]
		switch {
		case !known || o.round < o.out.round:
		case s.state != Superseded:
			o.in, o.back = s, ""
		case !o.out.closed: // it was sent back
			o.in, o.back = short{}, reason
		}
	}
	return rows.Err()
}

// Look reads all that is known of a few prints, in their order. What is gone by
// now is left out.
func (l *Ledger) Look(ctx context.Context, prints []Print) ([]Picture, error) {
	var ids []string
	for _, p := range prints {
		ids = append(ids, p.Out)
		if p.In != "" {
			ids = append(ids, p.In)
		}
	}
	jobs, err := l.byIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	all := make([]Picture, 0, len(prints))
	for _, print := range prints {
		p := Picture{Out: jobs[print.Out], In: jobs[print.In], HasIn: print.In != ""}
		if p.Out.ID == "" || p.HasIn && p.In.ID == "" {
			continue
		}
		p.judge()
		if print.Back != "" {
			p.Reason = print.Back
		}
		all = append(all, p)
	}
	return all, nil
}

// byIDs returns jobs by their IDs.
func (l *Ledger) byIDs(ctx context.Context, ids []string) (map[string]Job, error) {
	found := make(map[string]Job, len(ids))
	for some := range slices.Chunk(ids, idsAtOnce) {
		args := make([]any, len(some))
		for i, id := range some {
			args[i] = id
		}
		jobs, err := l.jobs(ctx, `WHERE id IN (`+marks(len(some))+`)`, args...)
		if err != nil {
			return nil, err
		}
		for _, j := range jobs {
			found[j.ID] = j
		}
	}
	return found, nil
}

// EndedTasks returns n tasks of which nothing is expected any more, the newest
// first, after the first skip ones; for people.
func (l *Ledger) EndedTasks(ctx context.Context, skip, n int) ([]Task, error) {
	return queryTasks(ctx, l.read, `state NOT IN ('collecting', 'committing', 'at vendor') ORDER BY created DESC, id LIMIT ? OFFSET ?`, n, skip)
}
