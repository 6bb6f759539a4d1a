package ledger

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// oldColumns are those of jobs before retouches.
const oldColumns = `id, account, bench, role, folder, name, batch, flow, kind, generation, size, mtime, changed, sha256, sha1, md5, rating, label, state, rank,
	created, not_before, sent_at, forced, ask, published, misses, starts, failures, asks, receipt_id, receipt_name, receipt_link, receipt_size, verified, reason, agent, lease`

// oldLedger is a ledger as the agent wrote it that knew no retouches.
func oldLedger(t *testing.T, jobs ...Job) (path string) {
	t.Helper()
	path = newPath(t)
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	db, err := sql.Open("sqlite", uri(path))
	must(t, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	exec := func(query string, args ...any) {
		t.Helper()
		_, err := db.Exec(query, args...)
		must(t, err)
	}
	schema, err := migrations.ReadFile("migrations/001.sql")
	must(t, err)
	exec(string(schema))
	exec(`PRAGMA user_version = 1`)
	exec(`INSERT INTO folders VALUES (1, ?, 'bench', 'disk', 1, '')`, hot)
	exec(`INSERT INTO days VALUES ('bench', 'gs', '2026-11-22', 3, 30, 5)`)
	exec(`BEGIN`)
	defer exec(`COMMIT`)
	for _, j := range jobs {
		exec(`INSERT INTO known VALUES (1, '.', ?, 10, ?, 0, ?, ?)`, j.Name, nanos(j.ModTime), j.Digests.SHA256, j.Generation)
		exec(`INSERT INTO jobs (`+oldColumns+`) VALUES (?, ?, ?, ?, ?, ?, '', 'out', ?, ?, 10, ?, 0, ?, '', '', 0, '', ?, ?, ?, 0, 0, FALSE, FALSE, ?, 0, 1, 0, 0, ?, '', '', 0, FALSE, '', '', 0)`,
			j.ID, j.Account, j.Bench, j.Role, j.Folder, j.Name, j.Kind, j.Generation, nanos(j.ModTime), j.Digests.SHA256, j.State, j.Rank, nanos(j.Created), j.Published, j.Receipt.ID)
		exec(`INSERT INTO history (at, folder, name, job, account, what, reason) VALUES (5, ?, ?, ?, ?, 'added', '')`, j.Folder, j.Name, j.ID, j.Account)
	}
	return path
}

// TestOpenBringsAnOldLedgerUpToDate: its jobs are as they were, its photos are
// found by what may come back for them, and work goes on.
func TestOpenBringsAnOldLedgerUpToDate(t *testing.T) {
	aged := func(j *Job) { j.Starts, j.Created = 1, noon.Local() }
	sent := newJob("GRU\u0308N.CR3", 1, in(Done), aged, sha("aa"), func(j *Job) { j.Receipt.ID = "7" })
	queued, lost := newJob("b.jpg", 1, aged), newJob("c.jpg", 1, aged, in(Publishing), published)
	path := oldLedger(t, sent, queued, lost)
	_, err := OpenForPeople(t.Context(), Options{Path: path})
	wantError(t, err, "older studio-agent (schema 1, this one knows ")
	l := openAt(t, path)

	lost.State, lost.Reason = Queued, "the agent was stopped in the middle of it"
	for _, want := range []Job{sent, queued, lost} {
		if got := find(t, l, want); !sameJob(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	got, err := l.AtRetouch(t.Context(), "gs", Stem("gr\u00fcn.tif"))
	wantJobs(t, "what a retouch may answer", got, err, sent.Name+" 1")
	if j, ok, err := l.WithReceipt(t.Context(), "gs", "7"); !ok || err != nil || j.ID != sent.ID {
		t.Errorf("by its receipt: %+v, %v, %v", j, ok, err)
	}
	if f, ok, err := l.FindFile(t.Context(), hot, sent.Name); !ok || err != nil || f.SHA256 != "aa" || f.Core != "" {
		t.Errorf("the file: %+v, %v, %v", f, ok, err)
	}
	tallies, err := l.Tallies(t.Context(), noon)
	if err != nil || len(tallies) != 1 || tallies[0].Done != 3 || tallies[0].Queued != 2 || tallies[0].Landed != 0 {
		t.Errorf("tallies: %+v, %v", tallies, err)
	}
	rec(t, l, next(t, l), Event{What: Confirmed})
	offer(t, l, newFetch("grün.tif", answers(sent)))
	rec(t, l, nextIn(t, l), Event{What: Settled})
	must(t, l.Close())
	must(t, openAt(t, path).Close()) // and that was done once and for all
}

// TestFillStemsOfMany holds that each of many jobs gets its own stem.
func TestFillStemsOfMany(t *testing.T) {
	var jobs []Job
	for i := range 3000 {
		jobs = append(jobs, newJob(fmt.Sprintf("IMG_%04d.JPG", i), 1, in(Done), created(i)))
	}
	l := openAt(t, oldLedger(t, jobs...))
	if n := count1(t, l, `SELECT COUNT(*) FROM jobs WHERE stem = lower(substr(name, 1, 8))`); n != 3000 {
		t.Errorf("%d jobs have their stem, want 3000", n)
	}
}

// TestTheSchemasAgree: a ledger that was brought up to date has the tables and
// indexes of a new one.
func TestTheSchemasAgree(t *testing.T) {
	schema := func(l *Ledger) (all string) {
		rows, err := l.read.Query(`SELECT type, name, COALESCE(sql, '') FROM sqlite_schema ORDER BY type, name`)
		must(t, err)
		defer rows.Close()
		for rows.Next() {
			var kind, name, text string
			must(t, rows.Scan(&kind, &name, &text))
			all += kind + " " + name + " " + text + "\n"
		}
		must(t, rows.Err())
		return all
	}
	if old, fresh := schema(openAt(t, oldLedger(t))), schema(openNew(t)); old != fresh {
		t.Errorf("the old one has\n%s\nthe new one\n%s", old, fresh)
	}
}

// TestAMigrationIsAllOrNothing: one that fails leaves the ledger as it was.
func TestAMigrationIsAllOrNothing(t *testing.T) {
	path := oldLedger(t, newJob("a", 1))
	db, err := sql.Open("sqlite", uri(path))
	must(t, err)
	_, err = db.Exec(`CREATE TABLE memory (surprise TEXT)`) // the last step fails
	must(t, err)
	must(t, db.Close())
	wantError(t, tryOpen(t, path), path, "bring the schema to version 2")
	db, err = sql.Open("sqlite", uri(path))
	must(t, err)
	defer db.Close()
	var version, columns int
	must(t, db.QueryRow(`PRAGMA user_version`).Scan(&version))
	must(t, db.QueryRow(`SELECT COUNT(*) FROM pragma_table_info('jobs') WHERE name = 'stem'`).Scan(&columns))
	if version != 1 || columns != 0 {
		t.Errorf("version %d, %d of the new columns; want the old ledger", version, columns)
	}
}
