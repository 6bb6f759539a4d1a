package creativeforce

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

func namesIn(list []connectors.Retouch) (all []string) {
	for _, rt := range list {
		all = append(all, rt.Name)
	}
	slices.Sort(all)
	return all
}

func TestATaskIsOfferedWithInstructionsInItsFolder(t *testing.T) {
	w := newWorld(t, how{yaml: "link: 'https://cf.example/tasks/{taskId}'"})
	id := w.sim.AddTask(shoe("Autumn", "SKU-1"))
	list := w.pending()
	want := []string{"Autumn/SKU-1/INSTRUCTIONS.html", "Autumn/SKU-1/back.jpg", "Autumn/SKU-1/front.tif", "Autumn/SKU-1/task.json"}
	if got := namesIn(list); !slices.Equal(got, want) {
		t.Fatalf("offered %q, want %q", got, want)
	}
	for _, rt := range list {
		if rt.Bench != "retouch" || rt.Batch != "ecommerce-"+id+"-1" || !rt.Final || rt.Stage != connectors.Ready || rt.Link != "https://cf.example/tasks/"+id || rt.Rejected {
			t.Errorf("offered %+v", rt)
		}
	}
	if again := w.pending(); !slices.Equal(again, list) {
		t.Errorf("looked at again it is\n%+v\nand was\n%+v", again, list)
	}
}

func TestWhatSeemsUnchangedIsNotReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, how{})
		var ids []string
		for i := range 5 {
			ids = append(ids, w.sim.AddTask(shoe("J", fmt.Sprint("P", i))))
		}
		w.pending()
		if n := w.sim.Requests("task"); n != 5 {
			t.Errorf("%d tasks read, want 5", n)
		}
		w.pending()
		w.sim.ReplaceInput(ids[2], "front.tif", []byte("another front"))
		w.pending()
		if n := w.sim.Requests("task"); n != 6 {
			t.Errorf("%d tasks read, want 6: the one that changed", n)
		}
		w.sim.Annotate(ids[0], creativeforcesim.Note{Text: "added later"})
		time.Sleep(whole)
		if got := w.fetched("J/P0/INSTRUCTIONS.html"); !strings.Contains(got, "added later") {
			t.Error("a note without a sign of it in the list was not seen within ten minutes")
		}
	})
}

func TestHostileNamesBecomeHarmless(t *testing.T) {
	w := newWorld(t, how{})
	w.sim.AddTask(creativeforcesim.NewTask{
		Job: "../../etc", Product: `C:\Windows`,
		Inputs: []creativeforcesim.Input{
			{Name: "../../../etc/passwd"}, {Name: `..\..\boot.ini`}, {Name: "con.jpg"}, {Name: "a:b.jpg"}, {Name: ""}, {Name: "..."}, {Name: "new\nline\x00.jpg"},
			{Name: strings.Repeat("n", 400) + ".jpg"}, {Name: "same.jpg"}, {Name: "SAME.JPG"}, {Name: "INSTRUCTIONS.html"}, {Name: "not-utf8-\xff.jpg"}, {Name: ".hidden.jpg"}, {Name: "<b>\"bold\".jpg"},
		},
		Outputs: []creativeforcesim.Output{{Name: "../../../evil.jpg"}, {Name: "<script>.jpg", Input: 1}},
	})
	list := w.pending()
	if len(list) != 16 {
		t.Errorf("%d files, want 16", len(list))
	}
	seen, folder := map[string]bool{}, ""
	for _, rt := range list {
		if err := connectors.CheckName(rt.Name); err != nil {
			t.Errorf("%q: %v", rt.Name, err)
		}
		if fold := strings.ToLower(rt.Name); seen[fold] {
			t.Errorf("%q is there twice", rt.Name)
		} else {
			seen[fold] = true
		}
		folder = path.Dir(rt.Name)
		if strings.Count(rt.Name, "/") != 2 {
			t.Errorf("%q does not lie in JOB/PRODUCT", rt.Name)
		}
	}
	if page := w.fetched(folder + "/INSTRUCTIONS.html"); strings.Contains(page, "<script>") || strings.Contains(page, "<b>\"") {
		t.Errorf("the page holds what the studio wrote as it is:\n%s", page)
	}
	w.vetted(photo(folder+"/"+w.desk.tasks()[0].outputs[0].disk, []byte("x")))
}

func TestTwoTasksOfOneProductGetFoldersOfTheirOwn(t *testing.T) {
	w := newWorld(t, how{})
	first, second := w.sim.AddTask(shoe("J", "P")), w.sim.AddTask(shoe("j", "p"))
	folders := map[string]string{}
	for _, rt := range w.pending() {
		folders[rt.Batch] = path.Dir(rt.Name)
	}
	a, b := folders["ecommerce-"+first+"-1"], folders["ecommerce-"+second+"-1"]
	if a == "" || b == "" || strings.EqualFold(a, b) || len(a)+len(b) != len("J/P")+len("j/p 12345678") {
		t.Fatalf("the folders are %q and %q", a, b)
	}
	w.account = w.restart()
	for batch, folder := range folders {
		if p := w.vetted(photo(folder+"/front.jpg", []byte(batch))); p.Batch != batch {
			t.Errorf("an output in %s goes to %s, want %s", folder, p.Batch, batch)
		}
	}
	if _, err := w.vet(t.Context(), photo("front.jpg", nil)); !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "several") {
		t.Errorf("in no folder: %v, want it held", err)
	}
}

