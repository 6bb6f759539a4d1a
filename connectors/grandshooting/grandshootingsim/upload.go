package grandshootingsim

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// content is where the bytes of a picture are; both empty means not kept.
type content struct {
	bytes []byte
	file  string
}

func (c content) open() (io.ReadCloser, error) {
	if c.file != "" {
		return os.Open(c.file)
	}
	if c.bytes == nil {
		return nil, refuse(http.StatusNotFound, "this platform was not asked to keep content")
	}
	return io.NopCloser(bytes.NewReader(c.bytes)), nil
}

// upload takes a multipart body and streams its file. Nothing is stored before
// the whole body, up to its last boundary, has come.
func (s *Sim) upload(_ http.ResponseWriter, r *http.Request, seen *Picture) (any, error) {
	root, benchID := pathID(r, "root"), pathID(r, "bench")
	bench, err := s.uploadBench(root, benchID)
	if err != nil {
		return nil, err
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "not a multipart body: %v", err)
	}
	in := incoming{fields: map[string]string{}}
	if err := s.receive(parts, &in); err != nil {
		in.drop()
		return nil, err
	}
	p, err := in.picture(bench)
	if err != nil {
		in.drop()
		return nil, err
	}
	var visible time.Time
	if in.fields["wait"] == "false" {
		visible = time.Now().Add(s.opt.AsyncIngest)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	*seen = s.put(p, in.content, visible).Picture
	if s.opt.NameIDs {
		return map[string]any{"picture_id": seen.ID, "status": "OK"}, nil
	}
	return "OK", nil
}

// uploadBench checks that a bench takes uploads.
func (s *Sim) uploadBench(root, id int) (Bench, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.bench(id)
	switch {
	case b == nil || b.Root != root:
		return Bench{}, refuse(http.StatusBadRequest, "Invalid bench")
	case b.Step == 40:
		return Bench{}, refuse(http.StatusBadRequest, "Upload is not possible on this bench (benchsteptype 40)")
	case b.Status >= 35:
		return Bench{}, refuse(http.StatusBadRequest, "Production archived")
	}
	return *b, nil
}

// incoming is an upload while it comes.
type incoming struct {
	fields       map[string]string
	name         string
	size         int64
	sha256, sha1 string
	content      content
}

func (in *incoming) drop() {
	if in.content.file != "" {
		os.Remove(in.content.file)
	}
}

func (in *incoming) picture(b Bench) (Picture, error) {
	switch in.fields["wait"] {
	case "", "true", "false":
	default:
		return Picture{}, refuse(http.StatusBadRequest, "wait must be a boolean")
	}
	if t := in.fields["transfer_id"]; t != "" {
		if _, err := strconv.Atoi(t); err != nil {
			return Picture{}, refuse(http.StatusBadRequest, "transfer_id must be a number")
		}
	}
	if in.sha256 == "" || in.name == "" {
		return Picture{}, refuse(http.StatusBadRequest, "file is missing")
	}
	sent := strings.TrimPrefix(path.Join("/", in.fields["path"], in.name), "/")
	return Picture{Bench: b.ID, Sent: sent, Size: in.size, SHA256: in.sha256, SHA1: in.sha1}, nil
}

func (s *Sim) receive(parts *multipart.Reader, in *incoming) error {
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = s.receivePart(part, in)
		}
		if err != nil && !errors.As(err, new(refusal)) {
			return fmt.Errorf("%w: %w", faults.ErrBroken, err) // the body ended early: nobody is there to answer
		}
		if err != nil {
			return err
		}
	}
}

func (s *Sim) receivePart(part *multipart.Part, in *incoming) error {
	if part.FormName() != "file" {
		value, err := io.ReadAll(io.LimitReader(part, 1<<16))
		in.fields[part.FormName()] = string(value)
		return err
	}
	if in.sha256 != "" {
		return refuse(http.StatusBadRequest, "more than one file")
	}
	keep, err := s.keeper(in)
	if err != nil {
		return err
	}
	defer keep.Close()
	h256, h1 := sha256.New(), sha1.New()
	n, err := io.Copy(io.MultiWriter(h256, h1, keep), part)
	if err != nil {
		return err
	}
	if b, ok := keep.(*buffer); ok {
		in.content.bytes = b.Bytes()
	}
	in.name, in.size = part.FileName(), n
	in.sha256, in.sha1 = hex.EncodeToString(h256.Sum(nil)), hex.EncodeToString(h1.Sum(nil))
	return nil
}

type buffer struct{ bytes.Buffer }

func (*buffer) Close() error { return nil }

type nowhere struct{ io.Writer }

func (nowhere) Close() error { return nil }

// keeper is where the content goes while it comes.
func (s *Sim) keeper(in *incoming) (io.WriteCloser, error) {
	switch {
	case !s.opt.Keep:
		return nowhere{io.Discard}, nil
	case s.opt.Dir == "":
		return &buffer{}, nil
	}
	f, err := os.CreateTemp(s.opt.Dir, "picture-*")
	if err != nil {
		return nil, refuse(http.StatusInternalServerError, "no room for the picture: %v", err)
	}
	in.content.file = f.Name()
	return f, nil
}

// put stores an upload: the same content under the same path changes nothing,
// new content is a new version ("there can be just one image with this path").
func (s *Sim) put(p Picture, c content, visible time.Time) *picture {
	s.stored[StoreKey{p.Bench, p.Sent, p.SHA256}]++
	old := s.at(p.Bench, p.Sent)
	if old != nil && old.SHA256 == p.SHA256 {
		s.duplicates = append(s.duplicates, old.Picture)
		(&incoming{content: c}).drop()
		return old
	}
	now := &picture{Picture: p, content: c, seen: visible}
	now.Name, now.Path, now.Version, now.Created = path.Base(p.Sent), s.listedPath(p.Sent), 1, time.Now()
	if b := s.bench(p.Bench); b != nil {
		now.Root, now.Step = b.Root, b.Step
	}
	if now.Status == 0 {
		now.Status = map[int]int{20: 30, 30: 30, 40: 40}[now.Step]
	}
	if now.Status == 0 {
		now.Status = 10
	}
	now.hash = p.SHA1
	if s.opt.OpaqueHash {
		sum := digestOf("opaque " + p.SHA256)
		now.hash = hex.EncodeToString(sum[:20])
	}
	now.ID = p.ID
	if old != nil {
		now.Version, now.tags = old.Version+1, old.tags
		s.forget(old.ID)
		if !s.opt.NewVersionIDs {
			now.ID = old.ID
		}
	}
	if now.ID == 0 {
		now.ID = s.id()
	}
	i, _ := slices.BinarySearch(s.order, now.ID)
	s.order = slices.Insert(s.order, i, now.ID)
	s.pictures[now.ID] = now
	s.places[place{p.Bench, p.Sent}] = now.ID
	return now
}

func (s *Sim) forget(id int) {
	if i, found := slices.BinarySearch(s.order, id); found {
		s.order = slices.Delete(s.order, i, i+1)
	}
	delete(s.pictures, id)
}

func (s *Sim) at(bench int, sent string) *picture {
	p := s.pictures[s.places[place{bench, sent}]]
	if p == nil || p.Trashed {
		return nil
	}
	return p
}
