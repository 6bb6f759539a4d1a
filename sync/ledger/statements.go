package ledger

import "database/sql"

// A transaction is a sql.Tx for which what is said for every photo was prepared
// before: SQLite takes longer to understand such a statement than to carry it
// out.
type transaction struct {
	*sql.Tx
	prepared map[string]*sql.Stmt
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

// prepareHot prepares what is said for every photo. The statements end with db.
func prepareHot(db *sql.DB) (map[string]*sql.Stmt, error) {
	prepared := map[string]*sql.Stmt{}
	for _, query := range []string{insertJob, updateJob, insertNote, upsertFile, learnFile, releaseBySHA256, countDelivery, pickAged[Out], pickNext[Out], pickAged[In], pickNext[In]} {
		s, err := db.Prepare(query)
		if err != nil {
			return nil, err
		}
		prepared[query] = s
	}
	return prepared, nil
}