func TestATaskThatCannotBeReadStopsNoOther(t *testing.T) {
	w := newWorld(t, how{})
	w.sim.AddTask(shoe("J", "P1"))
	w.sim.AddTask(shoe("J", "P2"))
	w.faults.Then("task", faults.Fault{Status: 400})
	if got := namesIn(w.pending()); len(got) != 4 {
		t.Errorf("offered %q, want those of one task", got)
	}
	w.pending()
	if got := namesIn(w.pending()); len(got) != 8 {
		t.Errorf("then offered %q, want both", got)
	}
	w.again()
	w.faults.Then("task", faults.Fault{Status: 500})
	if _, err := w.Pending(t.Context()); err == nil {
		t.Error("with trouble at the platform the list is just shorter")
	}
}

func TestACancelledTaskIsTakenOffAndItsInstructionsSaySo(t *testing.T) {
	for _, gone := range []bool{false, true} {
		w := newWorld(t, how{Options: creativeforcesim.Options{Gone: gone}})
		id := w.sim.AddTask(shoe("J", "P"))
		w.land()
		w.sim.Cancel(id)
		if got := namesIn(w.pending()); !slices.Equal(got, []string{"J/P/INSTRUCTIONS.html"}) {
			t.Errorf("gone %v: offered %q, want the instructions", gone, got)
		}
		if page := w.fetched("J/P/INSTRUCTIONS.html"); !strings.Contains(page, "cancelled") {
			t.Errorf("gone %v: the instructions do not say so:\n%s", gone, page)
		}
		if _, err := w.vet(t.Context(), photo("J/P/front.jpg", nil)); !errors.Is(err, connectors.ErrRejected) {
			t.Errorf("gone %v: an output passes: %v", gone, err)
		}
	}
}

func TestARoundThatChangedIsNotFetched(t *testing.T) {
	w := newWorld(t, how{})
	w.sim.AddTask(shoe("J", "P"))
	old := w.pending()
	w.sendAll("J/P", "") // the checklist is another now
	w.again()
	w.pending()
	for _, rt := range old {
		err := w.Fetch(t.Context(), rt, io.Discard)
		if isPage := strings.HasSuffix(rt.Name, "html"); isPage != errors.Is(err, connectors.ErrChanged) || !isPage && err != nil {
			t.Errorf("%s: %v", rt.Name, err)
		}
	}
	for _, bad := range []string{"", "x", "a/b/c/d", "ecommerce-x-1/made/%zz/1"} {
		if err := w.Fetch(t.Context(), connectors.Retouch{ID: bad}, io.Discard); err == nil {
			t.Errorf("%q was fetched", bad)
		}
	}
}

func TestWhichBenchGetsATask(t *testing.T) {
	setup := setupOf("", map[string]string{"shoes": "jobs: [Shoe*, 'BOOTS']", "rest": "", "bags": "jobs: ['*bag*']"})
	setup.Benches = append(setup.Benches, connectors.Bench{Name: "captures only", Decode: looseYAML("")})
	a, err := newAccount(setup)
	if err != nil {
		t.Fatal(err)
	}
	for job, want := range map[string]string{"shoes of autumn": "shoes", "Boots": "shoes", "Handbags/2026": "bags", "Shirts": "rest", "": "rest"} {
		if got := a.benchOf(job); got != want {
			t.Errorf("%q goes to %q, want %q", job, got, want)
		}
	}
	for bad, benches := range map[string]map[string]string{"both import all": {"a": "", "b": ""}, "no pattern": {"a": "jobs: ['[']"}} {
		if _, err := newAccount(setupOf("", benches)); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%v: %v, want %q", benches, err, bad)
		}
	}
	only, err := newAccount(setupOf("", map[string]string{"a": "jobs: [x]"}))
	if err != nil || only.benchOf("y") != "" {
		t.Errorf("a job of nobody goes to %q, %v", only.benchOf("y"), err)
	}
}

