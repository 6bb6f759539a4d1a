package rest

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// The transport sends a GET once more by itself when the connection, kept from
// an earlier exchange, breaks before the answer. That counts at the far end.
func TestWhatTheTransportRepeatsWaitsForItsTurnToo(t *testing.T) {
	var mu sync.Mutex
	var arrived []time.Time
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		arrived = append(arrived, time.Now())
		n := len(arrived)
		mu.Unlock()
		if n == 2 {
			panic(http.ErrAbortHandler) // the connection breaks
		}
	}))
	defer server.Close()
	limit := newLimiter(Limits{Rate: 2, InFlight: 1})
	c, err := New(Config{Account: "gs", Base: server.URL, Header: http.Header{}, Login: "token", HTTP: &http.Client{Transport: &http.Transport{}}, Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := c.Do(t.Context(), Request{Method: http.MethodGet, Path: "/list"}); err != nil {
			t.Fatal(err)
		}
	}
	if len(arrived) != 3 {
		t.Fatalf("%d requests arrived: the transport repeated nothing, so this test proves nothing", len(arrived))
	}
	if gap := arrived[2].Sub(arrived[1]); gap < limit.gap/2 {
		t.Errorf("the repeated request came %v after the first, want about %v", gap, limit.gap)
	}
}
