package memory

import (
	"context"
	"slices"

	"github.com/studio-agent/studio-agent/connectors"
)

// A Submission is one time that a batch was submitted.
type Submission struct {
	Batch    string
	Receipts []connectors.Receipt
}

// Submissions is what was submitted, oldest first.
func (r *Remote) Submissions() []Submission {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.submissions)
}

// commit submits a batch, and the very same receipts no second time: they may
// come again after an answer was lost.
func (r *Remote) commit(ctx context.Context, batch string, delivered []connectors.Receipt, publish func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.submitted(batch, delivered) {
		return nil
	}
	if missing := r.Missing(batch, delivered); len(missing) > 0 {
		return &connectors.IncompleteError{Missing: missing}
	}
	if err := publish(); err != nil {
		return err
	}
	t, err := r.suffer(ctx, OpCommit)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.submissions = append(r.submissions, Submission{batch, slices.Clone(delivered)})
	return t.reply()
}

func (r *Remote) submitted(batch string, delivered []connectors.Receipt) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.submissions, func(s Submission) bool {
		return s.Batch == batch && slices.Equal(s.Receipts, delivered)
	})
}
