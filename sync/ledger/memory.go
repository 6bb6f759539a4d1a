package ledger

import (
	"context"
	"database/sql"
	"errors"

	"github.com/studio-agent/studio-agent/connectors"
)

// Memory is what the connector of account keeps over restarts.
func (l *Ledger) Memory(account string) connectors.Memory { return memory{l, account} }

type memory struct {
	ledger  *Ledger
	account string
}

func (m memory) Recall(key string) (value string, err error) {
	err = m.ledger.read.QueryRowContext(context.Background(), `SELECT value FROM memory WHERE account = ? AND key = ?`, m.account, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return value, err
}

func (m memory) Keep(key, value string) error {
	return m.ledger.write(func(tx transaction) error {
		if value == "" {
			_, err := tx.Exec(`DELETE FROM memory WHERE account = ? AND key = ?`, m.account, key)
			return err
		}
		_, err := tx.Exec(`INSERT INTO memory (account, key, value) VALUES (?, ?, ?) ON CONFLICT (account, key) DO UPDATE SET value = excluded.value`,
			m.account, key, value)
		return err
	})
}
