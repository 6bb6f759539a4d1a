package page

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestWithoutFilesThePageSaysSo(t *testing.T) {
	r := newDesk(t)
	wants(t, r.get("/files"), "No file was seen yet")
	wants(t, r.get("/files?name=x"), "No file matches.", `value="x"`)
}

func TestFilesAreFound(t *testing.T) {
	r := newDesk(t)
	mixed(t, r)
	r.shoot(2)
	for query, want := range map[string]string{
		"name=SS18_8":                         "SS18_8",
		"name=SS18_2.jpg&state=needs":         "SS18_2",
		"name=_8&anywhere=1":                  "SS18_8",
		"name=8":                              "",
		"account=gs":                          "IMG_0001 IMG_0000",
		"account=gs&state=nothing":            "",
		"bench=packshot-2":                    "",
		"name=IMG&from=2026-11-20":            "IMG_0001 IMG_0000",
		"name=IMG&from=2026-11-21":            "",
		"name=IMG&to=2026-11-20":              "IMG_0001 IMG_0000",
		"name=IMG&to=2026-11-19":              "",
		"name=IMG&from=yesterday&to=tomorrow": "IMG_0001 IMG_0000",
		"name=IMG&state=unheard":              "IMG_0001 IMG_0000",
	} {
		var names []string
		for _, m := range regexp.MustCompile(`class="cover" href="[^"]+">(\w+)\.jpg`).FindAllStringSubmatch(r.get("/files?"+query), -1) {
			names = append(names, m[1])
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	page := r.get("/files?name=SS18_8&state=needs")
	wants(t, page, "It is held and not sent to retouch: it is too small.", `<option value="needs" selected>`, `href="/files.csv?name=SS18_8&amp;state=needs"`, "24 MB")
	lacks(t, page, "studio-agent retry")
}

func TestRowsComeInPages(t *testing.T) {
	r := newDesk(t)
	r.shoot(150)
	page, seen, pages := r.get("/files"), map[string]int{}, 1
	wants(t, page, `<a href="/files?after=`)
	for ; ; pages++ {
		for _, m := range regexp.MustCompile(`>(IMG_\d+)\.jpg`).FindAllStringSubmatch(page, -1) {
			seen[m[1]]++
		}
		m := regexp.MustCompile(`data-more="([^"]+)"`).FindStringSubmatch(page)
		if m == nil {
			break
		}
		r.shoot(151 + pages)
		page = r.get(strings.ReplaceAll(m[1], "&amp;", "&"))
		lacks(t, page, "<html", "<table")
	}
	for i := range 150 {
		if n := seen[fmt.Sprintf("IMG_%04d", i)]; n != 1 {
			t.Errorf("row %d came %d times", i, n)
		}
	}
	if pages != 3 {
		t.Errorf("%d pages, want 3", pages)
	}
}

func TestTheTableOfFiles(t *testing.T) {
	r := newDesk(t)
	out := r.sent("", "=cmd|' /C calc'!A0.jpg", ledger.Parked, because("+no \"reference\"\nhere"))
	out.Receipt.Link, out.Digests.SHA256 = "javascript:alert(1)", "ab12"
	done := r.sent("", "b.jpg", ledger.Done, func(j *ledger.Job) { j.Created = longAgo.Add(time.Minute) })
	done.SentAt, done.Receipt.Name, done.Receipt.Link = longAgo.Add(2*time.Minute), "day/b.jpg", "https://vendor.example/b"
	if err := r.ledger.Accept(longAgo, ledger.Acceptance{Jobs: []ledger.Job{out, done}}); err != nil {
		t.Fatal(err)
	}
	at := func(d time.Duration) string { return longAgo.Add(d).Format(time.RFC3339) }
	want := strings.Join([]string{
		"added,bench,account,direction,kind,folder,file,size,state,sent,attempts,at the account,link,reason,sha256",
		at(time.Minute) + ",packshot-1,retouch,out,deliver," + r.folder + ",b.jpg,24300000,done," + at(2*time.Minute) + ",1,day/b.jpg,https://vendor.example/b,,",
		at(0) + ",packshot-1,retouch,out,deliver," + r.folder + ",'=cmd|' /C calc'!A0.jpg,24300000,parked,,1,,,\"'+no \"\"reference\"\"\nhere\",ab12",
	}, "\n") + "\n"
	w := r.send(http.MethodGet, "/files.csv", nil)
	if got := w.Body.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := w.Header().Get("Content-Disposition"); got != `attachment; filename="files.csv"` {
		t.Errorf("it comes as %s", got)
	}
	wants(t, r.get("/files.csv?name=b"), "b.jpg")
	lacks(t, r.get("/files.csv?name=b"), "calc")
}

func TestTheTableOfManyFilesIsWhole(t *testing.T) {
	r := newDesk(t)
	r.shoot(1200)
	rows, err := csv.NewReader(strings.NewReader(r.get("/files.csv"))).ReadAll()
	if err != nil || len(rows) != 1201 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	seen := map[string]bool{}
	for _, row := range rows {
		seen[row[6]] = true
	}
	if len(seen) != 1201 {
		t.Errorf("%d different rows", len(seen))
	}
}

func TestFieldsAreHarmlessToSpreadsheets(t *testing.T) {
	for field, want := range map[string]string{"=1+1": "'=1+1", "+x": "'+x", "-x": "'-x", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx", "-1": "-1", "12": "12", "a=b": "a=b", "": ""} {
		if got := harmless(field); got != want {
			t.Errorf("%q: %q, want %q", field, got, want)
		}
	}
}

func TestTheLifeOfAFile(t *testing.T) {
	r := newDesk(t)
	j := r.sent("t1", "day1/a.jpg", ledger.Queued)
	order(t, r.ledger, ledger.Task{ID: "t1", Title: "Spring"}, []ledger.Job{j}, nil)
	at := longAgo
	step := func(after time.Duration, e ledger.Event) {
		t.Helper()
		at = at.Add(after)
		e.At = at
		var err error
		if j, err = r.ledger.Record(j, e); err != nil {
			t.Fatal(err)
		}
	}
	claim := func() {
		t.Helper()
		var err error
		if j, err = r.ledger.Next(t.Context(), "retouch", ledger.Out); err != nil {
			t.Fatal(err)
		}
	}
	claim()
	at = time.Now()
	step(time.Second, ledger.Event{What: ledger.Failed, Reason: "the line broke"})
	claim()
	step(25*time.Hour, ledger.Event{What: ledger.Held, Reason: "no reference 12"})
	page := r.get(lifePath(j))
	wants(t, page, "day1/a.jpg", r.folder, "24 MB", "It is held and not sent to retouch: no reference 12.", "3 attempts", `href="/tasks/t1"`, "task Spring",
		`action="/do/retry"`, `value="`+j.ID+`"`, "Try again", "Send anyway", "finished, and queued for retouch", "a try with retouch failed: the line broke", "held for retouch: a person must act", "+25 h")
	if first, last := strings.Index(page, "finished, and queued"), strings.Index(page, "a person must act"); first > last {
		t.Error("the oldest must come first")
	}
	if w := r.send(http.MethodGet, "/files/"+j.ID, nil); w.Code != http.StatusSeeOther || w.Header().Get("Location") != lifePath(j) {
		t.Errorf("by its job: %d, %s", w.Code, w.Header().Get("Location"))
	}
	for _, path := range []string{"/files/none", "/files/life", "/files/life?folder=/etc&name=passwd", "/files/life?folder=" + url.QueryEscape(r.folder) + "&name=..%2Fagent.yaml"} {
		if w := r.send(http.MethodGet, path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestWhatCameBackIsInTheLifeOfWhatWasSent(t *testing.T) {
	r := newDesk(t)
	mixed(t, r)
	out := r.sent("t1", "day1/SS18_4.jpg", ledger.Done)
	page := r.get(lifePath(out))
	wants(t, page, "came back as day1/SS18_4.jpg", "It has landed as", "/picture/"+back(out, ledger.Landed).ID)
	lacks(t, page, `action="/do/retry"`)
}

func TestATimelineTellsBytesAndTimes(t *testing.T) {
	j := ledger.Job{ID: "j", Size: 10_000_000, Flow: ledger.Out}
	at := func(d time.Duration, what ledger.What) ledger.Entry {
		return ledger.Entry{At: longAgo.Add(d), Job: "j", Account: "gs", What: what}
	}
	got := timeline([]ledger.Job{j}, []ledger.Entry{
		at(0, ledger.Added), at(10*time.Millisecond, ledger.Claimed), at(2010*time.Millisecond, ledger.Accepted), at(30*time.Second, ledger.Confirmed),
		{At: longAgo.AddDate(0, 0, 1), What: "seen", Reason: "it was renamed"}, {At: longAgo.AddDate(0, 0, 1), What: "unheard of"},
	})
	var lines []string
	for _, e := range got {
		line := string(e.Sign) + " " + e.Text
		if e.Day != "" {
			line = e.Day + ": " + line
		}
		if e.Facts != "" {
			line += " (" + e.Facts + ")"
		}
		if e.Long {
			line += " +" + e.Took()
		}
		lines = append(lines, line)
	}
	want := []string{
		"Fri 20 Nov 2026: ◌ finished, and queued for gs (10 MB)", "◐ taken up for gs", "◐ taken by gs (10 MB in 2.0 s, 5.0 MB/s) +2.0 s",
		"● seen at gs: delivered +27 s", "Sat 21 Nov 2026: ◌ it was renamed +23 h", "◌ unheard of",
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

func TestStandingNamesNoCommands(t *testing.T) {
	for _, j := range []ledger.Job{
		{Flow: ledger.Out, State: ledger.Parked, Name: "a", Reason: "x"}, {Flow: ledger.In, State: ledger.Offered, Bench: "b"}, {Flow: ledger.In, State: ledger.Parked, Name: "a", Reason: "x"},
	} {
		if sign, text := standing(time.Now(), j); sign != overview.Needs || strings.Contains(text, "studio-agent") || text == "" {
			t.Errorf("%s %s", sign, text)
		}
	}
}

func TestDiskAndRemotesAreCompared(t *testing.T) {
	r := newDesk(t)
	ask := func(bench string) (int, string) {
		w := r.send(http.MethodPost, "/files/reconcile", url.Values{"bench": {bench}})
		return w.Code, w.Body.String()
	}
	if code, _ := ask("packshot-1"); code != http.StatusNotFound {
		t.Errorf("where it is not offered: %d", code)
	}
	lacks(t, r.get("/files"), "/files/reconcile")
	r.server.Reconcile = func(_ context.Context, bench string, out io.Writer) error {
		fmt.Fprintf(out, "▲ bench %s: <b>412</b> on disk\n", bench)
		return errors.New("something differs")
	}
	wants(t, r.get("/files"), `action="/files/reconcile"`)
	code, page := ask("packshot-1")
	if code != http.StatusOK {
		t.Errorf("%d", code)
	}
	wants(t, page, "▲ bench packshot-1: &lt;b&gt;412&lt;/b&gt; on disk", "Something differs.")
	if code, _ := ask("no such bench"); code != http.StatusNotFound {
		t.Errorf("an unknown bench: %d", code)
	}
	r.server.Reconcile = func(_ context.Context, _ string, out io.Writer) error {
		_, err := io.WriteString(out, strings.Repeat("x", 2*mostReconciled))
		return err
	}
	if _, page = ask("packshot-1"); len(page) > 2*mostReconciled || !strings.Contains(page, "This is the beginning") {
		t.Errorf("a page of %d bytes", len(page))
	}
}

func TestAnOpenPageOfFilesStaysTrue(t *testing.T) {
	r := newDesk(t)
	r.shoot(150)
	page := r.get("/files?name=IMG")
	watch := strings.ReplaceAll(part(t, page, `data-path="`, `">`), "&amp;", "&")
	watch = strings.TrimPrefix(watch, `data-path="`)
	if !strings.Contains(watch, "name=IMG") || !strings.Contains(watch, "upto=") || r.get(watch) == "" {
		t.Fatalf("watches %s", watch)
	}
	row := regexp.MustCompile(`class="cover" href="[^"]+">(\w+)\.jpg`)
	shown := func() []string {
		address, err := url.Parse(watch)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, m := range row.FindAllStringSubmatch(r.server.look(t.Context(), address).blocks["files-rows"], -1) {
			names = append(names, m[1])
		}
		return names
	}
	before := shown()
	if len(before) != 60 || before[0] != "IMG_0149" || before[59] != "IMG_0090" {
		t.Errorf("%d rows, from %s to %s", len(before), before[0], before[59])
	}
	late := r.sent("", "day1/IMG_9999.jpg", ledger.Queued, func(j *ledger.Job) { j.Account, j.Created = "gs", longAgo.Add(time.Hour) })
	if err := r.ledger.Accept(longAgo, ledger.Acceptance{Jobs: []ledger.Job{late}}); err != nil {
		t.Fatal(err)
	}
	if after := shown(); len(after) != 61 || after[0] != "IMG_9999" || after[60] != "IMG_0090" {
		t.Errorf("afterwards %d rows, from %s to %s", len(after), after[0], after[len(after)-1])
	}
	if sentinel := part(t, page, `class="sentinel" data-more="`, `" hidden`); !strings.Contains(page[strings.Index(page, "</tbody><tbody>"):], sentinel) {
		t.Error("what loads more rows must stand beside those that are kept up to date")
	}
}
