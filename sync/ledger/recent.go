package ledger

import "context"

// Recent returns up to n jobs of a bench and an account, in both directions, that
// were added last, the newest first; bench is empty for mirrored folders. Marks
// and what was superseded are left out: they show no picture of their own.
func (l *Ledger) Recent(ctx context.Context, bench, account string, n int) ([]Job, error) {
	return l.jobs(ctx, `WHERE bench = ? AND account = ? AND kind != 'mark' AND state != 'superseded' ORDER BY created DESC LIMIT ?`, bench, account, n)
}
