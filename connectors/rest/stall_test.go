package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestABodyThatFailsIsNotWhole(t *testing.T) {
	gone := errors.New("the file is not that photo any more")
	whole := make(chan bool, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		whole <- err == nil
	}))
	defer server.Close()
	c := client(t, config(server.URL))
	src := &source{Reader: io.MultiReader(bytes.NewReader(make([]byte, 100_000)), failing{gone})}
	_, err := c.Do(t.Context(), Request{Method: "POST", Path: "/x", Body: src, Length: 200_000})
	if !errors.Is(err, gone) {
		t.Errorf("got %v, want the source's own error, wrapped", err)
	}
	if <-whole {
		t.Error("the server got a whole request")
	}
	if src.closed.Load() != 1 {
		t.Errorf("closed %d times, want once", src.closed.Load())
	}
	if c.limit.inFlight != 0 {
		t.Errorf("%d in flight", c.limit.inFlight)
	}
}

// source counts what happens to it after Close.
type source struct {
	io.Reader
	closed, late atomic.Int32
}

func (s *source) Read(p []byte) (int, error) {
	if s.closed.Load() > 0 {
		s.late.Add(1)
	}
	return s.Reader.Read(p)
}

func (s *source) Close() error {
	s.closed.Add(1)
	return nil
}

// An early answer leaves the transport reading the body on its own.
func TestABodyIsNotReadAfterAnEarlyAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "who are you?", http.StatusUnauthorized)
	}))
	defer server.Close()
	src := &source{Reader: endless{}}
	_, err := client(t, config(server.URL)).Do(t.Context(), Request{Method: "POST", Path: "/x", Body: src, Length: 1 << 40})
	if err == nil {
		t.Error("no error")
	}
	if src.closed.Load() != 1 || src.late.Load() != 0 {
		t.Errorf("closed %d times, read %d times after that", src.closed.Load(), src.late.Load())
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestNothingIsSentTwiceByTheTransport(t *testing.T) {
	c := faked(t, func(r *http.Request) (*http.Response, error) {
		if r.GetBody != nil || r.ContentLength != 4 {
			t.Errorf("GetBody set %v, length %d", r.GetBody != nil, r.ContentLength)
		}
		return reply(200, ""), nil
	})
	request, err := Request{Method: "POST", Path: "/x"}.JSON([]int{12})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), request); err != nil {
		t.Error(err)
	}
}

func TestStalls(t *testing.T) {
	const chunk = 50 * time.Second
	tests := map[string]struct {
		send  int           // chunks that the network takes, one each 50 s
		hang  bool          // and then nothing more
		think time.Duration // before the reply
		fails time.Duration // when; 0 means it goes well
	}{
		"an hour on a thin line":       {send: 72, think: time.Second},
		"nothing moves for 60 s":       {send: 2, hang: true, fails: chunk + 60*time.Second},
		"it thinks for two minutes":    {send: 3, think: 2 * time.Minute},
		"it thinks for three minutes":  {send: 3, think: 3 * time.Minute, fails: 3*chunk + 150*time.Second},
		"no body, it thinks too long":  {send: 0, think: 3 * time.Minute, fails: 150 * time.Second},
		"no body, it thinks a minute+": {send: 0, think: 70 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				c := faked(t, func(r *http.Request) (*http.Response, error) {
					buf := make([]byte, 1000)
					for range tt.send {
						if _, err := r.Body.Read(buf); err != nil {
							return nil, err
						}
						if err := sleep(r.Context(), chunk); err != nil {
							return nil, err
						}
					}
					if tt.hang {
						<-r.Context().Done()
						return nil, r.Context().Err()
					}
					if tt.send > 0 {
						r.Body.Read(buf) // the end
					}
					if err := sleep(r.Context(), tt.think); err != nil {
						return nil, err
					}
					return reply(200, "ok"), nil
				})
				size := int64(1000 * tt.send)
				if tt.hang {
					size += 1000
				}
				request := Request{Method: "POST", Path: "/x", Length: size}
				if size > 0 {
					request.Body = bytes.NewReader(make([]byte, size))
				}
				_, err := c.Do(t.Context(), request)
				if (err != nil) != (tt.fails > 0) {
					t.Fatalf("got %v after %v", err, time.Since(begin))
				}
				if err == nil {
					return
				}
				if took := time.Since(begin); took != tt.fails || !strings.Contains(err.Error(), "nothing moved") {
					t.Errorf("%v after %v, want after %v", err, took, tt.fails)
				}
			})
		})
	}
}

func TestContextEndsAnExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := faked(t, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.Do(ctx, Request{Method: "GET", Path: "/x"})
		if !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "nothing moved") {
			t.Errorf("got %v, want the context's error", err)
		}
	})
}

func TestABodyIsOverAfterItsEnd(t *testing.T) {
	src := &source{Reader: endless{}}
	b := newBody(src)
	b.dog = &watchdog{timer: time.NewTimer(time.Hour)}
	if n, err := b.Read(make([]byte, 10)); n != 10 || err != nil {
		t.Errorf("before: %d, %v", n, err)
	}
	if err := b.end(); err != nil {
		t.Error(err)
	}
	if n, err := b.Read(make([]byte, 10)); n != 0 || err == nil || src.late.Load() != 0 {
		t.Errorf("after: %d, %v", n, err)
	}
}

// A source that blocks, such as a pipe, does not hold up the end.
func TestTheEndDoesNotWaitForABlockedRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := io.Pipe()
		b := newBody(r)
		b.dog = &watchdog{timer: time.NewTimer(time.Hour)}
		read := make(chan error)
		go func() {
			_, err := b.Read(make([]byte, 10))
			read <- err
		}()
		synctest.Wait()
		begin := time.Now()
		b.end()
		if took := time.Since(begin); took > readGrace {
			t.Errorf("it took %v", took)
		}
		if err := <-read; err == nil {
			t.Error("the read goes on")
		}
	})
}
