package faults

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// ask sends a request to a server that answers as do does, and returns all that
// came over the connection until its end.
func ask(t *testing.T, do http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(do)
	defer server.Close()
	req, err := http.NewRequest(http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return "error"
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	text := resp.Status + " " + string(body)
	if err != nil {
		text += " and an error"
	}
	return text
}

func TestReply(t *testing.T) {
	const body = "0123456789"
	tests := []struct {
		name  string
		reply Reply
		want  string // after the end of the connection
		left  bool   // Broken
	}{
		{"whole", Reply{Left: -1}, "201 Created " + body, false},
		{"just whole", Reply{Left: 10}, "201 Created " + body, false},
		{"cut", Reply{Left: 4}, "201 Created 0123 and an error", true},
		{"cut before the first byte", Reply{Left: 0}, "201 Created  and an error", true},
		{"lost", Reply{Left: -1, Mute: true}, "error", false},
	}
	for _, test := range tests {
		got := ask(t, func(w http.ResponseWriter, _ *http.Request) {
			out := test.reply
			out.ResponseWriter = w
			out.WriteHeader(http.StatusCreated)
			_, err := io.WriteString(&out, body)
			if out.Broken != test.left || errors.Is(err, ErrBroken) != test.left || out.Status != http.StatusCreated {
				t.Errorf("%s: broken %v, status %d, %v", test.name, out.Broken, out.Status, err)
			}
			if out.Broken || out.Mute {
				out.BreakOff()
			}
		})
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestABrokenAnswerIsNotAskedForAgain by the client itself, not even over a
// connection that was used before.
func TestABrokenAnswerIsNotAskedForAgain(t *testing.T) {
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n++; n > 1 {
			(&Reply{ResponseWriter: w}).BreakOff()
		}
	}))
	defer server.Close()
	for range 2 {
		if resp, err := server.Client().Get(server.URL); err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	}
	if n != 2 {
		t.Errorf("%d requests came, want 2", n)
	}
}

func TestCutBody(t *testing.T) {
	for cut, want := range map[int64]string{0: "0123456789", 3: "012", -1: "", 20: "0123456789"} {
		got, err := io.ReadAll(Fault{Cut: cut}.CutBody(io.NopCloser(bufio.NewReader(strings.NewReader("0123456789")))))
		if string(got) != want || errors.Is(err, ErrBroken) != (len(want) < 10) {
			t.Errorf("cut after %d: %q, %v; want %q", cut, got, err, want)
		}
	}
}

func TestWaitAndRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{})
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		start := time.Now()
		if !(Fault{Delay: time.Minute}).Wait(r, over) || time.Since(start) != time.Minute || !(Fault{}).Wait(r, over) {
			t.Errorf("it waited %v, or says that nobody waits", time.Since(start))
		}
		close(over)
		if (Fault{Delay: time.Minute}).Wait(r, over) {
			t.Error("the server is gone, and somebody is to be answered")
		}
	})
	h := http.Header{}
	if (Fault{}).SetRetryAfter(h); len(h) != 0 {
		t.Errorf("headers %v", h)
	}
	if (Fault{RetryAfter: 1600 * time.Millisecond}).SetRetryAfter(h); h.Get("Retry-After") != "2" {
		t.Errorf("headers %v, want 2 s", h)
	}
}
