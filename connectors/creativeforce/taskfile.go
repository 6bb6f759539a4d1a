package creativeforce

import "encoding/json"

// A jsonTask is task.json, for programs at the bench. What changes while the task
// is worked on is not in it.
type jsonTask struct {
	Task     string       `json:"taskId"`
	Content  kind         `json:"content"`
	Round    int          `json:"round"`
	Job      string       `json:"job"`
	Product  string       `json:"product"`
	Deadline string       `json:"deadline,omitempty"`
	Link     string       `json:"link,omitempty"`
	Inputs   []string     `json:"inputs"`
	Outputs  []jsonOutput `json:"expectedOutputs"`
	Notes    []jsonNote   `json:"annotations"`
}

type jsonOutput struct {
	ID       string `json:"expectedOutputId"`
	Name     string `json:"name"`
	Of       string `json:"input,omitempty"`
	Due      bool   `json:"due"`
	Width    int64  `json:"width,omitempty"`
	Height   int64  `json:"height,omitempty"`
	Format   string `json:"format,omitempty"`
	Profile  string `json:"colorProfile,omitempty"`
	DPI      int64  `json:"dpi,omitempty"`
	MaxBytes int64  `json:"maxBytes,omitempty"`
}

type jsonNote struct {
	Type     string        `json:"type"`
	Output   string        `json:"expectedOutputId,omitempty"`
	Text     string        `json:"text"`
	Markings []jsonMarking `json:"markings,omitempty"`
}

type jsonMarking struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
	Text   string  `json:"text,omitempty"`
}

func taskFile(t *task, link string) ([]byte, error) {
	file := jsonTask{t.id, t.kind, t.round, t.job, t.product, t.deadline, link, []string{}, []jsonOutput{}, []jsonNote{}}
	for _, in := range t.inputs {
		file.Inputs = append(file.Inputs, in.disk)
	}
	due := t.isDue()
	for _, o := range t.outputs {
		s := o.spec
		file.Outputs = append(file.Outputs, jsonOutput{
			o.id, o.disk, t.inputName(o), due[o.id], s.Width.whole(), s.Height.whole(), string(s.Format),
			string(s.ColorProfileName), s.DPI.whole(), s.MaxLength.whole(),
		})
	}
	for _, n := range t.notes {
		note := jsonNote{Type: string(n.Type), Output: string(n.ExpectedOutputID), Text: string(n.Text)}
		for _, m := range n.Markings {
			note.Markings = append(note.Markings, jsonMarking{float64(m.X), float64(m.Y), float64(m.Width), float64(m.Height), string(m.Text)})
		}
		file.Notes = append(file.Notes, note)
	}
	raw, err := json.MarshalIndent(file, "", "  ")
	return append(raw, '\n'), err
}

// isDue are the outputs of this round by id.
func (t *task) isDue() map[string]bool {
	due := map[string]bool{}
	for _, o := range t.due() {
		due[o.id] = true
	}
	return due
}

// inputName is the picture in the folder that an output is made from; empty if
// that is not told and there are several.
func (t *task) inputName(o output) string {
	for _, in := range t.inputs {
		if in.asset == o.input && o.input != "" || len(t.inputs) == 1 {
			return in.disk
		}
	}
	return ""
}
