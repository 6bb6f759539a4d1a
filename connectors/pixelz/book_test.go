package pixelz

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

func may(day int) time.Time { return time.Date(2026, 5, day, 12, 0, 0, 0, time.UTC) }

func ready(ticket string, finals ...string) image {
	return image{ticket: ticket, status: statusDelivered, finals: finals}
}

// What an entry makes of a row of looks.
func TestSee(t *testing.T) {
	a, b := ready("t", "https://h/a.jpg"), ready("t", "https://h/b.jpg")
	begun, strange, failed := image{ticket: "t", status: 60}, image{ticket: "t", status: 85}, image{ticket: "t", status: 90}
	tests := map[string]struct {
		looks   []image
		version int
		is      bool // the last one is what the entry is about
	}{
		"nothing":                 {[]image{begun}, 1, false},
		"ready":                   {[]image{a}, 1, true},
		"ready for long":          {[]image{a, a, a}, 1, true},
		"begun anew":              {[]image{a, begun}, 2, false},
		"begun anew for long":     {[]image{a, begun, begun}, 2, false},
		"done anew, same address": {[]image{a, begun, a}, 2, true},
		"done anew":               {[]image{a, begun, b}, 2, true},
		"done anew, unseen":       {[]image{a, b}, 2, true},
		"strange":                 {[]image{a, strange}, 1, false},
		"strange and back":        {[]image{a, strange, a}, 1, true},
		"failed":                  {[]image{begun, failed}, 1, false},
		"failed and back":         {[]image{a, failed, a}, 1, true},
		"twice":                   {[]image{a, begun, b, begun, a}, 3, true},
	}
	for name, tt := range tests {
		var e entry
		for _, im := range tt.looks {
			e.see(im)
		}
		if got := e.version(); got != tt.version {
			t.Errorf("%s: version %d, want %d", name, got, tt.version)
		}
		if got := e.is(tt.looks[len(tt.looks)-1]); got != tt.is {
			t.Errorf("%s: is %v, want %v", name, got, tt.is)
		}
	}
	if !(entry{}).is(a) {
		t.Error("a delivery that nothing is noted of is not the first")
	}
	if (entry{There: true, Content: a.content(), Refused: true}).is(a) {
		t.Error("what was sent back is offered again")
	}
}

func TestTheBookOutlivesThePrograms(t *testing.T) {
	memory := new(connectors.ShortMemory)
	first, second := newBook(memory), newBook(memory) // two agents may share it
	if err := errors.Join(first.ordered("t1", "a.jpg", may(1)), second.ordered("t2", "b.jpg", may(2)), first.ordered("t1", "a.jpg", may(3))); err != nil {
		t.Fatal(err)
	}
	for ticket, want := range map[string]entry{"t1": {Name: "a.jpg", Day: dayOf(may(1))}, "t2": {Name: "b.jpg", Day: dayOf(may(2))}, "t3": {}} {
		for _, b := range []*book{first, second, newBook(memory)} {
			if got, err := b.entry(ticket); err != nil || got != want {
				t.Errorf("%s: got %+v, %v; want %+v", ticket, got, err, want)
			}
		}
	}
}

func TestARefusalNeedsADelivery(t *testing.T) {
	b := newBook(new(connectors.ShortMemory))
	if err := b.refused(retouchID{"t1", 1, 0}, may(1)); err != nil {
		t.Fatal(err)
	}
	if e, _ := b.entry("t1"); e != (entry{}) {
		t.Errorf("got %+v", e)
	}
	if _, err := b.all([]image{ready("t1", "x")}, may(1), 45); err != nil {
		t.Fatal(err)
	}
	if err := b.refused(retouchID{"t1", 1, 0}, may(1)); err != nil {
		t.Fatal(err)
	}
	if e, _ := b.entry("t1"); !e.Refused || e.version() != 2 {
		t.Errorf("got %+v", e)
	}
	if _, err := b.all([]image{ready("t1", "y")}, may(1), 45); err != nil {
		t.Fatal(err)
	}
	if err := b.refused(retouchID{"t1", 1, 0}, may(1)); err != nil { // its answer comes late
		t.Fatal(err)
	}
	if e, _ := b.entry("t1"); e.Refused || e.version() != 2 {
		t.Errorf("the next delivery counts as sent back: %+v", e)
	}
}

func TestOrdersThatAreAtWorkTakeNoRoom(t *testing.T) {
	memory := &counting{Memory: new(connectors.ShortMemory)}
	b := newBook(memory)
	var list []image
	for i := range 1000 {
		list = append(list, image{ticket: fmt.Sprint("t", i), status: 60})
	}
	if entries, err := b.all(list, may(1), 45); err != nil || len(entries) != 1000 || memory.kept != 0 {
		t.Errorf("%d entries, %v, written %d times", len(entries), err, memory.kept)
	}
	for i := range list {
		list[i] = ready(list[i].ticket, "https://h/x.jpg")
	}
	for range 3 {
		if _, err := b.all(list, may(1), 45); err != nil {
			t.Fatal(err)
		}
	}
	if memory.kept == 0 || memory.kept > pageCount || memory.largest > 2000 {
		t.Errorf("written %d times, at most %d bytes", memory.kept, memory.largest)
	}
}

type counting struct {
	connectors.Memory
	kept, largest int
}

func (c *counting) Keep(key, value string) error {
	c.kept++
	c.largest = max(c.largest, len(value))
	return c.Memory.Keep(key, value)
}

func TestTheBookIsForManyHands(t *testing.T) {
	b := newBook(new(connectors.ShortMemory))
	var hands sync.WaitGroup
	for i := range 8 {
		hands.Go(func() {
			for j := range 50 {
				if err := b.ordered(fmt.Sprintf("t%d-%d", i, j), "a.jpg", may(1)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	hands.Wait()
	for i := range 8 {
		for j := range 50 {
			if e, err := b.entry(fmt.Sprintf("t%d-%d", i, j)); err != nil || e.Name != "a.jpg" {
				t.Fatalf("t%d-%d: %+v, %v", i, j, e, err)
			}
		}
	}
}

func TestABookThatCannotBeRead(t *testing.T) {
	b := newBook(brokenMemory{})
	_, all := b.all([]image{ready("t1", "x")}, may(1), 45)
	_, one := b.entry("t1")
	for what, err := range map[string]error{"all": all, "entry": one, "ordered": b.ordered("t1", "x", may(1)), "refused": b.refused(retouchID{"t1", 1, 0}, may(1))} {
		if err == nil || !strings.Contains(err.Error(), "from the ledger") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
