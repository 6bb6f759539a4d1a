package main

import (
	"context"
	"fmt"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// taskWords says which task a file belongs to that is not ours; empty for none.
func taskWords(ctx context.Context, l *ledger.Ledger, j ledger.Job) (string, error) {
	if j.Batch == "" {
		return "", nil
	}
	t, known, err := l.Task(ctx, j.Batch)
	if err != nil || !known || t.Kind != ledger.ReceivedTask {
		return "", err
	}
	verb := "It came with"
	if j.Flow == ledger.Out {
		verb = "It is for"
	}
	r := received{Task: t}
	text := fmt.Sprintf("%s %s of %s (%s), round %d: %s", verb, shown(t.Title), t.Account, taskName(t), t.Round, r.word())
	if t.State == ledger.Collecting && len(t.Missing) > 0 {
		text += ", missing " + someOf(t.Missing)
	}
	if t.State != ledger.Closed && t.Reason != "" {
		text += ": " + t.Reason
	}
	return text + ".", nil
}
