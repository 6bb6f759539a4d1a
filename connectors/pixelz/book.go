package pixelz

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// A book keeps, in the account's memory, what no list of Pixelz tells: what the
// photo of an order is called here, and how often it was done anew. A rejected
// order comes back under the same ticket, and only its status going below
// delivered, or another address of the picture, shows that it is another one.
//
// It has pages, so that a change writes some kilobytes and not the whole. What
// has left the history is struck out.
type book struct {
	memory connectors.Memory
	mu     sync.Mutex // held while a page is read and changed
}

// page holds entries by ticket.
type page map[string]*entry

// An entry is about one order.
type entry struct {
	Name    string `json:"n,omitempty"` // of the photo; empty if it was not ordered here
	Day     int64  `json:"d"`           // when the entry was made: days since 1970
	Redone  int    `json:"v,omitempty"` // how often it was begun anew after a delivery
	Content string `json:"c,omitempty"` // of the last delivery that was seen
	There   bool   `json:"r,omitempty"` // and it has not been begun anew since
	Refused bool   `json:"w,omitempty"` // but a person sent it back
}

func newBook(m connectors.Memory) *book { return &book{memory: m} }

const pageCount = 256

func keyOf(ticket string) string {
	sum := fnv.New32a()
	sum.Write([]byte(ticket))
	return pageKey(sum.Sum32() % pageCount)
}

func pageKey(n uint32) string { return fmt.Sprintf("orders/%02x", n) }

func dayOf(t time.Time) int64 { return t.Unix() / (24 * 60 * 60) }

// A draft is the pages that one piece of work reads and changes. They are read
// anew each time: another agent may share the memory.
type draft struct {
	memory connectors.Memory
	now    time.Time
	pages  map[string]page
	dirty  map[string]bool
}

// edit does work on the book and puts what it changed on disk.
func (b *book) edit(now time.Time, work func(*draft) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	d := &draft{b.memory, now, map[string]page{}, map[string]bool{}}
	if err := work(d); err != nil {
		return fmt.Errorf("what was ordered from Pixelz cannot be read from the ledger: %w", err)
	}
	for key := range d.dirty {
		text, err := json.Marshal(d.pages[key])
		if len(d.pages[key]) == 0 {
			text = nil
		}
		if err == nil {
			err = b.memory.Keep(key, string(text))
		}
		if err != nil {
			return fmt.Errorf("what was ordered from Pixelz cannot be noted in the ledger: %w", err)
		}
	}
	return nil
}

func (d *draft) read(key string) (page, error) {
	if p := d.pages[key]; p != nil {
		return p, nil
	}
	text, err := d.memory.Recall(key)
	p := page{}
	if err == nil && text != "" {
		err = json.Unmarshal([]byte(text), &p)
	}
	d.pages[key] = p
	return p, err
}

// change does something to the entry of a ticket, which it makes if need be.
func (d *draft) change(ticket string, do func(*entry)) error {
	key := keyOf(ticket)
	p, err := d.read(key)
	if err != nil {
		return err
	}
	e := p[ticket]
	if e == nil {
		e = &entry{Day: dayOf(d.now)}
	}
	before := *e
	do(e)
	if *e != before {
		p[ticket], d.dirty[key] = e, true
	}
	return nil
}

// strike takes out what is older than days and not listed.
func (d *draft) strike(listed map[string]bool, days int) error {
	for n := range uint32(pageCount) {
		key := pageKey(n)
		p, err := d.read(key)
		if err != nil {
			return err
		}
		for ticket, e := range p {
			if !listed[ticket] && dayOf(d.now)-e.Day > int64(days) {
				delete(p, ticket)
				d.dirty[key] = true
			}
		}
	}
	return nil
}

// ordered notes what the photo of an order is called.
func (b *book) ordered(ticket, name string, now time.Time) error {
	return b.edit(now, func(d *draft) error { return d.change(ticket, func(e *entry) { e.Name = name }) })
}

// refused notes that a person has sent a delivery back, unless the next one has
// been seen since.
func (b *book) refused(id retouchID, now time.Time) error {
	return b.edit(now, func(d *draft) error {
		return d.change(id.ticket, func(e *entry) { e.Refused = e.There && (e.Refused || e.version() == id.version) })
	})
}

// all notes a list of all orders and returns their entries. Those older than days
// that the list lacks are struck out.
func (b *book) all(list []image, now time.Time, days int) ([]entry, error) {
	entries, listed := make([]entry, len(list)), map[string]bool{}
	err := b.edit(now, func(d *draft) error {
		for i, im := range list {
			listed[im.ticket] = true
			if err := d.change(im.ticket, func(e *entry) { e.see(im); entries[i] = *e }); err != nil {
				return err
			}
		}
		return d.strike(listed, days)
	})
	return entries, err
}

// entry returns what is noted of a ticket.
func (b *book) entry(ticket string) (e entry, err error) {
	err = b.edit(time.Time{}, func(d *draft) error {
		p, err := d.read(keyOf(ticket))
		if found := p[ticket]; found != nil {
			e = *found
		}
		return err
	})
	return e, err
}

// see notes what a look at the order has shown.
func (e *entry) see(im image) {
	switch {
	case im.stage() == connectors.Ready:
		if e.There && e.Content != im.content() { // begun anew and done between two looks
			e.Redone++
			e.Refused = false
		}
		e.There, e.Content = true, im.content()
	case im.below() && e.There:
		e.Redone++
		e.There, e.Refused = false, false
	}
}

// version is 1 for the first delivery of an order, and one more for each that
// came, or is to come, after a rejection.
func (e entry) version() int {
	if e.Refused {
		return e.Redone + 2
	}
	return e.Redone + 1
}

// is reports whether im shows the delivery that e is about, and nobody has sent
// it back.
func (e entry) is(im image) bool {
	return im.stage() == connectors.Ready && !e.Refused && (!e.There && e.Content == "" || e.There && e.Content == im.content())
}

// called says what the finished pictures of im are named: like the photo, with
// the extension that they come with.
func (e entry) called(im image) []string {
	used, all := map[string]bool{}, []string(nil)
	for i, final := range im.finals {
		there := baseOf(final)
		name := strings.TrimSuffix(e.Name, path.Ext(e.Name)) + path.Ext(there)
		if e.Name == "" {
			name = nameHere(there, im)
		}
		if used[strings.ToLower(name)] {
			ext := path.Ext(name)
			name = fmt.Sprintf("%s_%d%s", strings.TrimSuffix(name, ext), i+1, ext)
		}
		used[strings.ToLower(name)] = true
		all = append(all, name)
	}
	return all
}
