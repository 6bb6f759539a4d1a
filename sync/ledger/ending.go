package ledger

import (
	"strings"
	"time"
)

// An ending is what a group of writes adds to the history and to the days: it is
// written at once when all of them are, in the same commit.
type ending struct {
	notes []any             // the values of one line after the other
	days  map[workday]yield // what came of them
}

// A workday is what one bench and account did on one day.
type workday struct{ bench, account, day string }

// A yield is what to add to a workday.
type yield struct {
	done, bytes, landed int64
	last                int64 // when the last photo was delivered; 0 if none was
}

func newEnding() *ending { return &ending{days: map[workday]yield{}} }

const (
	noteValues  = "(?, ?, ?, ?, ?, ?, ?)"
	insertNote  = `INSERT INTO history (at, folder, name, job, account, what, reason) VALUES ` + noteValues
	notesAtOnce = 8
	countDay    = `INSERT INTO days (bench, account, day, done, bytes, last, landed) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (bench, account, day) DO UPDATE SET done = days.done + excluded.done, bytes = days.bytes + excluded.bytes,
			landed = days.landed + excluded.landed, last = CASE WHEN excluded.last > 0 THEN excluded.last ELSE days.last END`
)

var (
	noteWidth   = strings.Count(noteValues, "?")
	insertNotes = insertNote + strings.Repeat(", "+noteValues, notesAtOnce-1)
)

// noteFile keeps an event for `why FILE`. The job is empty for what happened to
// the file alone.
func noteFile(tx transaction, folder, name, job, account, what, reason string, at time.Time) {
	tx.end.notes = append(tx.end.notes, nanos(at), folder, name, job, account, what, reason)
}

// count notes a delivery that was just confirmed, or a retouch that has landed.
func count(tx transaction, j Job, at time.Time) {
	day := workday{j.Bench, j.Account, dayOf(at)}
	y := tx.end.days[day]
	if j.Flow == In {
		y.landed++
	} else {
		y.done, y.bytes, y.last = y.done+1, y.bytes+j.Size, nanos(at)
	}
	tx.end.days[day] = y
}

func dayOf(t time.Time) string { return t.Local().Format(time.DateOnly) }

// writeNotes writes the history up to now, for who is about to change it.
func (tx transaction) writeNotes() error {
	for len(tx.end.notes) > 0 {
		statement, n := insertNote, noteWidth
		if all := notesAtOnce * noteWidth; len(tx.end.notes) >= all {
			statement, n = insertNotes, all
		}
		if _, err := tx.Exec(statement, tx.end.notes[:n]...); err != nil {
			return err
		}
		tx.end.notes = tx.end.notes[n:]
	}
	return nil
}

// finish writes what is written for the whole group.
func (tx transaction) finish() error {
	if err := tx.writeNotes(); err != nil {
		return err
	}
	for day, y := range tx.end.days {
		if _, err := tx.Exec(countDay, day.bench, day.account, day.day, y.done, y.bytes, y.last, y.landed); err != nil {
			return err
		}
	}
	return nil
}
