package pixelz

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/pixelz/pixelzsim"
)

// "Not there" and "could not look" must never be taken for each other.
func TestWhatALookUpMayAnswer(t *testing.T) {
	const mine = `"ImageTicket":"t1","CustomerImageId":"mine"`
	const listed = `{"ErrorCode":"NoError","Images":[{"ImageTicket":"t0","CustomerImageId":"other"},{` + mine + `}]}`
	const unlisted = `{"ErrorCode":"NoError","Images":[{"ImageTicket":"t0","CustomerImageId":"other"}]}`
	tests := map[string]struct{ lookUp, list, want string }{ // want: found, missing or a meaning
		"found":                          {`{"ErrorCode":"NoError",` + mine + `,"StatusId":10}`, "", "found"},
		"found, bare":                    {`{` + mine + `}`, "", "found"},
		"found, wrapped":                 {`{"GetImageStatusResult":{"ImageStatus":{` + mine + `}}}`, "", "found"},
		"found in a list":                {`[{` + mine + `}]`, "", "found"},
		"found without its id":           {`{"ErrorCode":0,"ImageTicket":"t1"}`, "", "found"},
		"a code says no":                 {`{"ErrorCode":"ImageNotFound","Message":""}`, "", "missing"},
		"a number and words say no":      {`{"ErrorCode":12,"Message":"The image does not exist"}`, "", "missing"},
		"404 with words":                 {`404|{"ErrorCode":"InvalidImageTicket"}`, "", "missing"},
		"success without an order":       {`{"ErrorCode":"NoError","ImageStatus":null}`, "", "missing"},
		"success with a ticket of zeros": {`{"ErrorCode":0,"ImageTicket":"00000000-0000-0000-0000-000000000000"}`, "", "missing"},

		"nothing; listed":         {``, listed, "found"},
		"nothing; unlisted":       {``, unlisted, "missing"},
		"nothing; empty list":     {``, `[]`, "missing"},
		"nothing; no list":        {``, ``, "later"},
		"null; listed":            {`null`, listed, "found"},
		"empty list; listed":      {`[]`, listed, "found"},
		"an object; unlisted":     {`{}`, unlisted, "missing"},
		"another's; listed":       {`{"ErrorCode":"NoError","ImageTicket":"t0","CustomerImageId":"other"}`, listed, "found"},
		"another's; unlisted":     {`{"ErrorCode":"NoError","ImageTicket":"t0","CustomerImageId":"other"}`, unlisted, "missing"},
		"says both; listed":       {`{"ErrorCode":"ImageNotFound",` + mine + `}`, listed, "found"},
		"404, a web page; listed": {`404|<html>`, listed, "found"},
		"404, a web page":         {`404|<html>`, `404|<html>`, "later"},
		"404, empty; unlisted":    {`404|`, unlisted, "missing"},

		"a web page":         {`<html>`, listed, "later"},
		"half":               {`{"ImageTic`, listed, "later"},
		"no such account":    {`{"ErrorCode":"ContactNotFound"}`, listed, "denied"},
		"no such key":        {`{"ErrorCode":3,"Message":"API key does not exist"}`, listed, "denied"},
		"account not found":  {`{"ErrorCode":4,"Message":"account not found"}`, listed, "later"},
		"trouble":            {`{"ErrorCode":"InternalError"}`, listed, "later"},
		"an unknown code":    {`{"ErrorCode":77}`, listed, "later"},
		"500":                {`500|`, listed, "later"},
		"403":                {`403|`, listed, "later"},
		"the list says no":   {``, `{"ErrorCode":"Odd"}`, "later"},
		"the list is denied": {``, `{"ErrorCode":"InvalidAPIKey"}`, "denied"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := answering(t, scripted{"/Image/nonticket": tt.lookUp, "/Images": tt.list})
			receipts, err := a.Find(t.Context(), []connectors.Photo{{ID: "mine", Name: "a.jpg", Size: 7}})
			got := meaning(err)
			if err == nil {
				got = map[bool]string{true: "missing", false: "found"}[receipts[0].Zero()]
			}
			if got != tt.want || got == "found" && receipts[0] != (connectors.Receipt{ID: "t1", Name: "a.jpg", Size: 7, Verified: true}) {
				t.Errorf("got %s, %+v (%v), want %s", got, receipts, err, tt.want)
			}
		})
	}
}

