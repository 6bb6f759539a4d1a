package page

import (
	"path"
	"strings"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A Thumb is one picture in a list, rendered by the template "thumb".
type Thumb struct {
	Job      ledger.Job    // whose picture it is
	Sign     overview.Sign // its state
	Text     string        // the same in a few words
	Link     string        // where it is seen at the vendor; empty for nowhere
	Href     string        // where a click on it leads; empty for the life of the file
	Progress int           // per cent, 1 to 100, of a transfer under way; 0 if none is
}

// Target is where a click on it leads.
func (t Thumb) Target() string {
	if t.Href != "" {
		return t.Href
	}
	return "/files/" + t.Job.ID
}

// tail is how many letters of a name are always shown: pictures of one product
// differ at the end.
const tail = 10

// Head and Tail are the file's name without its folders; where there is little
// room, only Head is shortened.
func (t Thumb) Head() string { head, _ := t.base(); return head }
func (t Thumb) Tail() string { _, tail := t.base(); return tail }

func (t Thumb) base() (head, end string) {
	letters := []rune(overview.Shown(path.Base(nameOf(t.Job))))
	at := max(0, len(letters)-tail)
	return string(letters[:at]), string(letters[at:])
}

// extension is a name's, in capitals and without its dot; at most 4 letters.
func extension(name string) string {
	ext := strings.ToUpper(strings.TrimPrefix(path.Ext(name), "."))
	for _, r := range ext {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return ""
		}
	}
	return ext[:min(4, len(ext))]
}
