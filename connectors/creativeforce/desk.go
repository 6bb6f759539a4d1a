package creativeforce

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

const (
	// whole is how long a task that seems unchanged in the list is believed: its
	// notes may change without a sign there.
	whole = 10 * time.Minute
	// fresh is how old what is known may be when an output is matched. What came
	// too late for its round shows when the batch is submitted.
	fresh = 10 * time.Second
	// lookGap is how often the list is read again for outputs that nobody expects.
	lookGap = 5 * time.Second
	// forgetAfter is when a task that is not listed any more leaves the desk, and
	// forgetReview if it is in review: whether the list has those is unverified.
	forgetAfter, forgetReview = 24 * time.Hour, 30 * 24 * time.Hour
	// reviewGap is how often a task in review is read that the list does not have.
	reviewGap = time.Hour
)

// A desk holds the tasks that are known, as the platform told of them last.
type desk struct {
	looking chan struct{} // holds a token while the list is read

	mu     sync.Mutex
	sheets map[key]*sheet
	looked time.Time // when the last look began; zero for none

	unpacked bool     // what was kept over a restart lies on it
	open     []string // what is kept, see remember
}

// A sheet is one task.
type sheet struct {
	turn chan struct{} // held while it is read, so that rounds are seen in order

	mu     sync.Mutex // guards what follows
	task   *task      // nil until it was read
	row    string     // of the list, as task was read
	listed bool
	kept   bool // it was open when the agent was stopped
	stale  bool // something happened to it
	told   bool // that it cannot be read
	seen   time.Time
}

func newDesk() *desk {
	return &desk{looking: make(chan struct{}, 1), sheets: map[key]*sheet{}}
}

func (d *desk) sheet(k key) *sheet {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.sheets[k]
	if s == nil {
		s = &sheet{turn: make(chan struct{}, 1), seen: time.Now()}
		d.sheets[k] = s
	}
	return s
}

// touch says that something happened to a task, of either kind if that is not
// known.
func (d *desk) touch(id string) {
	for _, k := range []kind{ecommerce, editorial} {
		d.mu.Lock()
		s := d.sheets[key{k, id}]
		d.mu.Unlock()
		if s != nil {
			s.mu.Lock()
			s.stale = true
			s.mu.Unlock()
		}
	}
}

// tasks are those on the desk, by their keys. One that left the list is not
// wanted of us any more, whatever it says.
func (d *desk) tasks() (all []*task) {
	d.mu.Lock()
	sheets := make([]*sheet, 0, len(d.sheets))
	for _, s := range d.sheets {
		sheets = append(sheets, s)
	}
	d.mu.Unlock()
	for _, s := range sheets {
		s.mu.Lock()
		if s.task != nil && (s.listed || !s.task.wanted()) {
			all = append(all, s.task)
		}
		s.mu.Unlock()
	}
	slices.SortFunc(all, func(x, y *task) int { return compareKeys(x.key, y.key) })
	return all
}

func compareKeys(x, y key) int { return strings.Compare(x.String(), y.String()) }

// known returns the task if it was read less than that long ago.
func (s *sheet) known(maxAge time.Duration) *task {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.task == nil || s.stale || time.Since(s.task.at) >= maxAge {
		return nil
	}
	return s.task
}

