package grandshootingsim

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // captures may be PNG
	"net/http"
	"slices"
	"time"

	"golang.org/x/image/draw"
)

const (
	thumbnailSide = 240 // pixels
	longest       = 604_800
)

// A publicAddress is one that "publicurl" has handed out (public, v3).
type publicAddress struct {
	picture, status int // status, if any, is set at every use
	until           time.Time
}

func (s *Sim) publicURL(w http.ResponseWriter, r *http.Request, seen *Picture) (any, error) {
	in := struct {
		Validity      int
		PictureStatus int
		Comment       string
	}{Validity: 3600}
	if s.opt.NoPublicURL {
		return nil, refuse(http.StatusNotFound, "no such call")
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pictures[pathID(r, "id")]
	if p == nil {
		return nil, refuse(http.StatusNotFound, "Picture not found")
	}
	*seen = p.Picture
	if in.Validity < 1 || in.Validity > longest {
		return nil, refuse(http.StatusBadRequest, "validity must be 1 to %d", longest)
	}
	if in.PictureStatus != 0 && !slices.Contains(statuses(p.Step), in.PictureStatus) {
		return nil, refuse(http.StatusBadRequest, "picturestatus %d is not available in step %d", in.PictureStatus, p.Step)
	}
	key := fmt.Sprintf("%x", digestOf(fmt.Sprint(s.opt.Token, s.id())))[:32]
	s.public[key] = publicAddress{p.ID, in.PictureStatus, time.Now().Add(time.Duration(in.Validity) * time.Second)}
	address := cmp.Or(s.opt.PublicFrom, "http://"+r.Host) + "/public/" + key
	if s.opt.PublicAsText {
		return address, nil
	}
	return map[string]any{"url": address}, nil
}

// publicFile is what whoever has the address reads. A login is a mistake.
func (s *Sim) publicFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	a, known := s.public[r.PathValue("key")]
	p := s.pictures[a.picture]
	usable := known && p != nil && time.Now().Before(a.until) && r.Header.Get("Authorization") == ""
	if usable && a.status != 0 {
		s.changes = append(s.changes, StatusChange{p.ID, p.Status, a.status, "", time.Now()})
		p.Status = a.status
	}
	s.mu.Unlock()
	if !usable {
		reject(w, r, http.StatusForbidden, "the address is none, or none any more, or comes with a login")
		return
	}
	s.serve(w, p.Size, p.content) // what the client does not get it does not get
}

func (s *Sim) thumbnailOf(p *picture) string {
	return fmt.Sprintf("%s/thumbs/%d/%d.jpg", cmp.Or(s.opt.ThumbnailFrom, "http://"+cmp.Or(s.home, "127.0.0.1")), p.ID, p.Version)
}

// thumbnail is a small JPEG of the picture where its content is kept and can be
// read, else a grey one. The host knows no login, and being shown one is a
// mistake.
func (s *Sim) thumbnail(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	p := s.pictures[pathID(r, "id")]
	s.mu.Unlock()
	if p == nil || r.Header.Get("Authorization") != "" {
		reject(w, r, http.StatusForbidden, "no such thumbnail, or a login that is none of this host's business")
		return
	}
	var small bytes.Buffer
	if err := jpeg.Encode(&small, s.shrunk(p.content), nil); err != nil {
		reject(w, r, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Write(small.Bytes())
}

func (s *Sim) shrunk(c content) image.Image {
	small := image.NewRGBA(image.Rect(0, 0, thumbnailSide, thumbnailSide))
	draw.Draw(small, small.Bounds(), image.NewUniform(color.Gray{Y: 128}), image.Point{}, draw.Src)
	f, err := c.open()
	if err != nil {
		return small
	}
	defer f.Close()
	full, _, err := image.Decode(f)
	if err != nil {
		return small
	}
	width, height := full.Bounds().Dx(), full.Bounds().Dy()
	side := max(width, height, 1)
	fitted := image.NewRGBA(image.Rect(0, 0, max(1, width*thumbnailSide/side), max(1, height*thumbnailSide/side)))
	draw.ApproxBiLinear.Scale(fitted, fitted.Bounds(), full, full.Bounds(), draw.Src, nil)
	return fitted
}
