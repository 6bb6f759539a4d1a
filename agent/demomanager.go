package main

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// A studioManager plays the one of the demo's own story, who does ProStudio's
// external retouch on the agent's page: she looks there, asks for
// something, and looks whether it was done. After the first error, or when ctx
// ends, every further step does nothing; err says what it was.
type studioManager struct {
	demo    *demo
	ctx     context.Context
	page    browser
	bench   string
	account string
	task    string // its address on the page
	shots   []*shot
	err     error
}

const (
	managerTask     = "Accessories on green"
	managerTemplate = "Green BG"
	// managerPatience is how long she waits for what she asked for to be seen on the
	// page, before she asks again.
	managerPatience = 3 * time.Second
)

func (d *demo) manager(ctx context.Context, bench, account string, shots []*shot) *studioManager {
	return &studioManager{demo: d, ctx: ctx, page: browser{d.page.Load}, bench: bench, account: account, shots: shots}
}

func (m *studioManager) do(step func() error) {
	if m.err == nil {
		m.err = context.Cause(m.ctx)
	}
	if m.err == nil {
		m.err = step()
	}
}

func (m *studioManager) say(format string, args ...any) {
	m.demo.line.say(m.bench, whoManager, format, args...)
}

// order is the whole of ProStudio's process, for one task: she selects and orders,
// watches, and deals with what she sees.
func (m *studioManager) order() error {
	m.create()
	two, refused, failed := false, false, 0
	for over := false; m.err == nil && !over; {
		m.do(func() error {
			b, err := m.news()
			if err != nil {
				return err
			}
			ready, errs := b.in("ready"), b.only("error")
			switch {
			case len(errs) > 0:
				failed++
				return m.failure(errs[0], failed == 1)
			case !two && len(ready) > 1:
				two = true
				return m.importThese(ready[:2])
			case two && !refused && len(ready) > 0:
				refused = true
				return m.sendBack(ready[0], "A halo on the left, please redo it")
			case refused && len(ready) > 0:
				return m.importAll(ready)
			}
			over = refused && len(b.in("imported"))+len(b.in("closed")) == len(m.shots)
			return sleep(m.ctx, eyesEvery)
		})
	}
	m.do(func() error {
		m.say("sees that nothing more is awaited: the task is done")
		return nil
	})
	return m.err
}

// create selects all photos on the page and orders them as one task.
func (m *studioManager) create() {
	names := namesOf(m.shots)
	m.do(func() error {
		m.say("waits until the page offers the %d pictures of %s", len(names), m.bench)
		return await(m.ctx, func() bool {
			offered, _ := m.page.names(m.ctx, "/tasks/new?bench="+m.bench) // unknown is none
			return !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(offered, name) })
		})
	})
	m.do(func() error {
		m.say("selects %d pictures, External retouch, integration %s, template %s, Save", len(names), m.account, managerTemplate)
		for _, s := range m.shots {
			m.demo.album.order(s, m.account)
		}
		return m.until("create", fields{"bench": {m.bench}, "account": {m.account}, "template": {managerTemplate}, "title": {managerTask}, "names": names}, func() (bool, error) {
			address, err := m.page.task(m.ctx, managerTask)
			m.task = address
			return address != "", err
		})
	})
	m.do(func() error {
		b, err := m.news()
		m.say("sees the task on the page: %s, %d at retouch", count(len(b), "picture"), len(b.in("retouch")))
		return err
	})
}

// look reads the task on the page.
func (m *studioManager) look() (board, error) { return m.page.board(m.ctx, m.task) }

// news is the task on the page, as soon as there is one.
func (m *studioManager) news() (b board, _ error) {
	return b, await(m.ctx, func() bool {
		var err error
		b, err = m.look()
		return err == nil
	})
}

// importThese imports selected pictures.
func (m *studioManager) importThese(names []string) error {
	m.say("selects %s, which are ready, and imports them", bases(names))
	return m.untilBoard("import/picked", fields{"names": names}, func(b board) bool { return b.all(names, "imported") })
}

// importAll imports what is ready.
func (m *studioManager) importAll(ready []string) error {
	m.say("imports all that is ready: %s", count(len(ready), "picture"))
	return m.untilBoard("import", fields{}, func(b board) bool { return b.all(ready, "imported") })
}

// failure orders again what the vendor could not do, or writes it off.
func (m *studioManager) failure(p boardPicture, again bool) error {
	m.say("sees %s as an error while the others go on. %s", path.Base(p.name), p.reason)
	s := m.shots[slices.IndexFunc(m.shots, func(s *shot) bool { return s.name == p.name })]
	gone := func(b board) bool { return len(b) > 0 && !slices.Contains(b.in("error"), p.name) }
	if again {
		m.say("orders %s again: another round", path.Base(p.name))
		m.demo.album.order(s, m.account)
		return m.untilBoard("reorder/picked", fields{"names": {p.name}, "comment": {"The bag is what is not grey"}}, gone)
	}
	m.say("writes %s off", path.Base(p.name))
	m.demo.album.update(func() { s.waived = true })
	return m.untilBoard("close/picked", fields{"names": {p.name}}, gone)
}

// sendBack has the vendor correct what is ready.
func (m *studioManager) sendBack(name, comment string) error {
	m.say("does not like %s and sends it back: %s", path.Base(name), comment)
	var retouch string
	err := await(m.ctx, func() bool {
		var err error
		retouch, err = m.page.retouch(m.ctx, m.task, name)
		return err == nil && retouch != ""
	})
	if err != nil {
		return err
	}
	return m.until("reject", fields{"task": {path.Base(m.task)}, "retouch": {retouch}, "comment": {comment}}, func() (bool, error) {
		now, err := m.page.retouch(m.ctx, m.task, name)
		return now != retouch, err
	})
}

// untilBoard is until for what shows on the task's page.
func (m *studioManager) untilBoard(verb string, f fields, done func(board) bool) error {
	f["task"] = []string{path.Base(m.task)}
	return m.until(verb, f, func() (bool, error) {
		b, err := m.look()
		return err == nil && done(b), err
	})
}

// until asks for something until done says that it was done. She looks first, for
// what was asked may have been done though nobody could answer.
func (m *studioManager) until(verb string, f fields, done func() (bool, error)) error {
	told := ""
	for {
		ok, err := done()
		if ok {
			return nil
		}
		if err == nil {
			_, err = m.page.ask(m.ctx, verb, f)
		}
		if err == nil {
			patient, cancel := context.WithTimeout(m.ctx, managerPatience)
			err = await(patient, func() bool { ok, _ = done(); return ok })
			cancel()
		}
		if err != nil && err.Error() != told && m.ctx.Err() == nil {
			told = err.Error()
			m.say("must look again: %s", told)
		}
		if err := sleep(m.ctx, 2*eyesEvery); err != nil {
			return err
		}
	}
}

func namesOf(shots []*shot) (names []string) {
	for _, s := range shots {
		names = append(names, s.name)
	}
	return names
}

func bases(names []string) string {
	var all []string
	for _, name := range names {
		all = append(all, path.Base(name))
	}
	return strings.Join(all, " and ")
}

// looks is the day of bench packshot-3, whose pictures the manager orders.
func (d *demo) looks(p *photographer) (shots []*shot) {
	p.pause(time.Second)
	for i := range 10 {
		shots = append(shots, p.shoot(fmt.Sprintf("AC18-%d/AC18-%d_%d.jpg", 301+i/4, 301+i/4, i%4+1), []string{atOnce, renamed}[i%2]))
		p.pause(300 * time.Millisecond)
	}
	return shots
}
