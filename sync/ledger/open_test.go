package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"
)

// tryOpen opens a ledger in a bubble, where waiting for a lock takes no time.
func tryOpen(t *testing.T, path string) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var l *Ledger
		if l, err = Open(t.Context(), Options{Path: path, Name: "second"}); err == nil {
			l.Close()
		}
	})
	return err
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}

func TestOpenRefusesASecondAgent(t *testing.T) {
	path := newPath(t)
	l := openAt(t, path)
	wantError(t, tryOpen(t, path), path, `the agent "test"`, fmt.Sprintf("process %d", os.Getpid()), "stop it first")
	accept(t, l, newJob("a", 1)) // and the first works on
	must(t, l.Close())
	must(t, tryOpen(t, path))
}

// TestOpenWaitsForALockThatIsJustLetGo, as that of a killed process is.
func TestOpenWaitsForALockThatIsJustLetGo(t *testing.T) {
	path := newPath(t)
	must(t, openAt(t, path).Close())
	for _, test := range []struct {
		name      string
		letGo     time.Duration
		cancelled time.Duration
		want      string
		took      time.Duration
	}{
		{"at once", 0, time.Hour, "", 0},
		{"in time", time.Second + time.Millisecond, time.Hour, "", time.Second + lockAgain},
		{"too late", 3 * time.Second, time.Hour, "is in use by", lockPatience},
		{"the start is called off", 3 * time.Second, time.Second, "context canceled", time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lock := flock.New(path + ".lock")
				must(t, lock.Lock())
				defer lock.Unlock()
				time.AfterFunc(test.letGo, func() { lock.Unlock() })
				synctest.Wait()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				defer time.AfterFunc(test.cancelled, cancel).Stop()
				start := time.Now()
				l, err := Open(ctx, Options{Path: path})
				took := time.Since(start)
				if err == nil {
					must(t, l.Close())
				}
				if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) || took != test.took {
					t.Errorf("error %v after %v, want %v after %v", err, took, test.want, test.took)
				}
				time.Sleep(time.Hour)
			})
		})
	}
}

func TestOpenRefusesNetworkShares(t *testing.T) {
	path := newPath(t)
	asked := ""
	share := func(p string) (bool, string) { asked = p; return true, "SMB" }
	_, err := Open(t.Context(), Options{Path: path, OnNetwork: share})
	wantError(t, err, path, "network share (SMB)", "`ledger:`")
	if asked != filepath.Dir(path) {
		t.Errorf("asked about %q, want the ledger's folder", asked)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was made on the share: %v", err)
	}
	l, err := Open(t.Context(), Options{Path: path, OnNetwork: func(string) (bool, string) { return false, "" }})
	must(t, err)
	must(t, l.Close())
}

func TestOpenOddPaths(t *testing.T) {
	for _, name := range []string{"a b.db", "a?b.db", "a#b.db", "100%.db", "%41.db", "ä📷.db", "a'b.db", "a&_pragma=x.db"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			l, err := Open(t.Context(), Options{Path: path, Name: "odd"})
			if err != nil && os.PathSeparator == '\\' && strings.ContainsAny(name, "?") {
				t.Skip("no name for this system")
			}
			must(t, err)
			defer l.Close()
			if _, err := os.Stat(path); err != nil {
				t.Errorf("the ledger is not where it should be: %v", err)
			}
			wantError(t, tryOpen(t, path), `the agent "odd"`)
		})
	}
}

func TestOpenForPeopleNeedsALedger(t *testing.T) {
	path := newPath(t)
	if _, err := OpenForPeople(t.Context(), Options{Path: path}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want one that wraps fs.ErrNotExist", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("looking made a ledger: %v", err)
	}
}

// setVersion pretends that the ledger was written by another program.
func setVersion(t *testing.T, path string, v int) {
	t.Helper()
	db, err := sql.Open("sqlite", uri(path))
	must(t, err)
	defer db.Close()
	_, err = db.Exec(fmt.Sprintf("PRAGMA user_version = %d", v))
	must(t, err)
}

func TestOpenOtherVersions(t *testing.T) {
	path := newPath(t)
	must(t, openAt(t, path).Close())
	setVersion(t, path, 99)
	was := content(t, path)
	wantError(t, tryOpen(t, path), path, "newer studio-agent (schema 99", "install that version")
	_, err := OpenForPeople(t.Context(), Options{Path: path})
	wantError(t, err, path, "newer studio-agent (schema 99")
	if !bytes.Equal(content(t, path), was) {
		t.Error("the newer ledger was changed")
	}
	setVersion(t, path, 0)
	_, err = OpenForPeople(t.Context(), Options{Path: path})
	wantError(t, err, path, "older studio-agent (schema 0", "start the agent")
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return b
}

