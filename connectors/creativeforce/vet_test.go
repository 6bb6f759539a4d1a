package creativeforce

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
)

func TestWhichOutputAFileIs(t *testing.T) {
	w := newWorld(t, how{})
	a := w.sim.AddTask(creativeforcesim.NewTask{Job: "J", Product: "A", Outputs: []creativeforcesim.Output{
		{Name: "front.tif", Spec: creativeforcesim.Spec{Format: "JPEG"}}, {Name: "detail.v2"}, {Name: "été.png"}, {Name: "only-here.psd"}, {Name: "Case.jpg"}, {Name: "case.jpg"},
	}})
	b := w.sim.AddTask(creativeforcesim.NewTask{Job: "J", Product: "B", Editorial: true, Outputs: []creativeforcesim.Output{{Name: "front.jpg"}}})
	w.pending()
	inA, inB := "ecommerce-"+a+"-1", "editorial-"+b+"-1"
	for name, want := range map[string]string{
		"J/A/front.jpg":           inA,
		"J/A/front.jpeg":          inA, // the same format
		"J/A/FRONT.JPG":           inA,
		"j/a/front.jpg":           inA, // a folder that a Windows machine spelled
		"J/A/final/front.jpg":     inA,
		"export/J/A/front.jpg":    inA,
		"J/A/e\u0301te\u0301.png": inA,
		"J/A/detail.v2.jpg":       inA, // nobody says which format
		"J/A/case.jpg":            inA,
		"only-here.psd":           inA,
		"elsewhere/x/case.jpg":    inA,
		"J/B/front.jpg":           inB,
		"J/A/front.tif":           "front.jpg is wanted",
		"J/A/front.png":           "front.jpg is wanted",
		"J/B/frnt.jpg":            "expected are front.jpg",
		"J/A/CASE.jpg":            "2 expected outputs",
		"J/A/nothing.jpg":         "nobody expects",
		"front.jpg":               "several tasks",
		"nowhere.jpg":             "no task expects",
		"../front.jpg":            "leaves its folder",
	} {
		got, err := w.vet(t.Context(), photo(name, []byte(name)))
		switch held := errors.Is(err, connectors.ErrRejected); {
		case strings.HasSuffix(want, "-1") && (got != want || err != nil):
			t.Errorf("%s: %q, %v; want %s", name, got, err, want)
		case !strings.HasSuffix(want, "-1") && (!held || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %q, %v; want it held with %q", name, got, err, want)
		}
	}
}

func TestASecondFileForOneOutputIsHeld(t *testing.T) {
	w := newWorld(t, how{})
	id := w.sim.AddTask(shoe("J", "P"))
	w.land()
	batch, receipts := w.sendAll("J/P", "")
	second := photo("J/P/export/front.jpg", []byte("another"))
	got, err := w.vet(t.Context(), second)
	if !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), "J/P/front.jpg") || got != batch {
		t.Errorf("got %q, %v; want it held with the name of the first, and the batch", got, err)
	}
	w.vetted(photo("J/P/front.jpg", []byte("a newer version of the first"))) // is none
	second.Batch = batch                                                     // a person says: anyway
	r, err := w.Deliver(t.Context(), second, opener([]byte("another")), published)
	if err != nil {
		t.Fatal(err)
	}
	for _, order := range [][]connectors.Receipt{{r, receipts[0], receipts[1]}, {receipts[0], receipts[1], r}} {
		all, err := w.uploadsOf(w.desk.tasks()[0], batch, order)
		if want, _ := parseReceiptID(r.ID); err != nil || all[w.task(id).Outputs[0].ID] != want {
			t.Errorf("of %v that which was sent last is not taken: %v, %v", order, all, err)
		}
	}
}

