package page

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
)

// blockOf returns one live block of a page.
func blockOf(t *testing.T, page, id string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, `<div id="`+id+`" data-live>`)
	if !ok {
		t.Fatalf("there is no block %s:\n%s", id, page)
	}
	block, _, _ := strings.Cut(rest, " data-live>")
	return block
}

func TestBenches(t *testing.T) {
	r := newStudio(t)
	page := r.get("/")
	for id, parts := range map[string][]string{
		"shell-name":  {"studio-3", "sign needs"},
		"shell-sum":   {"3 pictures need you", "9 pictures · "},
		"shell-pause": {"Pause"},
		"bench-packshot-1": {`class="sign needs"`, "2 ready to import", "9 today", "1 picture to go", "captures watched by events", "2 retouches ready to import",
			`action="/do/import"`, `name="task" value="packshot-1"`, "Import all", "sent, not seen yet", "delivered"},
		"bench-packshot-2": {"3 pictures need you", "12 today", "gs: 6 today", "nas: 6 today", "polling since", "the share tells nothing of changes",
			"no such reference: SS18_110. Nearest: SS18BOHEMIAN_110", "Send anyway", "Try again", "Waiting by itself: 1", "cannot reach the NAS: no route to host"},
		"bench-model-1": {"7 on the way", "5 today", `class="sign working"`, "LOOK_01_02.tif", "73 %", "to gs",
			`<progress max="100" value="73">`, "Waiting by itself: 1", "Photoshop still has it open"},
		"bench-still-life":       {"all delivered", "Put a picture into this folder", "/still</code>"},
		"bench-mirror acme:/put": {"mirrored folder", "1 today", "a.tif"},
	} {
		wants(t, blockOf(t, page, id), parts...)
	}
	lacks(t, blockOf(t, page, "bench-still-life"), "Try again")
}

func TestTheRateOfATransfer(t *testing.T) {
	r := newStudio(t)
	var live overview.Live
	agents, err := r.ledger.Agents(t.Context())
	if err != nil || json.Unmarshal(agents[0].Live, &live) != nil {
		t.Fatal(err)
	}
	r.server.news.measure(live)
	if row := regexp.MustCompile(`to gs · \d+ MB/s · \d+ s left`).FindString(r.get("/")); row == "" {
		t.Errorf("no rate:\n%s", blockOf(t, r.get("/"), "bench-model-1"))
	}
}

func TestAPictureForTwoAccountsIsShownOnce(t *testing.T) {
	r := newStudio(t)
	r.add("packshot-2", "gs", "SS18_112_1.CR3", 31<<20)
	page := r.get("/")
	if n := strings.Count(page, `title="SS18_112_1.CR3"`); n != 1 {
		t.Errorf("%d thumbnails", n)
	}
	if n := strings.Count(page, `title="3596654282833_1.jpg"`); n != 1 {
		t.Errorf("%d thumbnails", n)
	}
}

func TestOnlyTheNewestPicturesAreShown(t *testing.T) {
	r := newRig(t)
	for i := range mostPictures + 3 {
		r.add("packshot-1", "nas", fmt.Sprintf("%02d.jpg", i), 10)
	}
	page := r.get("/")
	if n := strings.Count(page, "<figure"); n != mostPictures {
		t.Errorf("%d pictures, want %d", n, mostPictures)
	}
	if strings.Index(page, `title="20.jpg"`) > strings.Index(page, `title="19.jpg"`) || strings.Contains(page, `title="02.jpg"`) {
		t.Error("the newest do not come first")
	}
}

