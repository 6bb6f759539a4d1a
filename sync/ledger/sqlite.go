package ledger

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Pragmas that every connection must really have: a DSN that is misspelt is
// ignored in silence, so they are asked for after opening.
var pragmas = map[string]string{
	"journal_mode": "wal",
	"synchronous":  "2", // FULL: a commit that returned survives a power cut
	"busy_timeout": "10000",
}

// openSQLite opens the file for writing by one connection and reading by a few.
// schema makes sure that its tables are those that this program knows.
func openSQLite(ctx context.Context, path string, schema func(context.Context, *sql.DB) error) (writer, reader *sql.DB, err error) {
	if err := checkWAL(path + "-wal"); err != nil {
		return nil, nil, explain(path, err)
	}
	dsn := uri(path) + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=temp_store(MEMORY)"
	// 16 MiB of log: what is changed again and again goes into the file less often.
	writer, err = sql.Open("sqlite", dsn+"&_txlock=immediate&_pragma=wal_autocheckpoint(4000)")
	if err != nil {
		return nil, nil, err
	}
	writer.SetMaxOpenConns(1)
	if err := prepare(ctx, writer, schema); err != nil {
		writer.Close()
		return nil, nil, explain(path, err)
	}
	if reader, err = sql.Open("sqlite", dsn+"&_pragma=query_only(1)"); err != nil {
		writer.Close()
		return nil, nil, err
	}
	reader.SetMaxOpenConns(4)
	return writer, reader, nil
}

// uri spells a path as SQLite wants it, whatever signs it holds.
func uri(path string) string {
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
}

// checkWAL refuses a write-ahead log that is none. SQLite would take it for
// empty and overwrite what may be the last commits.
func checkWAL(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer f.Close()
	magic := make([]byte, 4)
	if _, err := io.ReadFull(f, magic); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil // a crash came before its first commit
	} else if err != nil {
		return err
	}
	switch binary.BigEndian.Uint32(magic) {
	case 0x377f0682, 0x377f0683: // sqlite.org/fileformat2.html, section 4.1
		return nil
	case 0:
		return nil // likewise, on a file system that grows files first
	}
	return fmt.Errorf("%w: its -wal file is not one of SQLite", errDamaged)
}

func prepare(ctx context.Context, db *sql.DB, schema func(context.Context, *sql.DB) error) error {
	for name, want := range pragmas {
		var got string
		if err := db.QueryRowContext(ctx, "PRAGMA "+name).Scan(&got); err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("SQLite has %s=%s, not %s: is the file on a local disk?", name, got, want)
		}
	}
	return schema(ctx, db)
}

// checkAndMigrate looks through the whole file before anything is written to
// it, at a second or two per million files: a page that is gone may be the memory of
// what was sent.
func checkAndMigrate(ctx context.Context, db *sql.DB) error {
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", errDamaged, verdict)
	}
	return migrate(ctx, db)
}

var errDamaged = errors.New("a check failed")

// explain turns what SQLite says of a damaged file into what to do.
func explain(path string, err error) error {
	bad := errors.Is(err, errDamaged)
	var sqliteErr *sqlite.Error
	if errors.As(err, &sqliteErr) {
		code := sqliteErr.Code() & 0xff
		bad = code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
	}
	if !bad {
		return fmt.Errorf("ledger %s: %w", path, err)
	}
	return fmt.Errorf("ledger %s is damaged (%w). Nothing was sent or changed. Restore it from a backup; "+
		"without one, move it away with its -wal and -shm files and start again: "+
		"the agent then asks each remote before it sends what lies in the hot folders", path, err)
}

// DiskFull reports whether err says that the ledger's disk has no room.
func DiskFull(err error) bool {
	var sqliteErr *sqlite.Error
	if errors.As(err, &sqliteErr) && sqliteErr.Code()&0xff == sqlite3.SQLITE_FULL {
		return true
	}
	return err != nil && slices.ContainsFunc(noRoom, func(text string) bool { return strings.Contains(err.Error(), text) })
}

// noRoom is how the systems call it where SQLite passes their error on.
var noRoom = []string{"no space left", "not enough space", "quota exceeded"}
