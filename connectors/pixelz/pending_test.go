package pixelz

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/pixelz/pixelzsim"
)

func TestStages(t *testing.T) {
	const done = `"FinalImagesURL":["https://cdn.pixelz.com/a.jpg"]`
	tests := map[string]struct {
		fields string
		want   connectors.Stage
		reason string
	}{
		"new":                      {`"StatusId":10`, connectors.Working, ""},
		"in production":            {`"StatusId":60,"StatusName":"In production"`, connectors.Working, ""},
		"produced":                 {`"StatusId":70`, connectors.Working, ""},
		"delivered":                {`"StatusId":80,` + done, connectors.Ready, ""},
		"delivered, as text":       {`"StatusId":"80","FinalImagesURL":"https://cdn.pixelz.com/a.jpg"`, connectors.Ready, ""},
		"delivered, wrapped":       {`"StatusId":80,"FinalImagesURL":{"string":["https://cdn.pixelz.com/a.jpg"]}`, connectors.Ready, ""},
		"delivered with a remark":  {`"StatusId":80,"ErrorMessage":"cropped",` + done, connectors.Ready, "cropped"},
		"delivered without":        {`"StatusId":80`, connectors.Working, ""},
		"delivered, null":          {`"StatusId":80,"FinalImagesURL":null`, connectors.Working, ""},
		"delivered, empty":         {`"StatusId":80,"FinalImagesURL":[""]`, connectors.Working, ""},
		"not delivered, but there": {`"StatusId":70,` + done, connectors.Working, ""},
		"unknown, above":           {`"StatusId":85,"StatusName":"Archived",` + done, connectors.Working, ""},
		"unknown, below":           {`"StatusId":42`, connectors.Working, ""},
		"no number":                {`"StatusId":"soon"`, connectors.Working, ""},
		"none":                     {`"StatusName":null`, connectors.Working, ""},
		"negative":                 {`"StatusId":-1`, connectors.Working, ""},
		"90":                       {`"StatusId":90`, connectors.Failed, "status 90"},
		"90 with a name":           {`"StatusId":90,"StatusName":"Rejected by QC"`, connectors.Failed, "Rejected by QC"},
		"an error by name":         {`"StatusId":35,"StatusName":"Download Error"`, connectors.Failed, "Download Error"},
		"failed by name":           {`"StatusId":35,"StatusName":"FAILED"`, connectors.Failed, "FAILED"},
		"failed though at 80":      {`"StatusId":80,"StatusName":"Failed",` + done, connectors.Failed, "Failed"},
		"with a message":           {`"StatusId":10,"ErrorMessage":" Image\n too small\u0007 "`, connectors.Failed, "Image too small"},
		"with an empty message":    {`"StatusId":10,"ErrorMessage":""`, connectors.Working, ""},
		"message instead of name":  {`"StatusId":90,"StatusName":"Error","ErrorMessage":"too dark"`, connectors.Failed, "too dark"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := answering(t, scripted{"/Images": `{"ErrorCode":0,"Images":[{"ImageTicket":"T1",` + tt.fields + `}]}`})
			list, err := a.Pending(t.Context())
			if err != nil || len(list) != 1 {
				t.Fatalf("got %+v, %v", list, err)
			}
			rt := list[0]
			if rt.Stage != tt.want || rt.Reason != tt.reason || rt.Answers != "t1" || rt.Size != -1 || !rt.Final || rt.Name == "" {
				t.Errorf("got %+v, want stage %d and %q", rt, tt.want, tt.reason)
			}
		})
	}
}

// From the order to the retouch, with what everybody sees on the way.
func TestTheWayOfAnOrder(t *testing.T) {
	w := newWorld(t, how{yaml: "link: 'https://portal.example/{ticket}'"})
	receipt := w.ordered("monday/shoe.CR3")
	see := func(stage connectors.Stage, id, name string) connectors.Retouch {
		t.Helper()
		rt := w.one()
		want := connectors.Retouch{ID: receipt.ID + id, Name: name, Answers: receipt.ID, Stage: stage, Link: receipt.Link, Reason: rt.Reason, Size: -1, Final: true}
		if rt != want {
			t.Errorf("got  %+v\nwant %+v", rt, want)
		}
		return rt
	}
	for _, status := range []int{10, 60, 70, 33} {
		w.must(w.sim.SetStatus(receipt.ID, status, "some way"))
		see(connectors.Working, "/1", "monday/shoe.CR3")
	}
	w.must(w.sim.Fail(receipt.ID, "the horizon is missing"))
	if rt := see(connectors.Failed, "/1/failed", "monday/shoe.CR3"); rt.Reason != "the horizon is missing" {
		t.Errorf("reason %q", rt.Reason)
	}
	w.must(w.sim.Produce(receipt.ID)) // after all
	if got, err := w.fetch(see(connectors.Ready, "/1", "monday/shoe.CR3")); got != "content of monday/shoe.CR3\nretouched\n" || err != nil {
		t.Errorf("fetched %q, %v", got, err)
	}
	w.must(w.Acknowledge(t.Context(), w.pending()))
	see(connectors.Ready, "/1", "monday/shoe.CR3")
}

