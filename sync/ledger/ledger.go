package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Options say who opens a ledger, and where it is.
type Options struct {
	Path    string // of the SQLite file; its folder is made if missing
	Name    string // of the agent, for people
	Version string // of the program, for people
	// OnNetwork tells whether a path lies on a network share, and of what kind;
	// nil asks nobody.
	OnNetwork func(path string) (bool, string)
	Log       *slog.Logger // nil discards
}

// A Ledger is one open ledger. Its methods may be used from many goroutines.
type Ledger struct {
	queue
	read  *reader
	log   *slog.Logger
	lock  *flock.Flock // nil when opened for people
	agent string       // id of this agent, fresh at each start

	wakeMu sync.Mutex
	wakes  map[string]chan struct{} // by account and flow; 1-buffered
}

// lease is how long a claimed job stays with an agent that gives no sign of life.
const lease = 30 * time.Second

// ErrLost says that a job is not in this agent's hands any more, or not in the
// state that the caller last saw.
var ErrLost = errors.New("somebody else has taken or changed this job")

// Open opens the ledger for the one agent that works with it, and takes back
// what an earlier agent left in moving or publishing. It refuses a network
// share, a damaged or newer file, and a second agent, but gives one that was
// just killed two seconds to be gone.
func Open(ctx context.Context, opt Options) (*Ledger, error) {
	if opt.OnNetwork != nil {
		if share, kind := opt.OnNetwork(filepath.Dir(opt.Path)); share {
			return nil, fmt.Errorf("ledger %s lies on a network share (%s), where SQLite loses data; set `ledger:` to a path on a local disk", opt.Path, kind)
		}
	}
	if err := os.MkdirAll(filepath.Dir(opt.Path), 0o700); err != nil {
		return nil, fmt.Errorf("make the ledger's folder: %w", err)
	}
	lock := flock.New(opt.Path + ".lock")
	if ok, err := takeLock(ctx, lock); err != nil {
		return nil, fmt.Errorf("lock the ledger %s: %w", opt.Path, err)
	} else if !ok {
		return nil, fmt.Errorf("ledger %s is in use by %s; stop it first, or give this agent a ledger of its own", opt.Path, holder(ctx, opt.Path))
	}
	l, err := open(ctx, opt, checkAndMigrate)
	if err != nil {
		lock.Unlock()
		return nil, err
	}
	l.lock = lock
	if err := l.begin(opt); err != nil {
		l.Close()
		return nil, explain(opt.Path, err)
	}
	return l, nil
}

// A killed process holds its locks until the system has cleared it away.
const (
	lockPatience = 2 * time.Second
	lockAgain    = 20 * time.Millisecond
)

// takeLock reports whether it has the lock. The error is the system's, or ctx's.
func takeLock(ctx context.Context, lock *flock.Flock) (bool, error) {
	patient, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	ok, err := lock.TryLockContext(patient, lockAgain)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		err = nil
	}
	return ok, err
}

// OpenForPeople opens the ledger beside a running agent, to look and to ask.
// A ledger that does not exist is an error wrapping fs.ErrNotExist. One of
// another version is refused and left as it is: an agent may be using it.
func OpenForPeople(ctx context.Context, opt Options) (*Ledger, error) {
	if _, err := os.Stat(opt.Path); err != nil {
		return nil, fmt.Errorf("there is no ledger yet; has the agent run? %w", err)
	}
	return open(ctx, opt, sameVersion)
}