func TestTheListHasAllPages(t *testing.T) {
	for _, size := range []int{100, 7, 1000} {
		for _, orders := range []int{0, 1, 99, 100, 101, 205} {
			w := newWorld(t, how{Options: pixelzsim.Options{PerPage: size}})
			for i := range orders {
				w.sim.Return(fmt.Sprintf("%d.jpg", i), []byte("x"))
			}
			list, err := w.list(t.Context())
			if err != nil || len(list) != orders {
				t.Errorf("%d on a page: %d orders, %v; want %d", size, len(list), err, orders)
			}
			if pages := (orders+min(size, 100)-1)/min(size, 100) + 1; w.sim.Requests("images") != pages {
				t.Errorf("%d on a page, %d orders: %d requests, want %d", size, orders, w.sim.Requests("images"), pages)
			}
		}
	}
}

func TestTheListReachesAsFarBackAsItMust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{yaml: "history: 40"})
		w.ordered("a.jpg")
		for _, tt := range []struct{ after, want int }{{0, 1}, {39, 1}, {2, 0}} {
			time.Sleep(time.Duration(tt.after) * 24 * time.Hour)
			if got := len(w.pending()); got != tt.want {
				t.Errorf("%d days later %d are listed, want %d", tt.after, got, tt.want)
			}
		}
	})
}

// A server that gives the same page for ever, or ever new orders, is left.
func TestAListWithoutAnEnd(t *testing.T) {
	a := answering(t, scripted{"/Images": `{"Images":[{"ImageTicket":"t1"},{"ImageTicket":"t2"},{"ImageTicket":"t1"},{"ImageTicket":""}]}`})
	if list, err := a.list(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("got %v, %v; want two orders", list, err)
	}
	a = answering(t, scripted{})
	n := 0
	a.api = endless(t, func() string { n++; return fmt.Sprintf(`[{"ImageTicket":"t%d"}]`, n) })
	if _, err := a.list(t.Context()); err == nil || !strings.Contains(err.Error(), "5000 pages") {
		t.Errorf("got %v", err)
	}
}

func TestFindOfSeveral(t *testing.T) {
	w := newWorld(t, how{Options: pixelzsim.Options{Numeric: true}})
	a, b := photo("a.jpg", []byte("a")), photo("b.jpg", []byte("b"))
	receipt, err := w.deliver(t.Context(), a, []byte("a"))
	w.must(err)
	got, err := w.Find(t.Context(), []connectors.Photo{b, a, b})
	if err != nil || len(got) != 3 || got[1] != receipt || !got[0].Zero() || !got[2].Zero() {
		t.Errorf("got %+v, %v", got, err)
	}
	if n := w.sim.Requests("images"); n != 0 {
		t.Errorf("the list was read %d times, without need", n)
	}
}

// A name that cannot be kept costs no order.
func TestFindKeepsNames(t *testing.T) {
	w := newWorld(t, how{})
	w.book.memory = fullMemory{}
	receipt := w.ordered("monday/a.jpg")
	if receipt.ID == "" || !strings.Contains(w.log.String(), "could not be kept") {
		t.Errorf("got %+v, and the log says %s", receipt, w.log)
	}
	w.book.memory = w.memory
	content := []byte("content of monday/a.jpg")
	if _, err := w.Find(t.Context(), []connectors.Photo{photo("monday/a.jpg", content)}); err != nil {
		t.Fatal(err)
	}
	w.must(w.sim.Produce(receipt.ID))
	if rt := w.one(); rt.Name != "monday/a.jpg" {
		t.Errorf("got %+v", rt)
	}
}

var errFull = errors.New("the ledger's disk is full")

// fullMemory can be read.
type fullMemory struct{}

func (fullMemory) Recall(string) (string, error) { return "", nil }
func (fullMemory) Keep(string, string) error     { return errFull }

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
