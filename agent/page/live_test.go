package page

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A browser has one page open and is told of news.
type browser struct {
	t     *testing.T
	lines *bufio.Scanner
	close func()
}

// serve runs the server on a socket until the test ends, and returns where.
func (r *rig) serve() string {
	r.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.server.Run(ctx, l) }()
	r.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			r.t.Errorf("Run ended with %v", err)
		}
	})
	return "http://" + l.Addr().String()
}

// open opens the page at path.
func (r *rig) open(base, path string) *browser {
	r.t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/events?"+url.Values{"path": {path}}.Encode(), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	answer, err := client.Do(req)
	if err != nil || answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		r.t.Fatalf("no events: %v %v", answer, err)
	}
	b := &browser{r.t, bufio.NewScanner(answer.Body), func() {
		leave()
		answer.Body.Close()
		client.CloseIdleConnections()
	}}
	b.lines.Buffer(nil, 10<<20)
	r.t.Cleanup(b.close)
	return b
}

// next returns the next event of that name.
func (b *browser) next(name string) string {
	b.t.Helper()
	for b.lines.Scan() {
		if b.lines.Text() == "event: "+name && b.lines.Scan() {
			return strings.TrimPrefix(b.lines.Text(), "data: ")
		}
	}
	b.t.Fatalf("the events end before %s: %v", name, b.lines.Err())
	return ""
}

// block waits until the block id is sent with a text in it, and returns the
// blocks that were sent with it.
func (b *browser) block(id, text string) map[string]string {
	b.t.Helper()
	for {
		blocks := map[string]string{}
		if err := json.Unmarshal([]byte(b.next("blocks")), &blocks); err != nil {
			b.t.Fatal(err)
		}
		if strings.Contains(blocks[id], text) {
			return blocks
		}
	}
}

func TestAnOpenPageStaysTrue(t *testing.T) {
	r := newStudio(t)
	b := r.open(r.serve(), "/")
	if hello := b.next("hello"); hello != r.server.shape() || !strings.Contains(r.get("/"), `content="`+hello+`"`) {
		t.Errorf("hello %q", hello)
	}
	first := b.block("bench-still-life", "all delivered")
	if len(first) < 8 {
		t.Errorf("at first only %d blocks are sent", len(first))
	}
	r.add("still-life", "gs", "APPLE_1.jpg", 5<<20)
	if blocks := b.block("bench-still-life", "APPLE_1.jpg"); blocks["bench-packshot-1"] != "" {
		t.Error("a block that did not change is sent again")
	}
	r.beat(time.Now(), func(l *overview.Live) { l.Problem = "agent.yaml is refused" })
	b.block("shell-state", "agent.yaml is refused")
	if err := r.ledger.SetPause(ledger.Pause{Account: "*", At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	r.beat(time.Now())
	b.block("shell-pause", "Paused")
}

func TestAnotherConfigurationLoadsThePageAnew(t *testing.T) {
	r := newRig(t)
	b := r.open(r.serve(), "/accounts")
	before := b.next("hello")
	changed := *r.server.Config()
	changed.Benches = append(changed.Benches[:1:1], config.Bench{Name: "packshot-9"})
	r.config.Store(&changed)
	r.beat(time.Now())
	if after := b.next("hello"); after == before {
		t.Errorf("still %q", after)
	}
}

func TestOnlyPagesHaveEvents(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{"", "accounts", "http://evil.example/", "/nowhere", "/picture/x", "/static/page.js", "/events?path=/", "/healthz", "/login", "/metrics", "/do/pause"} {
		if w := r.send(http.MethodGet, "/events?"+url.Values{"path": {path}}.Encode(), nil); w.Code != http.StatusBadRequest {
			t.Errorf("events of %q: %d", path, w.Code)
		}
	}
}

func TestOnlySoManyPagesAreToldOfNews(t *testing.T) {
	r := newRig(t)
	base := r.serve()
	r.server.handler()
	for range mostStreams - 1 {
		r.server.streams <- struct{}{}
	}
	b := r.open(base, "/")
	b.next("blocks")
	if w := r.send(http.MethodGet, "/events?path=/", nil); w.Code != http.StatusServiceUnavailable {
		t.Errorf("one more: %d", w.Code)
	}
	b.close()
	select { // its place is free again
	case r.server.streams <- struct{}{}:
	case <-time.After(time.Minute):
		t.Error("a page that was closed keeps its place")
	}
}

func TestThePagesEndWithTheServer(t *testing.T) {
	r := newRig(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.server.Run(ctx, l) }()
	b := r.open("http://"+l.Addr().String(), "/")
	b.next("blocks")
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	for b.lines.Scan() {
	}
}

func TestRunSaysWhyItCannotServe(t *testing.T) {
	r := newRig(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := r.server.Run(t.Context(), l); err == nil {
		t.Error("no error")
	}
}
