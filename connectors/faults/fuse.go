package faults

import (
	"errors"
	"net/http"
	"sync/atomic"
)

// ErrKilled is what everything answers once a Fuse has blown.
var ErrKilled = errors.New("killed")

// A Fuse kills a program in a test at its nth step: from then on nothing has an
// effect. Steps are what is written to disk and what goes over the network, each
// with a moment before and one after.
type Fuse struct{ left atomic.Int64 }

// NewFuse lets n steps pass.
func NewFuse(n int) *Fuse {
	f := new(Fuse)
	f.left.Store(int64(n))
	return f
}

// Step is one step: ErrKilled, or nil.
func (f *Fuse) Step() error {
	if f.left.Add(-1) < 0 {
		return ErrKilled
	}
	return nil
}

// Blown reports whether the program is dead.
func (f *Fuse) Blown() bool { return f.left.Load() < 0 }

// Memory is connectors.Memory.
type Memory interface {
	Recall(key string) (string, error)
	Keep(key, value string) error
}

// Memory is m until the fuse blows.
func (f *Fuse) Memory(m Memory) Memory { return mortalMemory{m, f} }

type mortalMemory struct {
	Memory
	fuse *Fuse
}

func (m mortalMemory) Keep(key, value string) error {
	if err := m.fuse.Step(); err != nil {
		return err
	}
	return errors.Join(m.Memory.Keep(key, value), m.fuse.Step())
}

// Client is a client over t until the fuse blows.
func (f *Fuse) Client(t http.RoundTripper) *http.Client {
	return &http.Client{Transport: mortalTransport{t, f}}
}

type mortalTransport struct {
	http.RoundTripper
	fuse *Fuse
}

func (m mortalTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := m.fuse.Step(); err != nil {
		return nil, err
	}
	resp, err := m.RoundTripper.RoundTrip(r)
	if err == nil && m.fuse.Step() != nil {
		resp.Body.Close()
		return nil, ErrKilled
	}
	return resp, err
}
