package ledger

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// Offer adds jobs on their way in, in one commit; those that exist already are
// left alone.
func (l *Ledger) Offer(now time.Time, jobs []Job) error {
	err := l.write(func(tx transaction) error {
		for _, j := range jobs {
			if j.Created.IsZero() {
				j.Created = now
			}
			if _, err := insert(tx, j); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, j := range jobs {
		l.wake(j.Account, j.Flow)
	}
	return nil
}

// idsAtOnce bounds the variables of one question.
const idsAtOnce = 500

// Retouches returns those jobs of account that have one of these IDs and are on
// their way in, by ID.
func (l *Ledger) Retouches(ctx context.Context, account string, ids []string) (map[string]Job, error) {
	found := map[string]Job{}
	for some := range slices.Chunk(ids, idsAtOnce) {
		args := make([]any, len(some), len(some)+1)
		for i, id := range some {
			args[i] = id
		}
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(some)), ", ")
		jobs, err := l.jobs(ctx, `WHERE id IN (`+marks+`) AND +account = ? AND +flow = 'in'`, append(args, account)...)
		if err != nil {
			return nil, err
		}
		for _, j := range jobs {
			found[j.ID] = j
		}
	}
	return found, nil
}

// AtRetouch returns what a retouch with this stem may answer: what account has,
// or may have for all that is known, of its selects or, if there is none, of any
// role; the newest first. A vendor can be faster than the answer that its server
// has a photo. What went into a task that is not ours is not answered by anything.
func (l *Ledger) AtRetouch(ctx context.Context, account, stem string) ([]Job, error) {
	jobs, err := l.jobs(ctx, `WHERE account = ? AND stem = ? AND flow = 'out'
		AND (+state IN ('publishing', 'sent', 'done') OR +state IN ('queued', 'moving') AND published)
		AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = jobs.batch AND t.kind != '') ORDER BY created DESC`, account, stem)
	isSelect := func(j Job) bool { return j.Role == connectors.Select }
	if slices.ContainsFunc(jobs, isSelect) {
		jobs = slices.DeleteFunc(jobs, func(j Job) bool { return !isSelect(j) })
	}
	return jobs, err
}

// WithReceipt returns the newest job on its way out that has this receipt; ok is
// false if none has. An empty ID is nobody's.
func (l *Ledger) WithReceipt(ctx context.Context, account, receiptID string) (j Job, ok bool, err error) {
	return l.first(ctx, `WHERE account = ? AND receipt_id = ? AND flow = 'out' AND receipt_id != '' ORDER BY created DESC LIMIT 1`, account, receiptID)
}

// Unsure reports whether account may have a photo of which no receipt is known
// yet: it is just being ordered, or an earlier try is still to be asked for.
func (l *Ledger) Unsure(ctx context.Context, account string) (unsure bool, err error) {
	err = l.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM jobs WHERE `+inHands+` AND account = ? AND +flow = 'out' AND published)
		OR EXISTS (SELECT 1 FROM jobs WHERE account = ? AND flow = 'out' AND state = 'queued' AND published)`, account, account).Scan(&unsure)
	return unsure, err
}

// LandedAs returns what has landed under a name, the newest first, whether or
// not it still lies there, or was sent back since.
func (l *Ledger) LandedAs(ctx context.Context, folder, name string) ([]Job, error) {
	return l.jobs(ctx, `WHERE folder = ? AND name = ? AND +flow = 'in' AND (state IN ('landed', 'done') OR state = 'superseded' AND sent_at != 0) ORDER BY created DESC`, folder, name)
}

// Unacknowledged returns what has landed and its remote was not yet told, the
// oldest first.
func (l *Ledger) Unacknowledged(ctx context.Context, account string) ([]Job, error) {
	return l.jobs(ctx, `WHERE account = ? AND state = 'landed' ORDER BY created`, account)
}

// OfferedTo returns what waits for a person to import it, the oldest first. An
// empty account or bench means any.
func (l *Ledger) OfferedTo(ctx context.Context, account, bench string) ([]Job, error) {
	return l.jobs(ctx, `WHERE state = 'offered' AND ? IN ('', account) AND ? IN ('', bench) ORDER BY created`, account, bench)
}

// UpdateFetch moves a job that has not landed yet to another place: its Folder,
// Name, Bench, Batch, Answers and Round become those of j. The error wraps
// ErrLost if j is not as the ledger has it, or has landed.
func (l *Ledger) UpdateFetch(j Job) error {
	return l.write(func(tx transaction) error {
		var folder, name string
		err := tx.QueryRow(`SELECT folder, name FROM jobs WHERE id = ? AND state = ? AND starts = ? AND +flow = 'in'
			AND +state IN ('offered', 'queued', 'moving', 'parked')`, j.ID, j.State, j.Starts).Scan(&folder, &name)
		if err == sql.ErrNoRows {
			return ErrLost
		} else if err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE jobs SET folder = ?, name = ?, stem = ?, bench = ?, batch = ?, answers = ?, round = ? WHERE id = ?`,
			j.Folder, j.Name, Stem(j.Name), j.Bench, j.Batch, j.Answers, j.Round, j.ID); err != nil {
			return err
		}
		if err := tx.writeNotes(); err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE history SET folder = ?, name = ? WHERE folder = ? AND name = ? AND job = ?`, j.Folder, j.Name, folder, name, j.ID)
		return err
	})
}

// FindRetouches returns up to n jobs on their way in, the newest first, whose
// name, at the remote or here, ends with the given one: for people.
func (l *Ledger) FindRetouches(ctx context.Context, name string, n int) ([]Job, error) {
	all, err := l.jobs(ctx, `WHERE flow = 'in' AND stem = ? ORDER BY created DESC`, Stem(name))
	all = slices.DeleteFunc(all, func(j Job) bool {
		return !strings.HasSuffix("/"+j.Name, "/"+name) && !strings.HasSuffix("/"+j.Source.Name, "/"+name)
	})
	return all[:min(n, len(all))], err
}

// AnswersTo returns the jobs on their way in that answer a job on its way out,
// the oldest first.
func (l *Ledger) AnswersTo(ctx context.Context, jobID string) ([]Job, error) {
	return l.jobs(ctx, `WHERE answers = ? AND answers != '' AND +flow = 'in' ORDER BY created`, jobID)
}