func TestNamesOfRetouches(t *testing.T) {
	at := func(urls ...string) image { return image{ticket: "t1", customerID: "0123456789", finals: urls} }
	tests := map[string]struct {
		kept string
		im   image
		want []string
	}{
		"as the photo":           {"monday/a.cr3", at("https://h/x/zzz.tif"), []string{"monday/a.tif"}},
		"no extension there":     {"monday/a.cr3", at("https://h/x/zzz"), []string{"monday/a"}},
		"several":                {"a.jpg", at("https://h/1.jpg", "https://h/1.psd", "https://h/2.JPG"), []string{"a.jpg", "a.psd", "a_3.JPG"}},
		"not ordered here":       {"", at("https://h/x/sh%C3%B6e%201.jpg?sig=a/b.png"), []string{"shöe 1.jpg"}},
		"what we called it":      {"", at("https://h/x/01234567-shoe.jpg"), []string{"shoe.jpg"}},
		"several, not ours":      {"", at("https://h/1/a.jpg", "https://h/2/a.jpg"), []string{"a.jpg", "a_2.jpg"}},
		"no name":                {"", at("https://h/"), []string{"t1"}},
		"no address":             {"", at("%"), []string{"t1"}},
		"leads out":              {"", at("https://h/x/.."), []string{"t1"}},
		"cannot be stored":       {"", at("https://h/x/a%0Ab.jpg"), []string{"t1"}},
		"a slash that is hidden": {"", at("https://h/x/..%2F..%2Fpasswd"), []string{"passwd"}},
	}
	for name, tt := range tests {
		if got := (entry{Name: tt.kept}).called(tt.im); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

func TestSeveralPicturesOfOneOrder(t *testing.T) {
	w := newWorld(t, how{Options: pixelzsim.Options{Extra: []string{".psd"}}})
	receipt := w.ordered("a.jpg")
	w.must(w.sim.Produce(receipt.ID))
	list := w.pending()
	if len(list) != 2 || list[0].Name != "a.jpg" || list[1].Name != "a.psd" || list[0].ID == list[1].ID || list[1].Answers != receipt.ID {
		t.Fatalf("got %+v", list)
	}
	for _, rt := range list {
		if _, err := w.fetch(rt); err != nil {
			t.Error(err)
		}
	}
}

// A rejected order comes back under its ticket, and as another retouch.
func TestVersions(t *testing.T) {
	type step func(w *world, ticket string)
	begin := func(w *world, ticket string) { w.must(w.sim.Begin(ticket)) }
	produce := func(w *world, ticket string) { w.must(w.sim.Produce(ticket)) }
	look := func(w *world, ticket string) { w.pending() }
	restart := func(w *world, ticket string) { w.account = w.newAccount() }
	strange := func(w *world, ticket string) { w.must(w.sim.SetStatus(ticket, 85, "Archived")) }
	fail := func(w *world, ticket string) { w.must(w.sim.Fail(ticket, "x")) }
	reject := func(w *world, ticket string) {
		w.must(w.reject(w.t.Context(), connectors.Refusal{Photo: connectors.Receipt{ID: ticket}, Retouch: w.one().ID, Comment: "again"}))
	}
	tests := map[string]struct {
		sim   pixelzsim.Options
		steps []step
		want  string // of the ID, and the stage
	}{
		"first":                             {pixelzsim.Options{}, []step{produce}, "/1 ready"},
		"looked at often":                   {pixelzsim.Options{}, []step{produce, look, look, restart, look}, "/1 ready"},
		"strange in between":                {pixelzsim.Options{}, []step{produce, look, strange, look, produce0}, "/1 ready"},
		"rejected in the portal":            {pixelzsim.Options{SameAddress: true}, []step{produce, look, begin, look}, "/2 working"},
		"and done":                          {pixelzsim.Options{SameAddress: true}, []step{produce, look, begin, look, produce}, "/2 ready"},
		"and over a restart":                {pixelzsim.Options{SameAddress: true}, []step{produce, look, restart, begin, look, restart, produce}, "/2 ready"},
		"begun before anybody looked":       {pixelzsim.Options{SameAddress: true}, []step{produce, begin, look, produce}, "/1 ready"},
		"done between two looks":            {pixelzsim.Options{}, []step{produce, look, begin, produce}, "/2 ready"},
		"unseen: same address, no look":     {pixelzsim.Options{SameAddress: true}, []step{produce, look, begin, produce}, "/1 ready"},
		"sent back":                         {pixelzsim.Options{SameAddress: true}, []step{produce, reject, look}, "/2 working"},
		"sent back and done":                {pixelzsim.Options{SameAddress: true}, []step{produce, reject, look, produce}, "/2 ready"},
		"sent back, not begun":              {pixelzsim.Options{LazyReject: true}, []step{produce, reject, look, restart, look}, "/2 working"},
		"sent back, begun later":            {pixelzsim.Options{LazyReject: true, SameAddress: true}, []step{produce, reject, look, begin, look, produce}, "/2 ready"},
		"sent back, done between two looks": {pixelzsim.Options{LazyReject: true}, []step{produce, reject, look, begin, produce}, "/2 ready"},
		"sent back twice":                   {pixelzsim.Options{}, []step{produce, reject, look, produce, reject, restart, look, produce}, "/3 ready"},
		"sent back and given up":            {pixelzsim.Options{}, []step{produce, reject, look, fail}, "/2/failed failed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, how{Options: tt.sim})
			ticket := w.ordered("a.jpg").ID
			for _, do := range tt.steps {
				do(w, ticket)
			}
			rt := w.one()
			got := strings.TrimPrefix(rt.ID, ticket) + " " + []string{"ready", "working", "failed"}[rt.Stage]
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if again := w.one(); again != rt {
				t.Errorf("the next look shows %+v, this one %+v", again, rt)
			}
			if _, err := w.fetch(rt); (err == nil) != (rt.Stage == connectors.Ready) {
				t.Errorf("fetching it gave %v", err)
			}
		})
	}
}

// produce0 makes an order delivered again without doing it anew.
func produce0(w *world, ticket string) {
	w.must(w.sim.SetStatus(ticket, pixelzsim.StatusDelivered, "Delivered"))
}

// What is kept of an order goes when Pixelz lists it no more.
func TestTheMemoryStaysSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{})
		kept := func() (n int) {
			for i := range uint32(pageCount) {
				if text, _ := w.memory.Recall(pageKey(i)); text != "" {
					n++
				}
			}
			return n
		}
		receipt := w.ordered("a.jpg")
		w.must(w.sim.Produce(receipt.ID))
		w.sim.Return("somebody's.jpg", []byte("x"))
		w.pending()
		time.Sleep(45 * 24 * time.Hour)
		w.pending()
		if n := kept(); n != 2 {
			t.Errorf("%d pages are kept, want 2", n)
		}
		time.Sleep(2 * 24 * time.Hour)
		w.pending()
		if n := kept(); n != 0 {
			t.Errorf("%d pages are kept, want none", n)
		}
	})
}

