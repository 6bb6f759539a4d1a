package page

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestPictures(t *testing.T) {
	r := newRig(t)
	j := r.add("packshot-1", "nas", "a&<b>.CR3", 10)
	var asked []int
	r.server.Preview = func(_ context.Context, got ledger.Job, edge int) ([]byte, error) {
		if got.ID != j.ID {
			t.Errorf("asked for %s, want %s", got.ID, j.ID)
		}
		asked = append(asked, edge)
		return []byte("\xff\xd8\xff picture"), nil
	}
	w := r.send(http.MethodGet, "/picture/"+j.ID+"?edge=320", nil)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(w.Header().Get("Cache-Control"), "private") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	tag := w.Header().Get("ETag")
	if w := r.send(http.MethodGet, "/picture/"+j.ID+"?edge=320", nil, header("If-None-Match", tag)); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("the same once more: %d", w.Code)
	}
	large := r.send(http.MethodGet, "/picture/"+j.ID+"?edge=1600", nil, header("If-None-Match", tag))
	r.send(http.MethodGet, "/picture/"+j.ID+"?edge=99999", nil)
	if large.Code != http.StatusOK || len(asked) != 3 || asked[0] != 320 || asked[1] != 1600 || asked[2] != 320 {
		t.Errorf("asked for edges %v", asked)
	}
	r.settle(j, ledger.Confirmed, "")
	if w := r.send(http.MethodGet, "/picture/"+j.ID+"?edge=320", nil, header("If-None-Match", tag)); w.Code != http.StatusOK {
		t.Errorf("in another state: %d", w.Code)
	}
}

func TestAPictureThatIsNotThere(t *testing.T) {
	r := newRig(t)
	j := r.add("packshot-1", "nas", "a.CR3", 10)
	for name, preview := range map[string]func(context.Context, ledger.Job, int) ([]byte, error){
		"none":     func(context.Context, ledger.Job, int) ([]byte, error) { return nil, errors.New("no preview in it") },
		"not JPEG": func(context.Context, ledger.Job, int) ([]byte, error) { return []byte("<html>"), nil },
		"empty":    func(context.Context, ledger.Job, int) ([]byte, error) { return nil, nil },
	} {
		r.server.Preview = preview
		w := r.send(http.MethodGet, "/picture/"+j.ID, nil)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/svg+xml" || !strings.Contains(w.Body.String(), ">CR3</text>") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	for _, path := range []string{"/picture/0123456789", "/picture/..%2f..%2fetc%2fpasswd", "/picture/" + j.ID + "%00", "/picture/%2fstudio%2fa.CR3"} {
		if w := r.send(http.MethodGet, path, nil); w.Code != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, w.Code)
		}
	}
}

func TestExtensionsAreHarmless(t *testing.T) {
	for name, want := range map[string]string{"a.jpg": "JPG", "a.CR3": "CR3", "a": "", "a.<svg>": "", "a.verylong": "VERY", "x/.psd": "PSD", "a.é": ""} {
		if got := extension(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
