package ledger

import (
	"context"
	"database/sql"
	"sync"
)

// A transaction is a sql.Tx for which what is said for every photo was prepared
// before: SQLite takes longer to understand such a statement than to carry it
// out.
type transaction struct {
	*sql.Tx
	prepared map[string]*sql.Stmt
	lacks    *lacks
	end      *ending
}

func (tx transaction) Exec(query string, args ...any) (sql.Result, error) {
	if s := tx.prepared[query]; s != nil {
		return tx.Stmt(s).Exec(args...)
	}
	return tx.Tx.Exec(query, args...)
}

func (tx transaction) QueryRow(query string, args ...any) *sql.Row {
	if s := tx.prepared[query]; s != nil {
		return tx.Stmt(s).QueryRow(args...)
	}
	return tx.Tx.QueryRow(query, args...)
}

func (tx transaction) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := tx.prepared[query]; s != nil {
		return tx.StmtContext(ctx, s).QueryContext(ctx, args...)
	}
	return tx.Tx.QueryContext(ctx, query, args...)
}

// prepareHot prepares what is said for every photo. The statements end with db.
func prepareHot(db *sql.DB) (map[string]*sql.Stmt, error) {
	prepared := map[string]*sql.Stmt{}
	for _, query := range []string{insertJob, moveJob, showJob, updateJob, insertNote, insertNotes, countDay, upsertFile, learnFile, releaseBySHA256, releaseByCore, comeDue, pickAged[Out], pickNext[Out], pickAged[In], pickNext[In]} {
		s, err := db.Prepare(query)
		if err != nil {
			return nil, err
		}
		prepared[query] = s
	}
	return prepared, nil
}

// A reader is a sql.DB that prepares what it is asked once: of a short question,
// too, understanding is the larger part.
type reader struct {
	*sql.DB
	most     int // questions that are prepared; more are asked as they are
	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

const (
	mostPrepared = 200
	longQuestion = 2048 // bytes; a longer one is a list, and hardly comes twice
)

// prepare returns the statement of a question, or nil if it is to be asked as it is.
func (r *reader) prepare(ctx context.Context, query string) *sql.Stmt {
	if len(query) > longQuestion {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.prepared[query]; s != nil || len(r.prepared) >= r.most {
		return s
	}
	s, err := r.PrepareContext(ctx, query)
	if err != nil {
		return nil // asking it tells why
	}
	r.prepared[query] = s
	return s
}

func (r *reader) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := r.prepare(ctx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return r.DB.QueryContext(ctx, query, args...)
}

func (r *reader) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := r.prepare(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return r.DB.QueryRowContext(ctx, query, args...)
}

// Close ends the statements with the database.
func (r *reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.prepared {
		s.Close() // its only fault could be that the database has gone
	}
	return r.DB.Close()
}
