package faults

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

type oneNote struct{ value string }

func (n *oneNote) Recall(string) (string, error) { return n.value, nil }
func (n *oneNote) Keep(_, value string) error    { n.value = value; return nil }

type served struct{ n int }

func (s *served) RoundTrip(*http.Request) (*http.Response, error) {
	s.n++
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("yes"))}, nil
}

// TestAFuseKillsAtEachMoment: before something is done, and after it, when nobody
// is told any more.
func TestAFuseKillsAtEachMoment(t *testing.T) {
	for n, want := range []struct {
		kept   string
		served int
		err    error
	}{
		{"", 0, ErrKilled},
		{"kept", 0, ErrKilled},
		{"kept", 0, ErrKilled},
		{"kept", 1, ErrKilled},
		{"kept", 1, nil},
	} {
		note, remote, f := &oneNote{}, &served{}, NewFuse(n)
		err := f.Memory(note).Keep("key", "kept")
		if err == nil {
			var resp *http.Response
			if resp, err = f.Client(remote).Get("http://remote.example"); err == nil {
				resp.Body.Close()
			}
		}
		if note.value != want.kept || remote.n != want.served || errors.Is(err, ErrKilled) != (want.err != nil) {
			t.Errorf("after %d steps: kept %q, served %d, %v; want %+v", n, note.value, remote.n, err, want)
		}
		if f.Blown() != (want.err != nil) {
			t.Errorf("after %d steps: blown %v", n, f.Blown())
		}
	}
}