func TestWhatNeedsAPerson(t *testing.T) {
	r := newRig(t)
	if err := r.ledger.PutFolder(ledger.Folder{Path: "/studio/packshot-1", Bench: "packshot-1", Seen: time.Now(), Held: "700 files lay here"}); err != nil {
		t.Fatal(err)
	}
	r.settle(r.add("packshot-1", "nas", "a.jpg", 10), ledger.Held, "refused")
	r.beat(time.Now(), func(l *overview.Live) {
		l.Folders = l.Folders[:1]
		l.Folders[0].Watching, l.Folders[0].Reason = "blind", "the share is gone"
		for i := range 12 {
			l.Folders[0].Waiting = append(l.Folders[0].Waiting, watch.Waiting{Name: fmt.Sprintf("x%02d.jpg", i), Reason: "cannot be read", Held: true})
		}
	})
	block := blockOf(t, r.get("/"), "bench-packshot-1")
	wants(t, block, "cannot see its folder", "the share is gone", "captures cannot be seen since", "700 files lay here", `action="/do/release"`, `name="bench" value="packshot-1"`,
		"x05.jpg", "cannot be read", "and 7 more")
	lacks(t, block, "x06.jpg", "Send anyway")
}

func TestSendAnywayIsOfferedWhereItHelps(t *testing.T) {
	r := newStudio(t)
	held := ledger.Job{ID: "j", Account: "gs", Flow: ledger.Out, State: ledger.Parked, Reason: "no reference"}
	for name, test := range map[string]struct {
		change       func(*ledger.Job)
		again, offer bool
	}{
		"held by the catalogue": {func(*ledger.Job) {}, true, true},
		"at an account without": {func(j *ledger.Job) { j.Account = "nas" }, true, false},
		"said before":           {func(j *ledger.Job) { j.Forced = true }, true, false},
		"on its way in":         {func(j *ledger.Job) { j.Flow = ledger.In }, true, false},
		"given up by a vendor":  {func(j *ledger.Job) { j.Flow, j.State = ledger.In, ledger.GivenUp }, false, false},
	} {
		j := held
		test.change(&j)
		if n := r.server.needOf(j); n.Anyway != test.offer || (n.Jobs == "j") != test.again {
			t.Errorf("%s: %+v", name, n)
		}
	}
}

func TestStatesInWords(t *testing.T) {
	for _, test := range []struct {
		flow  ledger.Flow
		state ledger.State
		want  string
	}{
		{ledger.Out, ledger.Queued, "◌ waiting"}, {ledger.Out, ledger.Moving, "◐ sending"}, {ledger.Out, ledger.Publishing, "◐ sending"},
		{ledger.Out, ledger.Sent, "◐ sent, not seen yet"}, {ledger.Out, ledger.Done, "● delivered"}, {ledger.Out, ledger.Parked, "▲ held"},
		{ledger.In, ledger.Offered, "▲ ready to import"}, {ledger.In, ledger.Moving, "◐ coming back"}, {ledger.In, ledger.Landed, "● back"},
		{ledger.In, ledger.Done, "● back"}, {ledger.In, ledger.GivenUp, "✕ failed at the vendor"}, {ledger.In, ledger.Queued, "◌ waiting"},
	} {
		if sign, text := stateOf(ledger.Job{Flow: test.flow, State: test.state}); string(sign)+" "+text != test.want {
			t.Errorf("%s %s: %s %s, want %s", test.flow, test.state, sign, text, test.want)
		}
	}
}

func TestNamesAreShortenedInTheirMiddle(t *testing.T) {
	for name, want := range map[string]string{
		"day1/SS18BOHEMIAN_119_1.jpg": "SS18BOHEMIAN|_119_1.jpg", "a.jpg": "|a.jpg", "été_à_la_plage.jpg": "été_à_la|_plage.jpg",
	} {
		th := Thumb{Job: ledger.Job{Flow: ledger.Out, Name: name}}
		if got := th.Head() + "|" + th.Tail(); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	th := Thumb{Job: ledger.Job{ID: "7", Flow: ledger.In, Source: ledger.Source{Name: "out/b.psd"}}}
	if th.Tail() != "b.psd" || th.Target() != "/files/7" {
		t.Errorf("a retouch without a place: %s at %s", th.Tail(), th.Target())
	}
	if th.Href = "/tasks/1"; th.Target() != "/tasks/1" {
		t.Errorf("it leads to %s", th.Target())
	}
}
