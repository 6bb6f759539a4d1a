package ledger

import "time"

// NoteTask adds a line to the life of a task, for what happened around it and
// changes nothing of it.
func (l *Ledger) NoteTask(now time.Time, t Task, text string) error {
	return l.write(func(tx transaction) error {
		noteTask(tx, t, TaskEvent{What: "seen", At: now, Reason: text})
		return nil
	})
}
