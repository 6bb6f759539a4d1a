package grandshooting

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

// fill puts n strangers on the capture bench.
func (w *world) fill(n int) {
	for i := range n {
		w.sim.AddPicture(grandshootingsim.Picture{Bench: w.benches[10].ID, Sent: fmt.Sprintf("old/%05d.jpg", i), Size: 1, SHA256: "x", SHA1: other})
	}
}

// Ten photos of which some are there, whatever the platform makes of a list
// call with many names: the answers are right, and it does not take a call per
// name.
func TestManyNamesAtOnce(t *testing.T) {
	names := []string{"all of them", "the last one", "none"}
	for filter, name := range names {
		for _, strangers := range []int{0, 5, 250} {
			for _, there := range [][]int{{}, {0}, {9}, {3, 7}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}} {
				w := newWorld(t, how{Options: grandshootingsim.Options{Smalltext: grandshootingsim.NameFilter(filter)}})
				w.fill(strangers)
				var ps []connectors.Photo
				for i := range 10 {
					content := fmt.Appendf(nil, "photo %d", i)
					ps = append(ps, photo(fmt.Sprintf("shoes/%d.jpg", i), content))
					if slices.Contains(there, i) {
						w.mustDeliver(ps[i].Name, content)
					}
				}
				what := fmt.Sprintf("%s honoured, %d strangers, %v there", name, strangers, there)
				for round := range 2 {
					before := w.sim.Requests("list")
					receipts, err := w.Find(t.Context(), ps)
					if err != nil {
						t.Fatalf("%s: %v", what, err)
					}
					for i, r := range receipts {
						if r.Zero() == slices.Contains(there, i) {
							t.Errorf("%s: photo %d: %+v", what, i, r)
						}
					}
					if calls := w.sim.Requests("list") - before; calls > 10 {
						t.Errorf("%s, round %d: %d calls", what, round, calls)
					}
				}
			}
		}
	}
}

func TestRepeatsAreFoundOutOnce(t *testing.T) {
	for filter, want := range map[grandshootingsim.NameFilter]int32{
		grandshootingsim.AnyName: repeatsWork, grandshootingsim.LastName: repeatsFail,
	} {
		w := newWorld(t, how{Options: grandshootingsim.Options{Smalltext: filter}})
		w.fill(150)
		ask := func() int {
			before := w.sim.Requests("list")
			if _, err := w.Find(t.Context(), []connectors.Photo{photo("a.jpg", nil), photo("b.jpg", nil)}); err != nil {
				t.Fatal(err)
			}
			return w.sim.Requests("list") - before
		}
		first, second := ask(), ask()
		if got := w.repeats.Load(); got != want {
			t.Errorf("filter %d: verdict %d, want %d", filter, got, want)
		}
		if least := map[int32]int{repeatsWork: 1, repeatsFail: 2}[want]; second != least || first < second {
			t.Errorf("filter %d: %d calls, then %d; want %d in the end", filter, first, second, least)
		}
	}
}

func TestARefusedQuestionIsAskedApart(t *testing.T) {
	w := newWorld(t, how{})
	a, b := w.mustDeliver("a.jpg", []byte("a")), w.mustDeliver("b.jpg", []byte("b"))
	w.faults.Then("list", faults.Fault{Status: 400})
	receipts, err := w.Find(t.Context(), []connectors.Photo{a, b})
	if err != nil || receipts[0].Zero() || receipts[1].Zero() || w.repeats.Load() != repeatsFail {
		t.Errorf("got %+v, %v, verdict %d", receipts, err, w.repeats.Load())
	}
}

func TestRewrittenNames(t *testing.T) {
	w := newWorld(t, how{Options: grandshootingsim.Options{RewriteNames: true, OpaqueHash: true}})
	for _, name := range []string{"3596654282833_3.jpg", "x/a_1.jpg", "x/y/b.jpg"} {
		p := w.mustDeliver(name, []byte(name))
		if r := w.find(p); r.Zero() || !strings.HasPrefix(r.Name, "4c76bb10-") || r.Link == "" {
			t.Errorf("%s: got %+v", name, r)
		}
	}
	if r := w.find(photo("a_1.jpg", []byte("x/a_1.jpg"))); !r.Zero() {
		t.Errorf("a photo of another folder is found as %+v", r)
	}
}

func TestTheTrashIsNotFound(t *testing.T) {
	w := newWorld(t, how{})
	p := w.mustDeliver("a.jpg", []byte("a"))
	var out bytes.Buffer
	if err := w.client.Call(t.Context(), "picture-delete", map[string]string{"picture_id": w.find(p).ID}, nil, &out); err != nil {
		t.Fatal(err)
	}
	if r := w.find(p); !r.Zero() {
		t.Errorf("got %+v", r)
	}
}

