package creativeforce

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/watch/picture"
)

// vet names the batch that an output belongs to. It holds what no task expects or
// is not due, a second file for one output, the very file that was rejected, and
// what is not as its spec says. With a refusal too, the batch is told if it is
// known: a person may send the photo anyway.
func (a *account) vet(ctx context.Context, p connectors.Photo) (batch string, err error) {
	s, err := a.spotOf(ctx, p)
	if err != nil {
		return "", err
	}
	t := s.task
	if err := a.closed(t); err != nil {
		return "", err
	}
	if !t.isDue()[s.output.id] {
		return "", connectors.Rejected("%s of %s was accepted; after a rejection only corrections are sent: %s", s.output.disk, t.title(), strings.Join(t.dueNames(), ", "))
	}
	var sent submission
	if _, err := a.recall(submissionKey(s.batch()), &sent); err != nil {
		return "", err
	}
	if sent.Done {
		return "", connectors.Rejected("%s was submitted at %s: nothing is expected now; retry this file if the task comes back", t.title(), sent.At.Format("15:04"))
	}
	if err := a.rivals(s, p); err != nil {
		return s.batch(), err
	}
	if short := shortOf(specification(s.output.spec), p); short != "" {
		return s.batch(), connectors.Rejected("%s has %s; save it again as the task says", path.Base(p.Name), short)
	}
	return s.batch(), nil
}

// closed says why a task takes no outputs now, or is nil.
func (a *account) closed(t *task) error {
	switch {
	case t.wanted():
		return nil
	case t.status == cancelled:
		return connectors.Rejected("%s was cancelled: nothing of it is sent any more", t.title())
	case t.status == review || t.status == done:
		return connectors.Rejected("%s is %s already: nothing is expected now; retry this file if the task comes back", t.title(), strings.ToLower(t.word))
	}
	return connectors.Rejected("%s has the status %q, which is not known; write what it means into statuses of account %s, then retry", t.title(), t.word, a.name)
}

func (t *task) dueNames() (names []string) {
	for _, o := range t.due() {
		names = append(names, o.disk)
	}
	return names
}

// rivals says what another upload has against p.
func (a *account) rivals(s spot, p connectors.Photo) error {
	now, err := a.upload(s.batch(), s.output.id)
	if err != nil {
		return err
	}
	if now.Done && now.Name != p.Name {
		return connectors.Rejected("%s was sent for the same expected output already: remove one of them, or retry this one anyway to send it instead", now.Name)
	}
	if s.task.round < 2 {
		return nil
	}
	before, err := a.upload(s.task.key.batch(s.task.round-1), s.output.id)
	if err == nil && before.Done && before.SHA256 != "" && before.SHA256 == p.Digests.SHA256 {
		return connectors.Rejected("%s is the very file that was rejected: save the corrected one", path.Base(p.Name))
	}
	return err
}

// specify says what the output of a receipt must be.
func (a *account) specify(ctx context.Context, photo connectors.Receipt) (connectors.Specification, error) {
	id, ok := parseReceiptID(photo.ID)
	k, _, ours := parseBatch(id.batch)
	if !ok || !ours {
		return connectors.Specification{}, nil
	}
	t, err := a.read(ctx, k, whole)
	if err != nil {
		return connectors.Specification{}, err
	}
	for _, o := range t.outputs {
		if o.id == id.output {
			return specification(o.spec), nil
		}
	}
	return connectors.Specification{}, nil
}

func specification(s specReply) (want connectors.Specification) {
	const most = 1 << 30 // pixels of a side
	want.MinWidth = int(min(s.Width.whole(), most))
	want.MinHeight = int(min(s.Height.whole(), most))
	want.MaxWidth, want.MaxHeight, want.MaxBytes = want.MinWidth, want.MinHeight, s.MaxLength.whole()
	if profile := string(s.ColorProfileName); profile != "" {
		want.Profiles = []string{profile}
	}
	switch format := formatOf(string(s.Format)); format {
	case "jpeg", "tiff", "png", "psd":
		want.Formats = []string{format}
	}
	return want
}

// shortOf says in what a photo falls short of its spec, or returns "". Its header
// is read where the file is at hand; what cannot be told of it, such as the pixels
// of a film, is not held against it.
func shortOf(want connectors.Specification, p connectors.Photo) string {
	var short []string
	add := func(format string, args ...any) { short = append(short, fmt.Sprintf(format, args...)) }
	if want.MaxBytes > 0 && p.Size > want.MaxBytes {
		add("%d bytes, wanted at most %d", p.Size, want.MaxBytes)
	}
	if p.Path == "" {
		return strings.Join(short, "; ")
	}
	is, err := picture.Measure(p.Path)
	if errors.As(err, new(*fs.PathError)) {
		return strings.Join(short, "; ") // the disk's trouble, which shows when it is sent
	}
	if err != nil {
		return strings.Join(append(short, err.Error()), "; ")
	}
	if want.MinWidth > 0 && is.Width > 0 && is.Width != want.MinWidth {
		add("%d pixels width, wanted %d", is.Width, want.MinWidth)
	}
	if want.MinHeight > 0 && is.Height > 0 && is.Height != want.MinHeight {
		add("%d pixels height, wanted %d", is.Height, want.MinHeight)
	}
	if len(want.Formats) > 0 && !slices.Contains(want.Formats, is.Format) {
		add("the format %q, wanted %s", is.Format, want.Formats[0])
	}
	if len(want.Profiles) > 0 && !strings.EqualFold(is.Profile, want.Profiles[0]) {
		add("the color profile %q, wanted %s", is.Profile, want.Profiles[0])
	}
	return strings.Join(short, "; ")
}
