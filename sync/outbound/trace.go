package outbound

import (
	"cmp"
	"context"
	"slices"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A trace is what the ledger has of one photo at one account, under whatever
// names of its bench: the same content, or the same picture with other metadata.
type trace struct {
	files  []ledger.File // that had its content when they were last accepted
	has    []ledger.Job  // deliveries that are done or under way, the newest first
	jobs   []ledger.Job  // all jobs of its names at the account
	marks  []ledger.Job  // of the photo, the oldest first, without superseded ones
	serial int           // the highest number of a mark under its names
}

// traceOf follows the photo in file; was is the same file before its metadata
// changed, or the same as file.
func traceOf(ctx context.Context, l *ledger.Ledger, account, bench string, file, was ledger.File) (trace, error) {
	var t trace
	var err error
	if t.has, err = delivered(ctx, l, account, bench, file); err != nil {
		return t, err
	}
	if err := t.visit(ctx, l, account, bench, file.Folder, file.Name); err != nil {
		return t, err
	}
	for _, f := range t.contents(file, was) {
		same, err := l.SameContent(ctx, bench, f.Size, f.SHA256)
		if err != nil {
			return t, err
		}
		t.files = append(t.files, same...)
	}
	for _, f := range t.files {
		err = cmp.Or(err, t.visit(ctx, l, account, bench, f.Folder, f.Name))
	}
	for _, j := range t.has {
		err = cmp.Or(err, t.visit(ctx, l, account, bench, j.Folder, j.Name))
	}
	t.sort(file, was)
	return t, err
}

// visit takes in the jobs of one name, once.
func (t *trace) visit(ctx context.Context, l *ledger.Ledger, account, bench, folder, name string) error {
	if slices.ContainsFunc(t.jobs, func(j ledger.Job) bool { return j.Folder == folder && j.Name == name }) {
		return nil
	}
	jobs, err := l.Jobs(ctx, folder, name)
	for _, j := range jobs {
		if j.Account == account && j.Bench == bench && j.Flow == ledger.Out {
			t.jobs = append(t.jobs, j)
		}
	}
	return err
}

// contents are those that the photo has or had, as far as its own jobs tell: its
// metadata may have changed since it was copied.
func (t *trace) contents(file, was ledger.File) []ledger.File {
	all := []ledger.File{file, was}
	for _, j := range slices.Concat(t.jobs, t.has) {
		if j.Core != "" && j.Core == file.Core {
			all = append(all, fileOf(j))
		}
	}
	var once []ledger.File
	for _, f := range all {
		if !slices.ContainsFunc(once, func(o ledger.File) bool { return o.SHA256 == f.SHA256 }) {
			once = append(once, f)
		}
	}
	return once
}

// delivered are the deliveries of a picture that are done or under way.
func delivered(ctx context.Context, l *ledger.Ledger, account, bench string, f ledger.File) ([]ledger.Job, error) {
	has, err := l.Content(ctx, account, bench, f.SHA256)
	if err != nil {
		return nil, err
	}
	same, err := l.SameCore(ctx, account, bench, f.Core)
	for _, j := range same {
		if !slices.ContainsFunc(has, func(h ledger.Job) bool { return h.ID == j.ID }) {
			has = append(has, j)
		}
	}
	return has, err
}

func (t *trace) sort(file, was ledger.File) {
	for _, j := range t.jobs {
		if j.Kind != ledger.Mark {
			continue
		}
		t.serial = max(t.serial, j.Generation)
		same := j.Digests.SHA256 == file.SHA256 || j.Digests.SHA256 == was.SHA256 || j.Core != "" && j.Core == file.Core
		if same && j.State != ledger.Superseded {
			t.marks = append(t.marks, j)
		}
	}
	slices.SortStableFunc(t.marks, inOrder)
}

// inOrder compares marks by when they were made.
func inOrder(a, b ledger.Job) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Generation, b.Generation), cmp.Compare(a.ID, b.ID))
}

// A stance is what the marks of a photo say, one after the other.
type stance struct {
	selected bool
	rating   int
	label    string
}

// stance also returns the newest mark that says whether the photo is a select;
// the zero Job if none does.
func (t trace) stance() (s stance, by ledger.Job) {
	for _, m := range t.marks {
		s.rating, s.label = m.Rating, m.Label
		if chooses(m) {
			s.selected, by = !m.Deselected, m
		}
	}
	return s, by
}

// chooses reports whether a mark says anything about being a select.
func chooses(m ledger.Job) bool { return m.Role == connectors.Select || m.Deselected }