func garbage(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestOpenRefusesDamage(t *testing.T) {
	const page = 4096
	tests := []struct {
		name   string
		damage func(path string, db []byte) error
	}{
		{"all garbage", func(path string, _ []byte) error { return os.WriteFile(path, garbage(3*page), 0o600) }},
		{"text", func(path string, _ []byte) error {
			return os.WriteFile(path, []byte("This is not a ledger.\n"+strings.Repeat("x", page)), 0o600)
		}},
		{"garbage header", func(path string, db []byte) error { copy(db, garbage(100)); return os.WriteFile(path, db, 0o600) }},
		{"garbage schema", func(path string, db []byte) error {
			copy(db[100:page], garbage(page))
			return os.WriteFile(path, db, 0o600)
		}},
		{"last page torn", func(path string, db []byte) error { return os.Truncate(path, int64(len(db)-page/2)) }},
		{"half is gone", func(path string, db []byte) error { return os.Truncate(path, int64(len(db)/page/2*page)) }},
		{"first page torn", func(path string, db []byte) error { return os.Truncate(path, page/2) }},
		{"garbage in the middle", func(path string, db []byte) error {
			copy(db[5*page:], garbage(page))
			return os.WriteFile(path, db, 0o600)
		}},
		{"garbage write-ahead log", func(path string, _ []byte) error { return os.WriteFile(path+"-wal", garbage(page), 0o600) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := newPath(t)
			l := openAt(t, path)
			accept(t, l, newJob("a", 1))
			offer(t, l, newFetch("b", batch("of many"))) // the index of its batch is the last page
			must(t, l.Close())
			must(t, test.damage(path, content(t, path)))
			files := []string{path}
			if strings.Contains(test.name, "log") {
				files = append(files, path+"-wal")
			}
			var was [][]byte
			for _, f := range files {
				was = append(was, content(t, f))
			}
			wantError(t, tryOpen(t, path), path, "is damaged", "backup", "-wal")
			if test.name != "last page torn" && test.name != "garbage in the middle" { // only the agent looks at every page
				_, err := OpenForPeople(t.Context(), Options{Path: path})
				wantError(t, err, path, "is damaged")
			}
			for i, f := range files {
				if !bytes.Equal(content(t, f), was[i]) {
					t.Errorf("%s was overwritten", filepath.Base(f))
				}
			}
		})
	}
}

// TestOpenAfterACrash leaves a write-ahead log behind, as a crash does; and one
// that the crash cut off before anything was committed.
func TestOpenAfterACrash(t *testing.T) {
	for _, test := range []struct {
		name string
		wal  func([]byte) []byte
		jobs int64
	}{
		{"whole log", func(b []byte) []byte { return b }, 1},
		{"torn at its end", func(b []byte) []byte { return append(b, garbage(100)...) }, 1},
		{"empty log", func([]byte) []byte { return nil }, 0},
		{"log of a few bytes", func(b []byte) []byte { return b[:3] }, 0},
		{"log of zeros", func([]byte) []byte { return make([]byte, 8192) }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			from, to := newPath(t), filepath.Join(t.TempDir(), "ledger.db")
			must(t, openAt(t, from).Close()) // so that all is in the file itself
			l := openAt(t, from)
			accept(t, l, newJob("a", 1))
			must(t, os.WriteFile(to, content(t, from), 0o600))
			must(t, os.WriteFile(to+"-wal", test.wal(content(t, from+"-wal")), 0o600))
			l = openAt(t, to)
			if n := count1(t, l, `SELECT COUNT(*) FROM jobs`); n != test.jobs {
				t.Errorf("%d jobs, want %d", n, test.jobs)
			}
		})
	}
}

func TestOpenAppliesPragmas(t *testing.T) {
	l := openNew(t)
	for name, db := range map[string]*sql.DB{"writer": l.db, "reader": l.read.DB} {
		for pragma, want := range pragmas {
			var got string
			must(t, db.QueryRow("PRAGMA "+pragma).Scan(&got))
			if got != want {
				t.Errorf("%s: %s = %s, want %s", name, pragma, got, want)
			}
		}
	}
	if _, err := l.read.ExecContext(context.Background(), `DELETE FROM jobs`); err == nil {
		t.Error("the reader may write")
	}
}

// TestOpenWithoutRights: what may not be read is not called damaged.
func TestOpenWithoutRights(t *testing.T) {
	path := newPath(t)
	must(t, openAt(t, path).Close())
	must(t, os.Mkdir(path+"-wal", 0o700)) // unreadable as a file, also for root
	_, err := OpenForPeople(t.Context(), Options{Path: path})
	wantError(t, err, path)
	if strings.Contains(err.Error(), "damaged") {
		t.Errorf("error %q calls it damaged", err)
	}
}