func TestAsynchronousIngest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{Options: grandshootingsim.Options{AsyncIngest: time.Minute}})
		small := w.mustDeliver("a.jpg", []byte("a"))
		if w.find(small).Zero() {
			t.Error("a small photo is not there at once")
		}
		large := photo("b.mov", nil)
		large.Size, large.Digests = waitUpTo+1, connectors.Digests{}
		if _, err := w.Deliver(t.Context(), large, zeroFile(large.Size), published); err != nil {
			t.Fatal(err)
		}
		if r := w.find(large); !r.Zero() {
			t.Errorf("a large photo is there already: %+v", r)
		}
		time.Sleep(time.Minute)
		if w.find(large).Zero() {
			t.Error("a large photo is not there after a minute")
		}
	})
}

// A rewritten photo of the same size, with each meaning of hash and each way
// to keep versions: never a wrong yes, and yes whenever that can be known.
func TestVersions(t *testing.T) {
	first, second := []byte("content A"), []byte("content B")
	for _, opaque := range []bool{false, true} {
		for _, newIDs := range []bool{false, true} {
			w := newWorld(t, how{Options: grandshootingsim.Options{OpaqueHash: opaque, NewVersionIDs: newIDs}})
			a := w.mustDeliver("a.jpg", first)
			b := photo("a.jpg", second)
			b.Generation, b.Replaces = 2, w.find(a)
			what := fmt.Sprintf("opaque %v, new ids %v", opaque, newIDs)
			if r := w.find(b); b.Replaces.Zero() || !r.Zero() {
				t.Errorf("%s: before it was sent: %+v", what, r)
			}
			if _, err := w.deliver(t.Context(), b, second); err != nil {
				t.Fatal(err)
			}
			r := w.find(b)
			if knowable := !opaque || newIDs; r.Zero() == knowable {
				t.Errorf("%s: after it was sent: %+v", what, r)
			}
			again := photo("a.jpg", first)
			again.Generation, again.Replaces = 3, r
			if r := w.find(again); !r.Zero() {
				t.Errorf("%s: A of A, B, A before it was sent: %+v", what, r)
			}
		}
	}
}

func TestDeepLists(t *testing.T) {
	const n = 10_250
	for _, noKeys := range []bool{false, true} {
		w := newWorld(t, how{Options: grandshootingsim.Options{NoKeyPaging: noKeys, Smalltext: grandshootingsim.NoName}})
		w.fill(n)
		p := w.mustDeliver("new/a.jpg", []byte("a"))
		receipts, err := w.Find(t.Context(), []connectors.Photo{p})
		if noKeys {
			if err == nil || !strings.Contains(err.Error(), "pages only the first 10000") {
				t.Errorf("without key paging: %+v, %v; want an error", receipts, err)
			}
			continue
		}
		if err != nil || receipts[0].Zero() {
			t.Errorf("with key paging: %+v, %v", receipts, err)
		}
		if calls := w.sim.Requests("list"); calls > n/100+5 {
			t.Errorf("%d calls", calls)
		}
	}
}

// A platform that ignores sort_by and "gt:" repeats its first page for ever.
func TestIgnoredKeysAreNoticed(t *testing.T) {
	s := setupOf(goodAccount, nil)
	transport := replies(`[{"picture_id":1},{"picture_id":2}]`, "20000")
	s.HTTP = transport
	s.Rate = quick
	a, err := newAccount(s)
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.listOf(t.Context(), pictureListing("1", nil), nil)
	if asked := transport.Transport.(*always).asked; err == nil || asked != 3 {
		t.Errorf("got %v after %d calls, want an error after 3", err, asked)
	}
}

func TestFindOfNothingAndOfStrangers(t *testing.T) {
	w := newWorld(t, how{})
	if got, err := w.Find(t.Context(), nil); err != nil || len(got) != 0 || w.sim.Requests("") != 0 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := w.Find(t.Context(), []connectors.Photo{{Name: "a.jpg", Bench: "elsewhere"}}); err == nil {
		t.Error("an unknown bench is no error")
	}
	w.faults.Then("list", faults.Fault{Status: 500})
	if got, err := w.Find(t.Context(), []connectors.Photo{photo("a.jpg", nil)}); err == nil {
		t.Errorf("got %v, want an error", got)
	}
}

func TestChunks(t *testing.T) {
	var names []string
	for i := range 120 {
		names = append(names, fmt.Sprintf("%d.jpg", i))
	}
	names = append(names, strings.Repeat("é", 2000), "z.jpg")
	var back []string
	for chunk := range chunks(names) {
		query := pictureListing("1", chunk).query.Encode()
		if len(chunk) > namesPerCall || (len(query) > queryBytes+100 && len(chunk) > 1) {
			t.Errorf("%d names in %d bytes", len(chunk), len(query))
		}
		back = append(back, chunk...)
	}
	if !slices.Equal(back, names) {
		t.Errorf("%d names of %d came back", len(back), len(names))
	}
	for range chunks(nil) {
		t.Error("a chunk of nothing")
	}
}