// read returns a task as the platform tells of it, not older than maxAge.
func (a *account) read(ctx context.Context, k key, maxAge time.Duration) (*task, error) {
	s := a.desk.sheet(k)
	if t := s.known(maxAge); t != nil {
		return t, nil
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if t := s.known(maxAge); t != nil {
		return t, nil
	}
	s.mu.Lock()
	s.stale = false // what happens from here on makes it so again
	s.mu.Unlock()
	t, err := a.fetchTask(ctx, k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.stale = true
		return nil, err
	}
	s.task = t
	return t, nil
}

// look reads the task list, "the fallback" that is always asked (guide, List of
// tasks), and each task that is new or changed.
func (a *account) look(ctx context.Context) error {
	select {
	case a.desk.looking <- struct{}{}:
		defer func() { <-a.desk.looking }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := a.unpack(); err != nil {
		return err
	}
	began := time.Now()
	listed := map[key]row{}
	for _, k := range a.kinds() {
		rows, err := a.list(ctx, k)
		if err != nil {
			return a.unlisted(k, err)
		}
		for _, r := range rows {
			listed[key{k, first(r.TaskID, r.ID)}] = r
		}
	}
	if err := a.readListed(ctx, listed); err != nil {
		return err
	}
	if err := a.readVanished(ctx, listed); err != nil {
		return err
	}
	if err := a.remember(); err != nil {
		return err
	}
	a.desk.mu.Lock()
	defer a.desk.mu.Unlock()
	a.desk.looked = began
	return nil
}

func (a *account) unlisted(k kind, err error) error {
	advice := ""
	if status, _ := rest.StatusOf(err); a.opt.Content == "both" && (status == http.StatusForbidden || status == http.StatusNotFound) {
		advice = fmt.Sprintf("; if this studio has no %s tasks, write content under account %s", k, a.name)
	}
	return later("listing the "+string(k)+" tasks", fmt.Errorf("%w%s", err, advice))
}

func (a *account) readListed(ctx context.Context, listed map[key]row) error {
	for _, k := range slices.SortedFunc(maps.Keys(listed), compareKeys) {
		r, s := listed[k], a.desk.sheet(k)
		s.mu.Lock()
		age := whole
		if s.row != r.raw {
			age = 0
		}
		known := s.task != nil || s.kept
		s.seen, s.listed = time.Now(), true
		s.mu.Unlock()
		if is, _ := a.opt.meaningOf(first(r.Status, r.TaskStatus)); !known && is > progress {
			continue // over before we knew of it
		}
		_, err := a.read(ctx, k, age)
		if errors.Is(err, connectors.ErrRejected) || errors.As(err, new(*shapeError)) {
			a.tell(s, k, err) // no fault of the others
			continue
		}
		if err != nil {
			return fmt.Errorf("reading task %s: %w", k.id, err)
		}
		s.mu.Lock()
		s.row, s.told = r.raw, false
		s.mu.Unlock()
	}
	return nil
}

// tell says once of a task that it cannot be read.
func (a *account) tell(s *sheet, k key, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.told {
		a.log.Warn("A task cannot be read; it is tried again", "task", k.id, "error", err)
	}
	s.told = true
}

// readVanished looks once at each task that has left the list, and forgets it
// after a day. One that is not there any more was called off.
func (a *account) readVanished(ctx context.Context, listed map[key]row) error {
	for _, k := range a.desk.gone(listed) {
		s := a.desk.sheet(k)
		_, err := a.read(ctx, k, 0)
		if err != nil && !errors.Is(err, connectors.ErrRejected) {
			return fmt.Errorf("reading task %s: %w", k.id, err)
		}
		s.mu.Lock()
		s.listed, s.row = false, ""
		if err != nil {
			s.task, err = a.calledOff(k, s.task)
			s.stale = false
		}
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// gone are the tasks that were listed and are no more, and those that must be looked
// at though they are not listed.
func (d *desk) gone(listed map[key]row) (gone []key) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for k, s := range d.sheets {
		if _, still := listed[k]; still {
			continue
		}
		s.mu.Lock()
		inReview, keep := s.task != nil && s.task.status == review, forgetAfter
		if inReview {
			keep = forgetReview
		}
		switch {
		case s.listed || inReview && time.Since(s.task.at) > reviewGap:
			gone = append(gone, k)
		case time.Since(s.seen) > keep:
			delete(d.sheets, k)
		}
		s.mu.Unlock()
	}
	slices.SortFunc(gone, compareKeys)
	return gone
}

// list reads all pages of the list. No total is known, so it goes on until a page
// is shorter than the service says that its pages are, or has nothing new.
func (a *account) list(ctx context.Context, k kind) (all []row, err error) {
	seen := map[string]bool{}
	for page := 1; ; page++ {
		rows, size, err := a.page(ctx, k, page, a.opt.PageSize, false)
		if err != nil {
			return nil, err
		}
		news := false
		for _, r := range rows {
			if id := first(r.TaskID, r.ID); !seen[id] {
				seen[id], news = true, true
				all = append(all, r)
			}
		}
		if !news || len(rows) < size {
			return all, nil
		}
	}
}

// page reads one page; size is what the service says its pages have, 0 if it
// says nothing.
func (a *account) page(ctx context.Context, k kind, page, most int, probe bool) (rows []row, size int, err error) {
	reply, err := a.gateway.do(ctx, call{
		method: http.MethodGet, path: pathList, kind: k, probe: probe,
		query: a.listQuery(page, most),
	})
	if err != nil {
		return nil, 0, err
	}
	return decodeList(reply.Body)
}

func (a *account) listQuery(page, most int) url.Values {
	return url.Values{"postProductionVendorId": {a.opt.Vendor}, "pageNumber": {strconv.Itoa(page)}, "pageSize": {strconv.Itoa(most)}}
}