func TestAfterARejectionOnlyCorrectionsPass(t *testing.T) {
	w := newWorld(t, how{})
	id := w.sim.AddTask(shoe("J", "P"))
	w.land()
	batch, receipts := w.sendAll("J/P", "")
	if err := w.commitAll(t.Context(), batch, receipts); err != nil {
		t.Fatal(err)
	}
	for status, words := range map[creativeforcesim.Status]string{creativeforcesim.InReview: "in review already", creativeforcesim.InProgress: "was submitted"} {
		w.sim.SetStatus(id, status)
		w.again()
		if _, err := w.vet(t.Context(), photo("J/P/front.jpg", []byte("new"))); !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want it held with %q", status, err, words)
		}
	}
	w.sim.SetStatus(id, creativeforcesim.InReview)
	w.sim.Reject(id, creativeforcesim.Note{Output: "front.jpg", Text: "dark"})
	w.again()
	for _, c := range []struct{ name, content, words string }{
		{"J/P/back.jpg", "new", "only corrections"},
		{"J/P/front.jpg", "front.jpg", "the very file that was rejected"},
	} {
		if _, err := w.vet(t.Context(), photo(c.name, []byte(c.content))); !errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v, want it held with %q", c.name, err, c.words)
		}
	}
	if p := w.vetted(photo("J/P/front.jpg", []byte("new"))); p.Batch != "ecommerce-"+id+"-2" {
		t.Errorf("the correction goes to %s", p.Batch)
	}
	for _, rt := range w.pending() {
		if want := strings.HasSuffix(rt.Name, ".html"); rt.Rejected != want {
			t.Errorf("%s: rejected %v, want %v", rt.Name, rt.Rejected, want)
		}
	}
}

func TestSpecsAreCheckedBeforeAnythingIsSent(t *testing.T) {
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, image.NewGray(image.Rect(0, 0, 40, 30)), nil); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "x.jpg")
	if err := os.WriteFile(file, buf.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spec  creativeforcesim.Spec
		path  string
		words string
	}{
		"as asked":        {creativeforcesim.Spec{Format: "jpg", Width: 40, Height: 30}, file, ""},
		"too wide":        {creativeforcesim.Spec{Width: 20}, file, "40 pixels width, wanted 20"},
		"too low":         {creativeforcesim.Spec{Height: 31}, file, "30 pixels height, wanted 31"},
		"no profile":      {creativeforcesim.Spec{Profile: "sRGB"}, file, "wanted sRGB"},
		"another inside":  {creativeforcesim.Spec{Format: "tiff"}, file, "is wanted"},
		"too many bytes":  {creativeforcesim.Spec{MaxLength: 10}, "", "wanted at most 10"},
		"nothing asked":   {creativeforcesim.Spec{}, file, ""},
		"not at hand":     {creativeforcesim.Spec{Width: 20}, "", ""},
		"gone meanwhile":  {creativeforcesim.Spec{Width: 20}, filepath.Join(t.TempDir(), "none.jpg"), ""},
		"absurd numbers":  {creativeforcesim.Spec{MaxLength: 1 << 60}, file, ""},
		"another profile": {creativeforcesim.Spec{Profile: "Adobe RGB (1998)", Width: 1}, file, "Adobe RGB (1998)"},
	} {
		w := newWorld(t, how{})
		w.sim.AddTask(creativeforcesim.NewTask{Job: "J", Product: "P", Outputs: []creativeforcesim.Output{{Name: "x.jpg", Spec: c.spec}}})
		w.pending()
		p := photo("J/P/x.jpg", buf.Bytes())
		p.Path = c.path
		_, err := w.vet(t.Context(), p)
		if (err != nil) != (c.words != "") || err != nil && (!errors.Is(err, connectors.ErrRejected) || !strings.Contains(err.Error(), c.words)) {
			t.Errorf("%s: %v, want %q", name, err, c.words)
		}
	}
}

func TestSpecifySaysWhatAnOutputMustBe(t *testing.T) {
	w := newWorld(t, how{})
	w.sim.AddTask(creativeforcesim.NewTask{Job: "J", Product: "P", Outputs: []creativeforcesim.Output{
		{Name: "x.tif", Spec: creativeforcesim.Spec{Format: "TIF", Width: 40, Height: 30, Profile: "sRGB", MaxLength: 99}},
	}})
	w.land()
	_, r := w.mustSend("J/P/x.tif", "x")
	got, err := w.specify(t.Context(), r)
	if err != nil || got.MinWidth != 40 || got.MaxHeight != 30 || got.MaxBytes != 99 || len(got.Profiles) != 1 || len(got.Formats) != 1 || got.Formats[0] != "tiff" {
		t.Errorf("got %+v, %v", got, err)
	}
	if none, err := w.specify(t.Context(), connectors.Receipt{ID: "x"}); err != nil || none.MinWidth != 0 {
		t.Errorf("of another's: %+v, %v", none, err)
	}
}
