package pixelzsim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// A place is where one photo can be uploaded, and read.
type place struct {
	put, read string // signatures
	content   []byte // nil: nothing has come
}

// presign hands out places: "imageNames[] to an array of {UploadUrl,
// DownloadUrl}", or an object with an error code.
func (s *Sim) presign(_ *http.Request, in map[string]any, _ *Event) (map[string]any, error) {
	if s.opt.NoPresign {
		return nil, failure{"PresignNotEnabled", "Presigned URLs are not enabled for your account"}
	}
	names, _ := in["imageNames"].([]any)
	if len(names) == 0 {
		return nil, failure{"InvalidParameter", "imageNames is missing"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []map[string]string{}
	for _, name := range names {
		number := strconv.Itoa(len(s.places) + 1)
		p := &place{put: digest("put " + number + s.opt.Key), read: digest("read " + number + s.opt.Key)}
		s.places[number] = p
		at := s.home + "/storage/in/" + number + "/" + url.PathEscape(path.Base(fmt.Sprint(name))) + "?X-Amz-Signature="
		list = append(list, map[string]string{"UploadUrl": at + p.put, "DownloadUrl": at + p.read})
	}
	return map[string]any{bare: list}, nil
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func (s *Sim) upload(w http.ResponseWriter, r *http.Request) {
	s.gate("upload", func(w http.ResponseWriter, r *http.Request, e *Event) error {
		s.mu.Lock()
		p := s.places[r.PathValue("number")]
		s.mu.Unlock()
		switch {
		case !e.Fault.Wait(r, s.over):
			return faults.ErrBroken
		case e.Fault.Status != 0:
			io.Copy(io.Discard, io.LimitReader(r.Body, 64<<20)) // so that the client gets to see the answer
			return refuse(w, e.Fault)
		case p == nil || r.URL.Query().Get("X-Amz-Signature") != p.put:
			return refuse(w, faults.Fault{Status: http.StatusForbidden})
		case r.ContentLength < 0:
			return refuse(w, faults.Fault{Status: http.StatusLengthRequired})
		case r.Header.Get("Content-Type") != "application/octet-stream" || strings.Contains(r.URL.RawQuery, "contact"):
			return refuse(w, faults.Fault{Status: http.StatusBadRequest})
		}
		content, err := io.ReadAll(e.Fault.CutBody(r.Body))
		if err != nil || int64(len(content)) != r.ContentLength {
			return faults.ErrBroken
		}
		s.mu.Lock()
		p.content = content
		s.mu.Unlock()
		w.WriteHeader(http.StatusOK)
		return nil
	})(w, r)
}

// original shows an uploaded photo to whoever has its address.
func (s *Sim) original(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	p := s.places[r.PathValue("number")]
	s.mu.Unlock()
	if p == nil || p.content == nil || r.URL.Query().Get("X-Amz-Signature") != p.read {
		http.NotFound(w, r)
		return
	}
	w.Write(p.content) // what the client does not get it does not get
}

// photo is what lies at an address: in the own storage, or anywhere.
func (s *Sim) photo(r *http.Request, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if parts := strings.Split(u.Path, "/"); u.Host == r.Host && len(parts) > 3 && parts[1] == "storage" {
		s.mu.Lock()
		defer s.mu.Unlock()
		if p := s.places[parts[3]]; p != nil && p.content != nil && u.Query().Get("X-Amz-Signature") == p.read {
			return p.content, nil
		}
		return nil, fmt.Errorf("nothing lies there")
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.opt.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s", resp.Status)
	}
	return io.ReadAll(resp.Body)
}

// download gives a finished picture. It knows no login, and being shown one is a
// mistake.
func (s *Sim) download(w http.ResponseWriter, r *http.Request) {
	s.gate("download", func(w http.ResponseWriter, r *http.Request, e *Event) error {
		if !e.Fault.Wait(r, s.over) {
			return faults.ErrBroken
		}
		if e.Fault.Status != 0 {
			return refuse(w, e.Fault)
		}
		s.mu.Lock()
		o := s.find(r.PathValue("ticket"))
		var content []byte
		if o != nil {
			content = o.finals[r.URL.Path]
		}
		s.mu.Unlock()
		if content == nil {
			return refuse(w, faults.Fault{Status: http.StatusNotFound})
		}
		if r.URL.RawQuery != "" || r.Header.Get("Authorization") != "" {
			return refuse(w, faults.Fault{Status: http.StatusBadRequest})
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		w.Header().Set("Content-Type", "application/octet-stream")
		_, err := w.Write(content)
		return err
	})(w, r)
}