func TestTheTaskFileAndTheInstructions(t *testing.T) {
	w := newWorld(t, how{})
	n := shoe("Autumn", "SKU <1>")
	n.Deadline = "2026-12-01"
	n.Outputs[0].Spec = creativeforcesim.Spec{Format: "jpg", Width: 2000, Height: 1500, Profile: "sRGB IEC61966-2.1", DPI: 300, MaxLength: 5_000_000}
	n.Notes = append(n.Notes, creativeforcesim.Note{Text: "general <i>word</i>"}, creativeforcesim.Note{Output: "back.jpg", Text: "far out", Markings: []creativeforcesim.Marking{{X: -3, Y: 0.9, Width: 7, Height: 7}}})
	w.sim.AddTask(n)
	folder := "Autumn/SKU _1_"
	var file struct {
		Round           int
		Inputs          []string
		ExpectedOutputs []struct {
			Name, Input, Format string
			Width, MaxBytes     int
			Due                 bool
		}
		Annotations []struct{ Text string }
	}
	if err := json.Unmarshal([]byte(w.fetched(folder+"/task.json")), &file); err != nil {
		t.Fatal(err)
	}
	if file.Round != 1 || !slices.Equal(file.Inputs, []string{"front.tif", "back.jpg"}) || len(file.ExpectedOutputs) != 2 || len(file.Annotations) != 3 {
		t.Errorf("task.json says %+v", file)
	}
	if o := file.ExpectedOutputs[0]; o.Name != "front.jpg" || o.Input != "front.tif" || o.Width != 2000 || o.MaxBytes != 5_000_000 || !o.Due {
		t.Errorf("its first output is %+v", o)
	}
	page := w.fetched(folder + "/INSTRUCTIONS.html")
	for _, want := range []string{
		"SKU &lt;1&gt;", "Deadline 1 December 2026.", "2 missing", "2000 x 1500", "sRGB IEC61966-2.1", "300", "5.0 MB", "general &lt;i&gt;word&lt;/i&gt;",
		`src="./back.jpg"`, "front.tif, 4000 x 3000", "aspect-ratio: 4000 / 3000",
		"left: 10.00%; top: 20.00%; width: 30.00%; height: 40.00%", "left: 0.00%; top: 90.00%; width: 100.00%; height: 10.00%",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the instructions lack %q:\n%s", want, page)
		}
	}
	w.mustSend(folder+"/back.jpg", "back")
	w.again()
	if page := w.fetched(folder + "/INSTRUCTIONS.html"); !strings.Contains(page, "1 missing") || !strings.Contains(page, "received") {
		t.Errorf("with one received the checklist is\n%s", page)
	}
}

func TestAFetchOfTheWrongLength(t *testing.T) {
	w := newWorld(t, how{})
	w.sim.AddTask(shoe("J", "P"))
	rts := w.pending()
	w.faults.Then("download", faults.Fault{Cut: 3}, faults.Fault{Status: 401}, faults.Fault{Status: 404})
	for range 3 {
		var got bytes.Buffer
		if err := w.Fetch(t.Context(), rts[0], &got); err == nil || errors.Is(err, connectors.ErrDenied) {
			t.Errorf("fetched %d bytes, %v", got.Len(), err)
		}
	}
}

// Whatever the pages are like, all tasks are found.
func TestListsInPages(t *testing.T) {
	for _, size := range []int{1, 2, 3, 7, 100} {
		for _, most := range []int{1, 2, 5, 100} {
			w := newWorld(t, how{Options: creativeforcesim.Options{PageSize: most}, yaml: fmt.Sprint("page_size: ", size)})
			for i := range 7 {
				w.sim.AddTask(creativeforcesim.NewTask{Product: fmt.Sprint(i)})
			}
			rows, err := w.list(t.Context(), ecommerce)
			if err != nil || len(rows) != 7 {
				t.Errorf("asking for %d of at most %d: %d tasks, %v", size, most, len(rows), err)
			}
		}
	}
}

// A task that goes to another vendor leaves our list, whatever its detail says.
func TestATaskThatLeftTheListIsNotOffered(t *testing.T) {
	w := newWorld(t, how{})
	w.sim.AddTask(shoe("J", "P"))
	w.land()
	w.http = &http.Client{Transport: answering{w.http.Transport, "/expost/tasks", `{"tasks":[]}`}}
	kept := w.desk
	w.account = w.restart()
	w.desk = kept
	if got := w.pending(); len(got) != 0 {
		t.Errorf("offered %q", namesIn(got))
	}
}

func TestATaskWithoutAnnotations(t *testing.T) {
	w := newWorld(t, how{})
	w.sim.AddTask(shoe("J", "P"))
	w.faults.Then("annotation", faults.Fault{Status: 404})
	if page := w.fetched("J/P/INSTRUCTIONS.html"); strings.Contains(page, "clean the sole") || !strings.Contains(page, "front.jpg") {
		t.Errorf("the instructions are\n%s", page)
	}
}

// The task of a job that no bench takes is told of, and left alone.
func TestATaskThatNoBenchTakesIsLeftAlone(t *testing.T) {
	w := newWorld(t, how{})
	w.sim.AddTask(shoe("Shirts", "P1"))
	id := w.sim.AddTask(shoe("Shoes", "P2"))
	s := w.setup()
	s.Benches = setupOf("", map[string]string{"shoes": "jobs: [Shoe*]"}).Benches
	a, err := newAccount(s)
	if err != nil {
		t.Fatal(err)
	}
	w.account = a
	for _, rt := range w.pending() {
		if rt.Bench != "shoes" || !strings.Contains(rt.Batch, id) {
			t.Errorf("offered %+v", rt)
		}
	}
	benches := map[string]string{}
	all, err := a.assignments(t.Context())
	for _, as := range all {
		benches[as.Title] = as.Bench
	}
	if err != nil || len(benches) != 2 || benches["Shirts / P1"] != "" || benches["Shoes / P2"] != "shoes" {
		t.Errorf("benches are %q (%v)", benches, err)
	}
}
