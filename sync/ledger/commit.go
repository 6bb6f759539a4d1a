package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// A queue gathers the writes that arrive while one commit is being synced, so
// that they share the next. It starts no goroutine: whoever finds the database
// free commits for all who wait.
type queue struct {
	db  *sql.DB
	hot map[string]*sql.Stmt // see transaction

	lacks lacks

	mu      sync.Mutex // guards waiting
	waiting []*write
	turn    turn // of the one who commits
	company bool // the latest group was not of one; guarded by turn
}

// lacks is what the ledger has none of, so that nobody looks for it at each photo.
type lacks struct {
	marks atomic.Bool // that may wait for their photo to arrive
	alone atomic.Bool // files that were left alone at first sight
}

// A turn is had by one at a time. Unlike a mutex it can be waited for on a test's
// clock.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

func (t turn) Lock()   { t <- struct{}{} }
func (t turn) Unlock() { <-t }

// linger is how long a commit waits for others where there were some just now:
// a commit costs more than what is written in it.
const linger = time.Millisecond

type write struct {
	do   func(transaction) error
	done bool // read and written only by the holder of turn
	err  error
}

// groupLimit bounds one commit, so that its first caller does not wait for
// thousands.
const groupLimit = 512

// write runs do in a transaction and returns when it is on disk. do may run
// more than once, and must have no effect but through tx. It is not cancelled
// by anybody's context: a commit takes milliseconds.
func (q *queue) write(do func(transaction) error) error {
	w := &write{do: do}
	q.mu.Lock()
	q.waiting = append(q.waiting, w)
	q.mu.Unlock()

	q.turn.Lock()
	defer q.turn.Unlock()
	if !w.done && q.company {
		time.Sleep(linger)
	}
	for !w.done {
		group := q.take()
		q.company = len(group) > 1
		q.commit(group)
	}
	return w.err
}

func (q *queue) take() []*write {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.waiting), groupLimit)
	group := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	return group
}

// commit writes the group at once or, if one member spoils it, each alone.
func (q *queue) commit(group []*write) {
	err := q.transact(group)
	for _, w := range group {
		if err != nil && len(group) > 1 {
			w.err = q.transact([]*write{w})
		} else {
			w.err = err
		}
		w.done = true
	}
}

func (q *queue) transact(group []*write) error {
	tx, err := q.db.BeginTx(context.Background(), nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	t := transaction{tx, q.hot, &q.lacks, newEnding()}
	for _, w := range group {
		if err := w.do(t); err != nil {
			tx.Rollback()
			return err
		}
	}
	if err := t.finish(); err != nil {
		tx.Rollback()
		return err
	}
	return tx.Commit()
}