func open(ctx context.Context, opt Options, schema func(context.Context, *sql.DB) error) (*Ledger, error) {
	writer, readers, err := openSQLite(ctx, opt.Path, schema)
	if err != nil {
		return nil, err
	}
	hot, err := prepareHot(writer)
	if err != nil {
		return nil, errors.Join(explain(opt.Path, err), writer.Close(), readers.Close())
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	id := make([]byte, 6)
	rand.Read(id)
	return &Ledger{
		queue: queue{db: writer, hot: hot, turn: newTurn()}, read: &reader{DB: readers, most: mostPrepared, prepared: map[string]*sql.Stmt{}}, log: opt.Log,
		agent: hex.EncodeToString(id), wakes: map[string]chan struct{}{},
	}, nil
}

// Close releases the ledger for the next agent.
func (l *Ledger) Close() error {
	if l.lock != nil {
		if err := l.leave(time.Now()); err != nil {
			l.log.Warn("The agent's end could not be noted", "error", err)
		}
	}
	err := errors.Join(l.read.Close(), l.db.Close())
	if l.lock != nil {
		err = errors.Join(err, l.lock.Unlock())
	}
	return err
}

// holder names the agent that has the ledger, as well as can be told.
func holder(ctx context.Context, path string) string {
	db, err := sql.Open("sqlite", uri(path)+"?mode=ro")
	if err != nil {
		return "another studio-agent"
	}
	defer db.Close()
	var name, host string
	var pid int
	row := db.QueryRowContext(ctx, `SELECT name, host, pid FROM agents ORDER BY seen DESC LIMIT 1`)
	if row.Scan(&name, &host, &pid) != nil {
		return "another studio-agent"
	}
	return fmt.Sprintf("the agent %q (process %d on %s)", name, pid, host)
}

// begin enters this agent and takes back what agents before it held: the lock
// says that they are gone.
func (l *Ledger) begin(opt Options) error {
	host, _ := os.Hostname()
	now := time.Now()
	err := l.write(func(tx transaction) error {
		if _, err := tx.Exec(`DELETE FROM agents`); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO agents (id, name, host, pid, version, started, seen, stopped, live) VALUES (?, ?, ?, ?, ?, ?, ?, 0, '{}')`,
			l.agent, opt.Name, host, os.Getpid(), opt.Version, nanos(now), nanos(now))
		return err
	})
	if err == nil {
		err = l.findLacks()
	}
	if err != nil {
		return err
	}
	if _, err := l.ClockSetBack(now); err != nil {
		return err
	}
	return l.takeBack(now)
}

// findLacks looks for marks among all open jobs, which may wait or come to wait, and
// for files that were left alone among all that are known, of which it may read
// each.
func (l *Ledger) findLacks() error {
	var marks, alone bool
	err := l.read.QueryRow(`SELECT EXISTS (SELECT 1 FROM jobs WHERE kind = 'mark' AND `+isOpen+`), EXISTS (SELECT 1 FROM known WHERE generation = 0)`).
		Scan(&marks, &alone)
	l.lacks.marks.Store(err == nil && !marks)
	l.lacks.alone.Store(err == nil && !alone)
	return err
}

func (l *Ledger) takeBack(now time.Time) error {
	jobs, err := l.jobs(context.Background(), `WHERE `+inHands)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		err := l.write(func(tx transaction) error {
			_, err := record(tx, j, Event{What: TakenBack, At: now, Reason: "the agent was stopped in the middle of it"}, "")
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// wake tells one worker of account that there may be something to do.
func (l *Ledger) wake(account string, f Flow) {
	select {
	case l.bell(account, f) <- struct{}{}:
	default: // it is told already
	}
}

func (l *Ledger) wakeAll() {
	l.wakeMu.Lock()
	defer l.wakeMu.Unlock()
	for _, bell := range l.wakes {
		select {
		case bell <- struct{}{}:
		default:
		}
	}
}

func (l *Ledger) bell(account string, f Flow) chan struct{} {
	key := account + "\x00" + string(f)
	l.wakeMu.Lock()
	defer l.wakeMu.Unlock()
	if l.wakes[key] == nil {
		l.wakes[key] = make(chan struct{}, 1)
	}
	return l.wakes[key]
}

// nanos is how times are stored; the zero time is 0. Times before 1678 and
// after 2262 are stored as these.
func nanos(t time.Time) int64 {
	switch {
	case t.IsZero():
		return 0
	case t.Before(time.Unix(0, math.MinInt64)):
		return math.MinInt64
	case t.After(time.Unix(0, math.MaxInt64)):
		return math.MaxInt64
	}
	return t.UnixNano()
}

// fromNanos is for times that can be none. A file's time never is: 1970 is what
// a camera without a clock writes.
func fromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}

// join is filepath.Join for a slash-separated name, without cleaning it.
func join(folder, name string) string {
	return strings.TrimSuffix(folder, string(filepath.Separator)) + string(filepath.Separator) + filepath.FromSlash(name)
}
