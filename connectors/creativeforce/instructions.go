package creativeforce

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"
)

//go:embed instructions.html
var instructionsPage string

// A sheetView is what INSTRUCTIONS.html shows.
type sheetView struct {
	Job, Product, Deadline, Link string
	Folder                       string // that the outputs are saved in, below the output folder
	Round                        int
	Cancelled, Submitted, Done   bool
	General                      []noteView // notes on no picture
	Pictures                     []pictureView
	Outputs                      []outputView
	Missing                      int
}

// A pictureView is an input with what is drawn over it.
type pictureView struct {
	Name   string
	Source template.URL // relative; empty if no browser shows it
	Shape  string       // "4000x3000", or empty
	Ratio  template.CSS // of its sides
	Notes  []noteView
}

// A noteView is one annotation; its marks have numbers.
type noteView struct {
	annotation
	Rejects bool
	About   string // the output that it speaks of
	Marks   []markView
}

type markView struct {
	Number                   int
	Left, Top, Width, Height template.CSS // percent
	Text                     string
}

type outputView struct {
	Name, Of, Size, Format, Profile, DPI, Most, State string
	Ticked                                            bool
}

// instructions are a task for people: its notes drawn over the pictures, what the
// outputs must be, and which of them are still to come.
func instructions(t *task, have map[string]bool, link string) ([]byte, error) {
	page, err := template.New("instructions").Parse(instructionsPage)
	if err != nil {
		return nil, err
	}
	v := sheetView{
		Job: t.job, Product: t.product, Deadline: readable(t.deadline), Link: link, Folder: t.folder, Round: t.round,
		Cancelled: t.status == cancelled, Submitted: t.status == review, Done: t.status == done,
	}
	taken := make([]bool, len(t.notes))
	number := 0
	for _, in := range t.inputs {
		v.Pictures = append(v.Pictures, t.picture(in, taken, &number))
	}
	for i, n := range t.notes {
		if !taken[i] {
			v.General = append(v.General, noteView{annotation: n, Rejects: n.rejects()})
		}
	}
	due := t.isDue()
	for _, o := range t.outputs {
		view := outputOf(o, t.inputName(o), due[o.id], have[o.id])
		switch {
		case due[o.id] && (v.Submitted || v.Done):
			view.State, view.Ticked = "submitted", true
		case due[o.id] && !have[o.id]:
			v.Missing++
		}
		v.Outputs = append(v.Outputs, view)
	}
	var out bytes.Buffer
	err = page.Execute(&out, v)
	return out.Bytes(), err
}

// readable is a deadline for people; what cannot be read stays as it is.
func readable(deadline string) string {
	at := moment(deadline)
	switch {
	case at.IsZero():
		return deadline
	case len(deadline) == len(time.DateOnly):
		return at.Format("2 January 2006")
	}
	return at.Format("2 January 2006, 15:04 MST")
}

// picture gathers the notes on an input: on itself, and on what is made from it.
func (t *task) picture(in input, taken []bool, number *int) pictureView {
	p := pictureView{Name: in.disk}
	switch formatOf(in.disk) {
	case "jpeg", "png", "gif", "webp", "avif":
		p.Source = template.URL("./" + url.PathEscape(in.disk)) // of a safe name
	}
	var width, height int
	if n, _ := fmt.Sscanf(strings.NewReplacer("×", "x", "X", "x", " ", "").Replace(in.dimension), "%dx%d", &width, &height); n == 2 && width > 0 && height > 0 && width < 1e6 && height < 1e6 {
		p.Shape, p.Ratio = fmt.Sprintf("%d x %d", width, height), template.CSS(fmt.Sprintf("%d / %d", width, height))
	}
	for i, n := range t.notes {
		o := slices.IndexFunc(t.outputs, func(o output) bool { return o.id == string(n.ExpectedOutputID) })
		onIt := n.InputAssetID != "" && string(n.InputAssetID) == in.asset || o >= 0 && t.inputName(t.outputs[o]) == in.disk
		if taken[i] || !onIt {
			continue
		}
		taken[i] = true
		view := noteView{annotation: n, Rejects: n.rejects()}
		if o >= 0 {
			view.About = t.outputs[o].disk
		}
		for _, m := range n.Markings {
			*number++
			view.Marks = append(view.Marks, markOf(m, *number))
		}
		p.Notes = append(p.Notes, view)
	}
	return p
}

// markOf places a mark; what is drawn beyond the picture is cut at its edge.
func markOf(m marking, n int) markView {
	inside := func(f number, most float64) float64 { return max(0, min(float64(f), most)) }
	percent := func(f float64) template.CSS { return template.CSS(fmt.Sprintf("%.2f%%", 100*f)) }
	x, y := inside(m.X, 1), inside(m.Y, 1)
	return markView{n, percent(x), percent(y), percent(inside(m.Width, 1-x)), percent(inside(m.Height, 1-y)), string(m.Text)}
}

func outputOf(o output, of string, due, have bool) outputView {
	s := o.spec
	v := outputView{Name: o.disk, Of: of, Format: string(s.Format), Profile: string(s.ColorProfileName), Ticked: have || !due}
	switch w, h := s.Width.whole(), s.Height.whole(); {
	case w > 0 && h > 0:
		v.Size = fmt.Sprintf("%d x %d", w, h)
	case w > 0:
		v.Size = fmt.Sprintf("%d wide", w)
	case h > 0:
		v.Size = fmt.Sprintf("%d high", h)
	}
	if dpi := s.DPI.whole(); dpi > 0 {
		v.DPI = fmt.Sprint(dpi)
	}
	if most := s.MaxLength.whole(); most > 0 {
		v.Most = fmt.Sprintf("%.1f MB", float64(most)/1e6)
	}
	switch {
	case have:
		v.State = "received"
	case !due:
		v.State = "accepted in an earlier round"
	case o.rejected:
		v.State = "to be corrected"
	default:
		v.State = "missing"
	}
	return v
}
