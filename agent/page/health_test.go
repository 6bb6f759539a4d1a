package page

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/inbound"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func (r *rig) healthz(changes ...func(*http.Request)) (int, health) {
	r.t.Helper()
	w := r.send(http.MethodGet, "/healthz", nil, changes...)
	var h health
	if err := json.Unmarshal(w.Body.Bytes(), &h); err != nil {
		r.t.Fatalf("%s: %v", w.Body, err)
	}
	return w.Code, h
}

func TestHealth(t *testing.T) {
	quiet := func(l *overview.Live) { // what is odd on an ordinary day of the rig
		l.Folders, l.Accounts, l.Sources = l.Folders[:1], l.Accounts[:1], nil
	}
	for name, test := range map[string]struct {
		change func(*overview.Live)
		held   bool
		status string
		code   int
		reason string
	}{
		"well":           {quiet, false, "ok", 200, ""},
		"account closed": {func(l *overview.Live) { l.Folders = l.Folders[:1] }, false, "degraded", 200, "account nas: cannot be reached: no route to host"},
		"held":           {quiet, true, "degraded", 200, "1 picture held until a person acts"},
		"not looked at": {func(l *overview.Live) { quiet(l); l.Sources = []inbound.Status{{Account: "acme", Trouble: "no login"}} }, false, "degraded", 200,
			"from account acme: could not be looked at: no login"},
		"unfetched": {func(l *overview.Live) {
			quiet(l)
			l.Sources = []inbound.Status{{Account: "acme", Looked: time.Now(), Unfetched: []inbound.Waiting{{Name: "a"}}}}
		}, false, "degraded", 200, "1 retouch ready for more than a day and not fetched"},
		"blind":            {func(l *overview.Live) { quiet(l); l.Folders[0].Watching, l.Folders[0].Reason = "blind", "it is gone" }, true, "failing", 503, "packshot-1: captures cannot be seen: it is gone"},
		"configuration":    {func(l *overview.Live) { quiet(l); l.Problem = "agent.yaml is refused" }, false, "failing", 503, "agent.yaml is refused"},
		"nothing is heard": {nil, false, "failing", 503, "the agent gives no sign of life"},
	} {
		r := newRig(t)
		if test.held {
			r.settle(r.add("packshot-1", "nas", "a.jpg", 10), ledger.Held, "no reference")
		}
		at := time.Now()
		if test.change == nil {
			at, test.change = at.Add(-time.Minute), quiet
		}
		r.beat(at, test.change)
		code, h := r.healthz()
		if code != test.code || h.Status != test.status || !strings.Contains(strings.Join(h.Reasons, "\n"), test.reason) || (test.reason == "") != (len(h.Reasons) == 0) {
			t.Errorf("%s: %d %+v, want %d %s %q", name, code, h, test.code, test.status, test.reason)
		}
	}
}

func TestALedgerThatCannotBeReadIsFailing(t *testing.T) {
	r := newRig(t)
	r.ledger.Close()
	if code, h := r.healthz(); code != 503 || h.Status != "failing" || len(h.Reasons) != 1 || !strings.HasPrefix(h.Reasons[0], "the ledger cannot be read") {
		t.Errorf("%d %+v", code, h)
	}
	if w := r.send(http.MethodGet, "/", nil); w.Code != http.StatusInternalServerError {
		t.Errorf("the page: %d", w.Code)
	}
	if w := r.send(http.MethodGet, "/metrics", nil); w.Code != http.StatusInternalServerError {
		t.Errorf("metrics: %d", w.Code)
	}
	if w := r.send(http.MethodGet, "/picture/x", nil); w.Code != http.StatusServiceUnavailable {
		t.Errorf("a picture: %d", w.Code)
	}
}

func TestStrangersLearnNoReasons(t *testing.T) {
	r := newRig(t)
	r.beat(time.Now(), func(l *overview.Live) { l.Problem = "agent.yaml is refused" })
	r.server.Login = Login{Token: "machine"}
	away := func(req *http.Request) { req.RemoteAddr = "192.168.1.9:4000" }
	for name, test := range map[string]struct {
		who     func(*http.Request)
		reasons bool
	}{
		"on this machine": {func(*http.Request) {}, true},
		"away":            {away, false},
		"away, logged in": {func(req *http.Request) { away(req); req.Header.Set("Authorization", "Bearer machine") }, true},
	} {
		if _, h := r.healthz(test.who); h.Status != "failing" || (len(h.Reasons) > 0) != test.reasons {
			t.Errorf("%s: %+v", name, h)
		}
	}
}
