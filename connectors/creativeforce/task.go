package creativeforce

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// A status says how far a task is at the platform.
type status int

const (
	strange status = iota // a word that is not known
	ready
	progress
	review
	done
	cancelled
)

// meanings are what the option statuses may say.
var meanings = map[string]status{"ready": ready, "progress": progress, "review": review, "done": done, "cancelled": cancelled}

// meaningOf reads a status word; To Do and In Progress are of the guide (Start
// task), the others unverified. rejected says that the word tells of a rejection.
func (o *options) meaningOf(word string) (is status, rejected bool) {
	for own, means := range o.Statuses {
		if letters(own) == letters(word) {
			return meanings[means], false
		}
	}
	switch letters(word) {
	case "todo", "ready", "readytowork", "readyforwork":
		return ready, false
	case "rejected":
		return ready, true
	case "inprogress", "progress", "started":
		return progress, false
	case "inreview", "review", "submitted", "readyforreview":
		return review, false
	case "done", "completed", "approved", "accepted":
		return done, false
	case "cancelled", "canceled", "deleted", "removed", "aborted":
		return cancelled, false
	}
	return strange, false
}

// letters is s in small letters and digits, without anything else.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// A key names a task.
type key struct {
	kind kind
	id   string
}

func (k key) String() string { return string(k.kind) + "-" + url.PathEscape(k.id) }

// batch names a round of a task, for the engines and the ledger.
func (k key) batch(round int) string { return k.String() + "-" + strconv.Itoa(round) }

// parseBatch reads what batch made; ok is false for anybody else's.
func parseBatch(batch string) (k key, round int, ok bool) {
	word, rest, _ := strings.Cut(batch, "-")
	i := strings.LastIndexByte(rest, '-')
	if i < 1 || word != string(ecommerce) && word != string(editorial) {
		return key{}, 0, false
	}
	id, err := url.PathUnescape(rest[:i])
	round, err2 := strconv.Atoi(rest[i+1:])
	k = key{kind(word), id}
	return k, round, err == nil && err2 == nil && round > 0 && k.batch(round) == batch
}

// A task is one as it was read last.
type task struct {
	key
	status   status
	word     string // of the status
	rejected bool
	round    int    // 1, and one more after each rejection
	folder   string // JOB/PRODUCT, safe on every system
	client   string // ClientId
	job      string // name; of the project if it is editorial
	product  string // name; of the deliverable if it is editorial
	deadline string // as the platform writes it
	inputs   []input
	outputs  []output
	notes    []annotation
	at       time.Time // read
}

// An input is a picture to be worked on.
type input struct {
	asset, file, fileName string
	disk                  string // its name in the folder
	size                  int64  // -1 if unknown
	dimension             string // as the platform writes it; may be empty
}

// An output is what is expected back.
type output struct {
	id, input           string
	name                string // as expected
	disk                string // as a retoucher should call it, with the extension of the spec
	spec                specReply
	submitted, rejected bool
}

// wanted reports whether the platform waits for outputs.
func (t *task) wanted() bool { return t.status == ready || t.status == progress }

func (t *task) batch() string { return t.key.batch(t.round) }

// title is what people call the task.
func (t *task) title() string { return t.job + " / " + t.product }

// due are the outputs of this round: all of the first; after a rejection "only
// correction assets" (guide, Submit asset output mapping). Where the platform
// does not mark those, the notes of the rejection tell them; if they name none,
// all are due.
func (t *task) due() []output {
	if t.round < 2 {
		return t.outputs
	}
	noted := map[string]bool{}
	for _, n := range t.notes {
		if n.rejects() {
			noted[string(n.ExpectedOutputID)] = true
		}
	}
	for _, test := range []func(output) bool{
		func(o output) bool { return o.rejected },
		func(o output) bool { return noted[o.id] },
	} {
		if i := slices.IndexFunc(t.outputs, test); i >= 0 {
			return slices.DeleteFunc(slices.Clone(t.outputs), func(o output) bool { return !test(o) })
		}
	}
	return t.outputs
}

// mark tells one rejection from the next: which outputs were refused, and why, as a
// list of digests. It is empty without a rejection.
func (t *task) mark() string {
	if !t.rejected {
		return ""
	}
	var all []string
	add := func(format string, args ...any) {
		sum := sha256.Sum256(fmt.Appendf(nil, format, args...))
		all = append(all, hex.EncodeToString(sum[:6]))
	}
	for _, o := range t.outputs {
		if o.rejected {
			add("output %s", o.id)
		}
	}
	for _, n := range t.notes {
		if n.rejects() {
			add("note %q %q %v", n.ExpectedOutputID, n.Text, n.Markings)
		}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

// news reports whether a mark has something that an older one has not. What is
// gone says nothing: the platform may clear its flags before it shows that it has
// a submission.
func news(older, mark string) bool {
	before := strings.Fields(older)
	return slices.ContainsFunc(strings.Fields(mark), func(sum string) bool { return !slices.Contains(before, sum) })
}

// newTask makes a task of what the platform answered. Its round and folder are
// still open.
func (o *options) newTask(k key, reply taskReply, notes []annotation) *task {
	word := first(reply.Status, reply.TaskStatus)
	is, rejected := o.meaningOf(word)
	t := &task{
		key: k, status: is, word: word, rejected: rejected || bool(reply.IsRejected), client: string(reply.ClientID),
		deadline: first(reply.Deadline, reply.DueDate), notes: notes, at: time.Now(),
	}
	for _, in := range reply.InputAssets {
		t.inputs = append(t.inputs, input{asset: string(in.AssetID), file: string(in.FileID), fileName: string(in.FileName), size: -1})
		for _, out := range in.ExpectedOutputs {
			out.SpecID, out.InputAssetID = cmp.Or(out.SpecID, in.SpecID), cmp.Or(out.InputAssetID, in.AssetID)
			t.expect(out)
		}
	}
	for _, out := range reply.ExpectedOutputs {
		t.expect(out)
	}
	return t
}

// expect adds an output, which may be told of beside its input and once more in a
// list of all: what either says counts.
func (t *task) expect(out outputReply) {
	id := first(out.ExpectedOutputID, out.ID)
	if id == "" {
		return
	}
	i := slices.IndexFunc(t.outputs, func(o output) bool { return o.id == id })
	if i < 0 {
		i = len(t.outputs)
		t.outputs = append(t.outputs, output{id: id})
	}
	o := &t.outputs[i]
	o.input, o.name = first(text(o.input), out.InputAssetID), first(text(o.name), out.FileName)
	o.spec.SpecID = cmp.Or(o.spec.SpecID, out.SpecID)
	o.submitted, o.rejected = o.submitted || bool(out.IsSubmitted), o.rejected || bool(out.IsRejected)
}
