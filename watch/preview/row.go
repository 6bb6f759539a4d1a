package preview

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// A lane is a row of jobs, the newest last.
type lane struct {
	waiting []*job
	wake    chan struct{} // holds one
}

// A job makes one preview for all who wait for it.
type job struct {
	name    string
	lane    *lane
	work    func(ctx context.Context) ([]byte, error)
	waiters int
	done    chan struct{} // closed when what follows is there
	preview []byte
	err     error
}

// join waits for the job of that name, which is put into the row if there is none.
func (c *Cache) join(l *lane, name string, work func(context.Context) ([]byte, error)) (*job, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return nil, errEnded
	}
	if f, ok := c.failures[name]; ok {
		if time.Now().Before(f.until) {
			return nil, f.err
		}
		delete(c.failures, name)
	}
	j := c.jobs[name]
	if j == nil {
		j = &job{name: name, lane: l, work: work, done: make(chan struct{})}
		c.jobs[name] = j
		if l.waiting = append(l.waiting, j); len(l.waiting) > mostWaiting {
			c.finish(l.waiting[0], nil, ErrBusy)
			l.waiting = l.waiting[1:]
		}
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
	j.waiters++
	return j, nil
}

// leave is for one who waits no longer.
func (c *Cache) leave(j *job) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if j.waiters--; j.waiters > 0 {
		return
	}
	if i := slices.Index(j.lane.waiting, j); i >= 0 {
		j.lane.waiting = slices.Delete(j.lane.waiting, i, i+1)
		delete(c.jobs, j.name)
	}
}

// Run makes previews until ctx ends, and returns nil then.
func (c *Cache) Run(ctx context.Context) error {
	c.store.sweep()
	g, ctx := errgroup.WithContext(ctx)
	for _, l := range []*lane{&c.local, &c.remote} {
		g.Go(func() error {
			c.serve(ctx, l)
			return nil
		})
	}
	g.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	for _, j := range c.jobs {
		c.finish(j, nil, errEnded)
	}
	return nil
}

// serve does the jobs of a lane, the newest first.
func (c *Cache) serve(ctx context.Context, l *lane) {
	for ctx.Err() == nil {
		j := c.next(l)
		if j == nil {
			select {
			case <-l.wake:
			case <-ctx.Done():
			}
			continue
		}
		b, err := j.work(ctx)
		if err == nil {
			c.store.write(j.name, b)
		}
		c.mu.Lock()
		switch {
		case ctx.Err() != nil && err != nil:
			err = errEnded
		case err != nil && !errors.Is(err, fs.ErrNotExist): // a file may have been moved: ask again with its new path
			if len(c.failures) >= mostFailures {
				clear(c.failures)
			}
			c.failures[j.name] = failure{err, time.Now().Add(remembered)}
		}
		c.finish(j, b, err)
		c.mu.Unlock()
	}
}

func (c *Cache) next(l *lane) *job {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(l.waiting) - 1
	if last < 0 {
		return nil
	}
	j := l.waiting[last]
	l.waiting = l.waiting[:last]
	return j
}

// finish answers all who wait for j. The caller holds mu.
func (c *Cache) finish(j *job, preview []byte, err error) {
	j.preview, j.err = preview, err
	delete(c.jobs, j.name)
	close(j.done)
}
