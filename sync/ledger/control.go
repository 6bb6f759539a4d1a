package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// A Control is something a person asks of the agent. It waits in the ledger
// until an agent takes it, also if that starts later.
type Control struct {
	Seq    int64
	At     time.Time
	Verb   string
	Args   map[string]string
	Taken  time.Time // zero while no agent has acted
	Answer string    // what came of it, in words
}

// Ask leaves a control for the agent and returns its number.
func (l *Ledger) Ask(verb string, args map[string]string) (seq int64, err error) {
	text, err := json.Marshal(args)
	if err != nil {
		return 0, err
	}
	err = l.write(func(tx transaction) error {
		return tx.QueryRow(`INSERT INTO controls (at, verb, args, taken, answer) VALUES (?, ?, ?, 0, '') RETURNING seq`,
			nanos(time.Now()), verb, string(text)).Scan(&seq)
	})
	return seq, err
}

// Asked returns the controls that no agent has acted on yet, in order.
func (l *Ledger) Asked(ctx context.Context) ([]Control, error) {
	return l.controls(ctx, `WHERE taken = 0 ORDER BY seq`)
}

// Answer notes what came of a control.
func (l *Ledger) Answer(seq int64, answer string) error {
	return l.write(func(tx transaction) error {
		_, err := tx.Exec(`UPDATE controls SET taken = ?, answer = ? WHERE seq = ?`, nanos(time.Now()), answer, seq)
		return err
	})
}

// ErrAnswered says that a control was acted on already.
var ErrAnswered = errors.New("this was asked once and done once")

// answer is Answer for a control that nobody has answered; ErrAnswered if
// somebody has.
func answer(tx transaction, seq int64, text string, now time.Time) error {
	res, err := tx.Exec(`UPDATE controls SET taken = ?, answer = ? WHERE seq = ? AND taken = 0`, nanos(now), text, seq)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return ErrAnswered
}

// Control returns one control as it stands.
func (l *Ledger) Control(ctx context.Context, seq int64) (Control, error) {
	all, err := l.controls(ctx, `WHERE seq = ?`, seq)
	if err == nil && len(all) == 0 {
		err = errors.New("the ledger has lost this request; ask again")
	}
	if err != nil {
		return Control{}, err
	}
	return all[0], nil
}

func (l *Ledger) controls(ctx context.Context, where string, args ...any) ([]Control, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT seq, at, verb, args, taken, answer FROM controls `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Control
	for rows.Next() {
		var c Control
		var at, taken int64
		var text string
		if err := rows.Scan(&c.Seq, &at, &c.Verb, &text, &taken, &c.Answer); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(text), &c.Args); err != nil {
			return nil, err
		}
		c.At, c.Taken = fromNanos(at), fromNanos(taken)
		all = append(all, c)
	}
	return all, rows.Err()
}

// A Pause stops an account by a person's wish.
type Pause struct {
	Account string    // "*" for all
	Until   time.Time // zero: until somebody resumes
	At      time.Time
}

// SetPause pauses an account, over restarts too.
func (l *Ledger) SetPause(p Pause) error {
	return l.write(func(tx transaction) error {
		_, err := tx.Exec(`INSERT INTO pauses (account, until, at) VALUES (?, ?, ?) ON CONFLICT (account) DO UPDATE SET until = excluded.until, at = excluded.at`,
			p.Account, nanos(p.Until), nanos(p.At))
		return err
	})
}

// ClearPause ends the pause of an account; "*" ends all.
func (l *Ledger) ClearPause(account string) error {
	return l.write(func(tx transaction) error {
		_, err := tx.Exec(`DELETE FROM pauses WHERE account = ? OR ? = '*'`, account, account)
		return err
	})
}

// Pauses returns the pauses that hold at now.
func (l *Ledger) Pauses(ctx context.Context, now time.Time) ([]Pause, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT account, until, at FROM pauses WHERE until = 0 OR until > ? ORDER BY account`, nanos(now))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Pause
	for rows.Next() {
		var p Pause
		var until, at int64
		if err := rows.Scan(&p.Account, &until, &at); err != nil {
			return nil, err
		}
		p.Until, p.At = fromNanos(until), fromNanos(at)
		all = append(all, p)
	}
	return all, rows.Err()
}

// An Agent is one that works with this ledger, and what it last said of itself.
type Agent struct {
	Name, Host, Version string
	PID                 int
	Started, Seen       time.Time
	Stopped             bool   // in an orderly way
	Live                []byte // JSON, as given to Beat
}

// Beat is this agent's sign of life, with what it is doing now.
func (l *Ledger) Beat(now time.Time, live []byte) error {
	return l.write(func(tx transaction) error {
		_, err := tx.Exec(`UPDATE agents SET seen = ?, live = ? WHERE id = ?`, nanos(now), string(live), l.agent)
		return err
	})
}

// leave notes that this agent ends in an orderly way.
func (l *Ledger) leave(now time.Time) error {
	return l.write(func(tx transaction) error {
		_, err := tx.Exec(`UPDATE agents SET seen = ?, stopped = ? WHERE id = ?`, nanos(now), nanos(now), l.agent)
		return err
	})
}

// Agents returns who works with this ledger, the last seen first.
func (l *Ledger) Agents(ctx context.Context) ([]Agent, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT name, host, version, pid, started, seen, stopped != 0, live FROM agents ORDER BY seen DESC`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Agent
	for rows.Next() {
		var a Agent
		var started, seen int64
		if err := rows.Scan(&a.Name, &a.Host, &a.Version, &a.PID, &started, &seen, &a.Stopped, &a.Live); err != nil {
			return nil, err
		}
		a.Started, a.Seen = fromNanos(started), fromNanos(seen)
		all = append(all, a)
	}
	return all, rows.Err()
}
