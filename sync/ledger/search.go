package ledger

import (
	"context"
	"slices"
	"strings"
	"time"
)

// A Search says which jobs a person looks for. What is empty asks for nothing.
type Search struct {
	Name           string // how the file's name begins; with a * before it, what it contains
	Bench, Account string
	States         []State
	From, Until    time.Time // when it was added: not before From, and before Until
	After          Place     // where the last answer ended
	Most           int       // at most so many; 0 means 60
}

// A Place is where an answer ended, so that the next one goes on from there even
// if jobs were added since. The zero Place is before the newest job.
type Place struct {
	Created time.Time
	ID      string
}

// Zero reports whether p is before the newest job.
func (p Place) Zero() bool { return p.Created.IsZero() }

// A Found is the answer to a Search: the newest first.
type Found struct {
	Jobs []Job
	More bool  // there may be more, after Next
	Next Place // where to go on, if More
	// Back is how far was looked. With fewer jobs than were asked for, and More,
	// it is worth going on from Next.
	Back time.Time
}

const (
	// lookAt is how many jobs a search that no index answers looks at before it
	// says how far it has come: so each answer comes at once, whatever is asked.
	lookAt = 25_000
	// fewNames is how many jobs may begin with a name for them to be sorted.
	fewNames = 5_000
	atATime  = 60
)

// Search looks for jobs, for people.
func (l *Ledger) Search(ctx context.Context, q Search) (Found, error) {
	if q.Most <= 0 {
		q.Most = atATime
	}
	if len(q.States) > 0 && !slices.ContainsFunc(q.States, func(s State) bool { return !slices.Contains(unfinished, s) }) {
		c := condition{text: ` WHERE ` + isOpen}
		return l.collect(ctx, q, time.Time{}, c.with(q.named()).with(q.others(false)))
	}
	if q.Name != "" && !strings.HasPrefix(q.Name, "*") {
		accounts, few, err := l.fewNamed(ctx, q)
		if err != nil {
			return Found{}, err
		}
		if few {
			return l.searchNames(ctx, q, accounts)
		}
	}
	back, err := l.lookBack(ctx, q)
	if err != nil {
		return Found{}, err
	}
	c := condition{text: ` WHERE created > 0 AND created >= ?`, args: []any{nanos(back)}}
	return l.collect(ctx, q, back, c.with(q.named()).with(q.others(true)))
}

// A condition is a part of a question, with its arguments.
type condition struct {
	text string
	args []any
}

func (c *condition) and(text string, args ...any) {
	c.text += " AND " + text
	c.args = append(c.args, args...)
}

func (c condition) with(more condition) condition {
	return condition{c.text + more.text, slices.Concat(c.args, more.args)}
}

// unfinished are the states of isOpen.
var unfinished = []State{Queued, Moving, Publishing, Sent, Parked, Offered, GivenUp}

// others are all conditions but that on the name. A + before a column keeps the
// indexes that begin with it from being chosen.
func (q Search) others(byTime bool) (c condition) {
	plus := "+"
	if byTime {
		plus = ""
	}
	if !q.After.Zero() {
		c.and(plus+`created <= ?`, nanos(q.After.Created))
		c.and(`(created < ? OR id < ?)`, nanos(q.After.Created), q.After.ID)
	}
	if !q.Until.IsZero() {
		c.and(plus+`created < ?`, nanos(q.Until))
	}
	if !q.From.IsZero() {
		c.and(plus+`created >= ?`, nanos(q.From))
	}
	if q.Bench != "" {
		c.and(plus+`bench = ?`, q.Bench)
		if byTime {
			c.and(`bench != ''`)
		}
	}
	if q.Account != "" {
		c.and(`+account = ?`, q.Account)
	}
	if len(q.States) > 0 {
		var states []any
		for _, s := range q.States {
			states = append(states, s)
		}
		c.and(`+state IN (`+marks(len(states))+`)`, states...)
	}
	return c
}

// named is the condition on the name, for jobs that are looked at one by one.
func (q Search) named() (c condition) {
	switch part, anywhere := strings.CutPrefix(q.Name, "*"); {
	case part == "":
	case anywhere:
		c.and(`(name LIKE ? ESCAPE '\' OR stem LIKE ? ESCAPE '\')`, "%"+literal(part)+"%", "%"+literal(Stem(part))+"%")
	default:
		from, to := stems(part)
		c.and(`stem >= ?`, from)
		c.and(`stem < ?`, to)
		q.spelled(&c)
	}
	return c
}

// spelled asks for the folder and the extension, too, if they were given.
func (q Search) spelled(c *condition) {
	if strings.ContainsAny(q.Name, "/.") && isASCII(q.Name) {
		c.and(`name LIKE ? ESCAPE '\'`, "%"+literal(q.Name)+"%")
	}
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e })
}

// stems are the first stem of a name that begins so, and the first that does not
// any more.
func stems(name string) (from, to string) {
	from = Stem(name)
	return from, from + "\U0010FFFF"
}

// literal has LIKE take each sign for itself.
func literal(s string) string { return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s) }

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// lookBack returns how far a search goes from its place: over lookAt jobs, or to
// the oldest.
func (l *Ledger) lookBack(ctx context.Context, q Search) (time.Time, error) {
	c := condition{text: ` WHERE created > 0`}
	if !q.After.Zero() {
		c.and(`created <= ?`, nanos(q.After.Created))
	}
	if !q.Until.IsZero() {
		c.and(`created < ?`, nanos(q.Until))
	}
	if q.Bench != "" {
		c.and(`bench = ? AND bench != ''`, q.Bench)
	}
	rows, err := l.read.QueryContext(ctx, `SELECT created FROM jobs`+c.text+` ORDER BY created DESC LIMIT 1 OFFSET ?`, append(c.args, lookAt)...)
	if err != nil {
		return time.Time{}, err
	}
	defer rows.Close()
	var back int64
	for rows.Next() {
		if err := rows.Scan(&back); err != nil {
			return time.Time{}, err
		}
	}
	if from := nanos(q.From); back <= from {
		back = 0
	}
	return fromNanos(back), rows.Err()
}

// collect reads the first jobs that a condition holds for. back is how far it
// looks; zero means to the oldest.
func (l *Ledger) collect(ctx context.Context, q Search, back time.Time, c condition) (Found, error) {
	ids, err := l.ids(ctx, `SELECT id FROM jobs`+c.text+` ORDER BY created DESC, id DESC LIMIT ?`, append(c.args, q.Most+1)...)
	if err != nil {
		return Found{}, err
	}
	return l.found(ctx, q, back, ids)
}

func (l *Ledger) found(ctx context.Context, q Search, back time.Time, ids []string) (Found, error) {
	f := Found{Back: back, More: !back.IsZero(), Next: Place{Created: back}}
	full := len(ids) > q.Most
	jobs, err := l.byIDs(ctx, ids[:min(len(ids), q.Most)])
	if err != nil {
		return f, err
	}
	for _, id := range ids[:min(len(ids), q.Most)] {
		f.Jobs = append(f.Jobs, jobs[id])
	}
	if full {
		last := f.Jobs[len(f.Jobs)-1]
		f.More, f.Next, f.Back = true, Place{Created: last.Created, ID: last.ID}, last.Created
	}
	return f, nil
}

func (l *Ledger) ids(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := l.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
