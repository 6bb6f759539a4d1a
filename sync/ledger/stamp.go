package ledger

import "context"

// Stamp returns a text that is another one whenever something has happened to a
// file or a task, an agent has said something new of itself, or a control was
// answered. It costs next to nothing.
func (l *Ledger) Stamp(ctx context.Context) (stamp string, err error) {
	err = l.read.QueryRowContext(ctx, `SELECT COALESCE((SELECT MAX(seq) FROM history), 0) || ' ' || COALESCE((SELECT MAX(seq) FROM controls WHERE taken != 0), 0)
		|| ' ' || COALESCE((SELECT MAX(seen) FROM agents), 0)`).Scan(&stamp)
	return stamp, err
}
