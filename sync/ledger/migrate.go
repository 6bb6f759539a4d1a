package ledger

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// version tells which schema the file has and which is the newest known.
func version(ctx context.Context, db *sql.DB) (has int, steps []string, err error) {
	if steps, err = fs.Glob(migrations, "migrations/*.sql"); err != nil {
		return 0, nil, err
	}
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&has); err != nil {
		return 0, nil, err
	}
	if has > len(steps) {
		return has, steps, fmt.Errorf("written by a newer studio-agent (schema %d, this one knows %d); install that version or a later one", has, len(steps))
	}
	return has, steps, nil
}

// sameVersion refuses a schema that is not the newest known.
func sameVersion(ctx context.Context, db *sql.DB) error {
	has, steps, err := version(ctx, db)
	if err == nil && has < len(steps) {
		err = fmt.Errorf("written by an older studio-agent (schema %d, this one knows %d); start the agent of this version, then ask again", has, len(steps))
	}
	return err
}

// migrate brings the schema up to date, each step in a transaction of its own.
func migrate(ctx context.Context, db *sql.DB) error {
	has, names, err := version(ctx, db)
	if err != nil {
		return err
	}
	for i := has; i < len(names); i++ {
		text, err := migrations.ReadFile(names[i])
		if err != nil {
			return err
		}
		if err := migrateStep(ctx, db, string(text), i+1); err != nil {
			return fmt.Errorf("bring the schema to version %d: %w", i+1, err)
		}
	}
	return nil
}

func migrateStep(ctx context.Context, db *sql.DB, text string, version int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, text); err != nil {
		return err
	}
	if version == 2 {
		if err := fillStems(ctx, tx); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
		return err
	}
	return tx.Commit()
}

// fillStems gives the jobs from before stems theirs: no SQL can.
func fillStems(ctx context.Context, tx *sql.Tx) error {
	set, err := tx.PrepareContext(ctx, `UPDATE jobs SET stem = ? WHERE id = ?`)
	if err != nil {
		return err
	}
	defer set.Close()
	rows, err := tx.QueryContext(ctx, `SELECT id, name FROM jobs`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, name string
		if err := rows.Scan(&id, &name); err != nil {
			return err
		}
		if _, err := set.ExecContext(ctx, Stem(name), id); err != nil {
			return err
		}
	}
	return rows.Err()
}
