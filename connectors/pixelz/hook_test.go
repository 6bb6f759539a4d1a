package pixelz

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestHook(t *testing.T) {
	tests := map[string]struct {
		key, method, query string
		body               io.Reader
		want               int
	}{
		"right":            {"a+b/c", "POST", "?key=" + url.QueryEscape("a+b/c"), strings.NewReader(`{"imageTicket":"x","processedImageURL":"https://evil.example"}`), 204},
		"no body":          {"k", "POST", "?key=k", nil, 204},
		"not JSON":         {"k", "POST", "?key=k", strings.NewReader("\x00<xml"), 204},
		"as much as may":   {"k", "POST", "?key=k", strings.NewReader(strings.Repeat("x", mostHook)), 204},
		"too much":         {"k", "POST", "?key=k", strings.NewReader(strings.Repeat("x", mostHook+1)), 413},
		"breaks off":       {"k", "POST", "?key=k", broken{io.ErrUnexpectedEOF}, 413},
		"wrong":            {"k", "POST", "?key=K", nil, 403},
		"longer":           {"k", "POST", "?key=kk", nil, 403},
		"none":             {"k", "POST", "", nil, 403},
		"empty":            {"k", "POST", "?key=", nil, 403},
		"first one counts": {"k", "POST", "?key=x&key=k", nil, 403},
		"no key is set":    {"", "POST", "?key=", nil, 403},
		"only a look":      {"k", "GET", "?key=k", nil, 405},
		"a wrong look":     {"k", "GET", "", nil, 403},
	}
	for name, tt := range tests {
		w := httptest.NewRecorder()
		hook{tt.key}.ServeHTTP(w, httptest.NewRequest(tt.method, "/hooks/pixelz"+tt.query, tt.body))
		if w.Code != tt.want {
			t.Errorf("%s: %d, want %d", name, w.Code, tt.want)
		}
	}
}

// Pixelz calls back at the address that it was given with the order.
func TestACallbackArrives(t *testing.T) {
	var got []string
	var page http.Handler
	h := how{yaml: "callback: http://127.0.0.1:9\nhook_key: env:HOOK"}
	h.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		page.ServeHTTP(w, r)
		got = append(got, r.URL.Path)
		return w.Result(), nil
	})}
	w := newWorld(t, h)
	page = w.connector().Hook
	receipt := w.ordered("a.jpg")
	w.must(w.sim.Produce(receipt.ID))
	calls := w.sim.Callbacks()
	if len(calls) != 1 || calls[0].Status != 204 || calls[0].Ticket != receipt.ID || len(got) != 1 || got[0] != "/hooks/pixelz" {
		t.Errorf("calls %+v at %q", calls, got)
	}
	w.must(w.sim.Produce(w.sim.Return("by hand.jpg", []byte("x")))) // nobody asked to be called
	if n := len(w.sim.Callbacks()); n != 1 {
		t.Errorf("%d calls", n)
	}
}
