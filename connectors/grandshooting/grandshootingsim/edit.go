package grandshootingsim

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"
)

// An EditOrder is a picture sent to edit. What the platform would do with it on
// the FTP of the transfer is the test's to play: write Sent to put_path, read
// what the retoucher leaves in get_path, and call ReturnEdit.
type EditOrder struct {
	Picture int
	Sent    string // as in Picture
	Fields  map[string]any
	At      time.Time
}

// Field is a field of the order as text; empty if it was not given.
func (o EditOrder) Field(name string) string { return asText(o.Fields[name]) }

// Orders returns the pictures sent to edit, in order.
func (s *Sim) Orders() []EditOrder {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.orders)
}

// OrderedTwice returns the pictures that were sent to edit more than once, and
// would have been billed so.
func (s *Sim) OrderedTwice() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	times := map[int]int{}
	for _, o := range s.orders {
		times[o.Picture]++
	}
	maps.DeleteFunc(times, func(_, n int) bool { return n < 2 })
	return slices.Sorted(maps.Keys(times))
}

func (s *Sim) editPicture(p *picture, r *http.Request) (any, error) {
	fields := map[string]any{}
	if err := decode(r, &fields); err != nil {
		return nil, err
	}
	return s.edit([]*picture{p}, fields)
}

func (s *Sim) editPictures(_ http.ResponseWriter, r *http.Request, _ *Picture) (any, error) {
	fields := map[string]any{}
	if err := decode(r, &fields); err != nil {
		return nil, err
	}
	ids, _ := fields["picture_ids"].([]any)
	if len(ids) == 0 {
		return nil, refuse(http.StatusBadRequest, "picture_ids is missing")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*picture
	for _, v := range ids {
		id, _ := number(v)
		if s.pictures[id] == nil {
			return nil, refuse(http.StatusNotFound, "Picture not found")
		}
		found = append(found, s.pictures[id])
	}
	return s.edit(found, fields)
}

// edit: "You can edit a picture only if an edit bench exist." It orders all of
// them or none.
func (s *Sim) edit(ps []*picture, fields map[string]any) (any, error) {
	if v, given := fields["transfer_id"]; given {
		if _, ok := number(v); !ok {
			return nil, refuse(http.StatusBadRequest, "transfer_id must be a number")
		}
	}
	for _, p := range ps {
		if s.nextEdit(p) == 0 {
			return nil, refuse(http.StatusBadRequest, "there is no edit bench")
		}
	}
	for _, p := range ps {
		s.orders = append(s.orders, EditOrder{p.ID, p.Sent, fields, time.Now()})
		if s.opt.Placeholder != 0 && s.at(s.nextEdit(p), p.Sent) == nil {
			s.put(Picture{Bench: s.nextEdit(p), Sent: p.Sent, Size: p.Size, SHA256: p.SHA256, SHA1: p.SHA1, Parent: p.ID},
				p.content, time.Now().Add(s.opt.Placeholder))
		}
	}
	return "OK", nil
}

// nextEdit is the retouching bench after p's own; 0 if there is none.
func (s *Sim) nextEdit(p *picture) int {
	prod := s.production(p.Root)
	if prod == nil {
		return 0
	}
	for _, b := range prod.benches {
		if (b.Step == 20 || b.Step == 30) && b.Step > p.Step {
			return b.ID
		}
	}
	return 0
}

// ReturnEdit loads a retouch of a picture, as the platform does when it finds
// one on the FTP: under the picture's own name on the next retouching bench, in
// place of what is there under it. It returns the retouch's ID.
func (s *Sim) ReturnEdit(picture int, retouch []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pictures[picture]
	if p == nil {
		return 0, fmt.Errorf("there is no picture %d", picture)
	}
	bench := s.nextEdit(p)
	if bench == 0 {
		return 0, fmt.Errorf("picture %d has no retouching bench after its own", picture)
	}
	h256, h1 := sha256.Sum256(retouch), sha1.Sum(retouch)
	sum := hex.EncodeToString(h256[:])
	if there := s.at(bench, p.Sent); there != nil && there.SHA256 == sum {
		return there.ID, nil
	}
	now := s.put(Picture{Bench: bench, Sent: p.Sent, Size: int64(len(retouch)), SHA256: sum, SHA1: hex.EncodeToString(h1[:]), Parent: p.ID},
		content{bytes: slices.Clone(retouch)}, time.Time{})
	return now.ID, nil
}

// Content is what a picture holds. It needs Options.Keep, but for a retouch.
func (s *Sim) Content(picture int) ([]byte, error) {
	s.mu.Lock()
	p := s.pictures[picture]
	s.mu.Unlock()
	if p == nil {
		return nil, fmt.Errorf("there is no picture %d", picture)
	}
	f, err := p.content.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// SetStatus changes a picture's status, as a person does on the platform.
func (s *Sim) SetStatus(picture, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pictures[picture]; p != nil {
		p.Status = status
	}
}

// A StatusChange is one call of "Set picturestatus" that was obeyed.
type StatusChange struct {
	Picture, From, To int
	Comment           string
	At                time.Time
}

// StatusChanges returns them in order, also those that changed nothing.
func (s *Sim) StatusChanges() []StatusChange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.changes)
}

// Exports counts the exports of a production that were started.
func (s *Sim) Exports(root int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.exports[root]
}

// SetExporting says whether an export is running, so that startexport starts
// none and answers 102.
func (s *Sim) SetExporting(running bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opt.ExportIsRunning = running
}
