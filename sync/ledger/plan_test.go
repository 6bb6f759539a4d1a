package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"
	"strings"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/studio-agent/studio-agent/connectors"
)

// A spy is a connection that notes how SQLite means to answer each query.
type spy struct {
	engine
	plans *[]plan
}

// engine is what database/sql uses of a SQLite connection.
type engine interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
}

type plan struct{ query, text string }

// A spyConnector opens spies.
type spyConnector struct {
	file  string
	plans *[]plan
}

func (c spyConnector) Driver() driver.Driver { return &sqlite.Driver{} }
func (c spyConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.Driver().Open(uri(c.file))
	if err != nil {
		return nil, err
	}
	return spy{conn.(engine), c.plans}, nil
}

func (s spy) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.explain(ctx, query, args); err != nil {
		return nil, err
	}
	return s.engine.QueryContext(ctx, query, args)
}

func (s spy) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := s.explain(ctx, query, args); err != nil {
		return nil, err
	}
	return s.engine.ExecContext(ctx, query, args)
}

func (s spy) explain(ctx context.Context, query string, args []driver.NamedValue) error {
	rows, err := s.engine.QueryContext(ctx, "EXPLAIN QUERY PLAN "+query, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	var lines []string
	line := make([]driver.Value, 4) // id, parent, unused, detail
	for rows.Next(line) == nil {
		lines = append(lines, line[3].(string))
	}
	*s.plans = append(*s.plans, plan{query, strings.Join(lines, "\n")})
	return nil
}

// spyOn puts a spy in the place of each connection of l.
func spyOn(t *testing.T, l *Ledger) *[]plan {
	t.Helper()
	c := spyConnector{fileOf(t, l), new([]plan)}
	must(t, l.read.Close())
	must(t, l.db.Close())
	l.read, l.db = &reader{DB: sql.OpenDB(c)}, sql.OpenDB(c)
	l.hot = nil // so that all is asked through them
	l.read.SetMaxOpenConns(1)
	l.db.SetMaxOpenConns(1)
	return c.plans
}

// TestPlans holds that each question that the agent asks all day is answered
// from the index that was made for it, and none by looking at all rows.
func TestPlans(t *testing.T) {
	l := openNew(t)
	accept(t, l, newJob("a", 1), newJob("s", 2, in(Sent)), newJob("c", 1, in(Moving)), newJob("d", 1, func(j *Job) { j.NotBefore = time.Unix(1, 0) }))
	offer(t, l, newFetch("f"), newFetch("g", in(Offered)))
	putTasks(t, l, time.Now(), newTask("t"))
	plans := spyOn(t, l)
	ctx, now := t.Context(), time.Now()
	j := newJob("b", 2, sha("aa"))
	tests := []struct {
		name  string
		do    func() error
		wants []string
		sorts bool // over few rows
	}{
		{"Known", func() error { _, err := l.Known(ctx, hot, "."); return err }, []string{"known USING PRIMARY KEY (folder=? AND dir=?)"}, false},
		{"FindFile", func() error { _, _, err := l.FindFile(ctx, hot, "a"); return err }, []string{"k USING PRIMARY KEY (folder=? AND dir=? AND name=?)"}, false},
		{"LeftAlone", func() error { l.lacks.alone.Store(false); _, err := l.LeftAlone(ctx, "bench", "a", 7, now); return err }, []string{"INDEX known_content (size=? AND <expr>=?)"}, false},
		{"SizeKnown", func() error { _, err := l.SizeKnown(ctx, "bench", 7); return err }, []string{"INDEX known_content (size=?)"}, false},
		{"SameContent", func() error { _, err := l.SameContent(ctx, "bench", 7, "aa"); return err }, []string{"INDEX known_content (size=? AND <expr>=?)"}, false},
		{"claim", func() error { _, _, err := l.claim("gs", Out, 16); return err }, []string{
			"INDEX jobs_due (account=? AND flow=? AND not_before=?)", "INDEX jobs_due (account=? AND flow=? AND not_before>?)",
			"INDEX jobs_due (account=? AND flow=? AND not_before>? AND not_before<?)",
			"INDEX jobs_due (account=? AND flow=? AND not_before=? AND created<?)", "INDEX jobs_rank (account=? AND flow=?)",
			"p USING INDEX jobs_file (folder=? AND name=?)"}, false},
		{"Record", func() error {
			l.lacks.marks.Store(false)
			j, _, err := l.Job(ctx, newJob("c", 1).ID)
			if err == nil {
				_, err = l.Record(j, Event{What: Confirmed, Digests: connectors.Digests{SHA256: "aa"}})
			}
			return err
		}, []string{"INDEX jobs_content (<expr>=?)"}, false},
		{"Renew", func() error { return l.Renew(now) }, []string{"INDEX jobs_open (state=?)"}, false},
		{"Accept", func() error { return l.Accept(now, Acceptance{Jobs: []Job{j}}) }, []string{"INDEX jobs_file (folder=? AND name=?)"}, false},
		{"DueSent", func() error { _, err := l.DueSent(ctx, "gs", now, 9); return err }, []string{"INDEX jobs_sent (account=? AND not_before<?)"}, false},
		{"Queued", func() error { _, err := l.Queued(ctx, "gs", now); return err }, []string{"INDEX jobs_due (account=? AND flow=? AND not_before<?)"}, false},
		{"Delivered", func() error { _, err := l.Delivered(ctx, j); return err }, []string{"INDEX jobs_file (folder=? AND name=?)"}, true},
		{"Content", func() error { _, err := l.Content(ctx, "gs", "bench", "aa"); return err }, []string{"INDEX jobs_content (<expr>=?)"}, true},
		{"claim in", func() error { _, _, err := l.claim("gs", In, 16); return err }, []string{
			"INDEX jobs_due (account=? AND flow=? AND not_before=? AND created<?)", "INDEX jobs_in (account=?)", "p USING INDEX jobs_file (folder=? AND name=?)"}, false},
		{"SameCore", func() error { _, err := l.SameCore(ctx, "gs", "bench", "aa"); return err }, []string{"INDEX jobs_core (<expr>=?)"}, true},
		{"Retouches", func() error { _, err := l.Retouches(ctx, "gs", make([]string, idsAtOnce)); return err }, []string{"sqlite_autoindex_jobs_1 (id=?)"}, false},
		{"AtRetouch", func() error { _, err := l.AtRetouch(ctx, "gs", "a"); return err }, []string{"INDEX jobs_stem (account=? AND stem=?)"}, true},
		{"WithReceipt", func() error { _, _, err := l.WithReceipt(ctx, "gs", "a"); return err }, []string{"INDEX jobs_receipt (account=? AND receipt_id=?)"}, true},
		{"LandedAs", func() error { _, err := l.LandedAs(ctx, hot, "a"); return err }, []string{"INDEX jobs_file (folder=? AND name=?)"}, true},
		{"Unacknowledged", func() error { _, err := l.Unacknowledged(ctx, "gs"); return err }, []string{"INDEX jobs_landed (account=?)"}, false},
		{"UpdateFetch", func() error { return l.UpdateFetch(newFetch("g", in(Offered))) }, []string{"sqlite_autoindex_jobs_1 (id=?)", "INDEX history_file (folder=? AND name=?)"}, false},
		{"DueTasks", func() error { _, err := l.DueTasks(ctx, "gs", now); return err }, []string{"INDEX tasks_state (account=? AND state=?)", "INDEX jobs_batch (batch=?)"}, true},
		{"CollectingTask", func() error { _, _, err := l.CollectingTask(ctx, "gs", "bench", "", now); return err }, []string{"INDEX tasks_state (account=? AND state=?)"}, true},
		{"RecordTask", func() error { _, err := l.RecordTask(newTask("t"), TaskEvent{What: Published}); return err }, []string{"INDEX jobs_batch (batch=?)"}, false},
		{"Pictures", func() error { _, err := l.Pictures(ctx, "t", now); return err }, []string{"INDEX jobs_answers (answers=?)", "INDEX jobs_batch (batch=?)"}, true},
		{"Recall", func() error { _, err := l.Memory("gs").Recall("a"); return err }, []string{"memory USING INDEX sqlite_autoindex_memory_1 (account=? AND key=?)"}, false},
		{"Jobs", func() error { _, err := l.Jobs(ctx, hot, "a"); return err }, []string{"INDEX jobs_file (folder=? AND name=?)"}, true},
		{"History", func() error { _, err := l.History(ctx, hot, "a"); return err }, []string{"INDEX history_file (folder=? AND name=?)"}, false},
		{"Waiting", func() error { _, err := l.Waiting(ctx, "gs", 9); return err }, []string{"INDEX jobs_due (account=?", "INDEX jobs_sent (account=?"}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			*plans = nil
			must(t, test.do())
			all := ""
			for _, p := range *plans {
				all += p.query + "\n" + p.text + "\n\n"
				for line := range strings.Lines(p.text) {
					scans := strings.HasPrefix(line, "SCAN ") && !slices.Contains([]string{"SCAN folders", "SCAN CONSTANT ROW"}, strings.TrimSpace(line))
					if scans || strings.Contains(line, "TEMP B-TREE") && !test.sorts {
						t.Errorf("%q in the plan of\n%s", strings.TrimSpace(line), p.query)
					}
				}
			}
			for _, want := range test.wants {
				if !strings.Contains(all, want) {
					t.Errorf("no plan says %q:\n%s", want, all)
				}
			}
		})
	}
}

