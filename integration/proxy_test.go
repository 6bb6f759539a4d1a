//go:build integration && linux

package integration

import (
	"bytes"
	"testing"
	"time"
)

func TestALongLineDelaysAndKeepsEveryByte(t *testing.T) {
	const delay = 10 * time.Millisecond
	onEach(t, unchanged, func(t *testing.T, s *Server) {
		l := mustEnter(t, s, far(t, s, delay))
		content := picture(8 << 20)
		start := time.Now()
		if err := l.put("in/0001.jpg", content); err != nil {
			t.Fatal(err)
		}
		up := time.Since(start)
		got, err := l.get("in/0001.jpg")
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("downloaded %d bytes, %v; want the %d sent", len(got), err, len(content))
		}
		t.Logf("8 MB up in %v, down in %v", up, time.Since(start)-up)

		start = time.Now()
		if _, err := l.modTime("in/0001.jpg"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 2*delay {
			t.Errorf("a question was answered in %v, want at least %v", took, 2*delay)
		}
	})
}