func TestAMemoryThatFails(t *testing.T) {
	w := newWorld(t, how{})
	receipt := w.ordered("a.jpg")
	w.must(w.sim.Produce(receipt.ID))
	rt := w.one()
	w.must(w.sim.Begin(receipt.ID))
	w.book.memory = fullMemory{}
	w.pending() // nothing is to be noted
	w.must(w.sim.Produce(receipt.ID))
	if _, err := w.Pending(t.Context()); !errors.Is(err, errFull) {
		t.Errorf("got %v, want the memory's own error", err)
	}
	w.book.memory = brokenMemory{}
	if _, err := w.Pending(t.Context()); err == nil {
		t.Error("a list was made without what is noted")
	}
	if _, err := w.fetch(rt); err == nil {
		t.Error("it was fetched without what is noted")
	}
}

type brokenMemory struct{ fullMemory }

func (brokenMemory) Recall(string) (string, error) { return `{"t1":`, nil }

func TestRetouchIDs(t *testing.T) {
	for text, want := range map[string]retouchID{
		"abc-1/1": {"abc-1", 1, 0}, "abc/12": {"abc", 12, 0}, "abc/1/2": {"abc", 1, 1}, "abc/3/17": {"abc", 3, 16},
	} {
		if got, err := parseRetouchID(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "abc", "abc/", "abc/x", "abc/1/1", "abc/1/failed", "abc/1/2/3", "/1", "../1", "a b/1", "abc/01", "00-00/1", "abc/1/0"} {
		if got, err := parseRetouchID(text); err == nil {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

// One in five fails, and holds nobody else.
func TestOneInFiveFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{Options: pixelzsim.Options{After: time.Hour, FailEvery: 5}})
		for i := range 20 {
			w.ordered(fmt.Sprintf("%02d.jpg", i))
		}
		count := func() (n [3]int) {
			for _, rt := range w.pending() {
				n[rt.Stage]++
				if rt.Stage == connectors.Failed && rt.Reason == "" {
					t.Errorf("%+v has no reason", rt)
				}
			}
			return n
		}
		if n := count(); n != [3]int{0, 20, 0} {
			t.Errorf("ready, working, failed: %v", n)
		}
		time.Sleep(time.Hour)
		if n := count(); n != [3]int{16, 0, 4} {
			t.Errorf("ready, working, failed: %v", n)
		}
	})
}
