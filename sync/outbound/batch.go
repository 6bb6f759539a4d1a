package outbound

import (
	"context"
	"maps"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/watch"
)

// batchFor is how long the first file of a batch waits for others at most.
const batchFor = 60 * time.Millisecond

// A batch is what follows from files that have nothing to do with each other,
// entered in one commit. Its Enqueuer's turn is held.
type batch struct {
	e     *Enqueuer
	errs  []error // of all files of one Emit
	began time.Time
	decision
	files map[int]watch.File // in it, by index of errs
	names map[string]bool    // of them, composed
}

// take decides on a file, together with those before it if it may.
func (b *batch) take(ctx context.Context, i int, f watch.File) {
	now := time.Now()
	alone := b.e.alone(f)
	if name := norm.NFC.String(f.Name); alone || b.names[name] || len(b.files) > 0 && now.Sub(b.began) > batchFor {
		b.enter(ctx)
	}
	group, err := b.e.gather(f, now)
	if err != nil {
		b.errs[i] = err
		return
	}
	var d decision
	for _, member := range group {
		if err := b.e.decide(ctx, member, &d); err != nil {
			b.e.leave(member)
			b.errs[i] = later(err, member)
			return
		}
	}
	b.add(i, f, d)
	if alone {
		b.enter(ctx)
	}
}

// alone reports whether what follows from a file may depend on what the ledger
// has of others: of its partner, of the same picture under another name, of a
// large file of the same size. Those before it must be on disk then.
func (e *Enqueuer) alone(f watch.File) bool {
	return e.listens() || e.Role == connectors.Select || e.pairing(f) || f.Size > digestFirst
}

func (b *batch) add(i int, f watch.File, d decision) {
	if len(b.files) == 0 {
		b.began, b.files, b.names = time.Now(), map[int]watch.File{}, map[string]bool{}
	}
	b.files[i] = f
	b.names[norm.NFC.String(f.Name)] = true
	for k, text := range d.Notes {
		b.Notes = withNote(b.Notes, len(b.Files)+k, text)
	}
	b.Files, b.Jobs, b.Tasks = append(b.Files, d.Files...), append(b.Jobs, d.Jobs...), append(b.Tasks, d.Tasks...)
	b.moot = append(b.moot, d.moot...)
}

// enter puts the batch on disk and begins the next.
func (b *batch) enter(ctx context.Context) {
	err := b.e.enter(ctx, b.decision, time.Now())
	for i := range maps.Keys(b.files) {
		if b.errs[i] = err; err == nil {
			b.e.went(b.files[i])
		}
	}
	b.decision, b.files, b.names = decision{}, nil, nil
}