// TestPlansByState: what counts and lists by state reads the jobs in that state
// only; a partial index holds no others, so that it may be read to its end.
func TestPlansByState(t *testing.T) {
	l := openNew(t)
	plans := spyOn(t, l)
	ctx, now := t.Context(), time.Now()
	for name, test := range map[string]struct {
		do    func() error
		wants []string
	}{
		"Tallies": {func() error { _, err := l.Tallies(ctx, now); return err }, []string{"SCAN jobs USING COVERING INDEX jobs_open", "SCAN days"}},
		"Busy":    {func() error { _, err := l.Busy(ctx, now); return err }, []string{"CONSTANT ROW", "COVERING INDEX jobs_open (state=?)", "INDEX jobs_due", "INDEX jobs_sent"}},
		"Offered": {func() error { _, err := l.OfferedTo(ctx, "", "bench"); return err }, []string{"INDEX jobs_offered"}},
		"Parked":  {func() error { _, err := l.Parked(ctx, 9); return err }, []string{"INDEX jobs_parked"}},
		"Asked":   {func() error { _, err := l.Asked(ctx); return err }, []string{"INDEX controls_open"}},
		"Lacks":   {l.findLacks, []string{"CONSTANT ROW", "INDEX jobs_open", "SCAN known"}},
		"Open":    {func() error { return l.takeBack(now) }, []string{"INDEX jobs_open (state=?)"}},
	} {
		t.Run(name, func(t *testing.T) {
			*plans = nil
			must(t, test.do())
			var scans []string
			for _, p := range *plans {
				for line := range strings.Lines(p.text) {
					if strings.Contains(line, "SCAN") || strings.Contains(line, "jobs_open") {
						scans = append(scans, strings.TrimSpace(line))
					} else if strings.Contains(line, "TEMP B-TREE") {
						t.Errorf("%q in the plan of\n%s", line, p.query)
					}
				}
			}
			if !slices.EqualFunc(scans, test.wants, strings.Contains) {
				t.Errorf("it reads %q, want %q", scans, test.wants)
			}
		})
	}
}
