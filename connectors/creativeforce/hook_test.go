package creativeforce

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// hookOf is the hook of an account without a platform.
func hookOf(t *testing.T, more string) http.Handler {
	t.Helper()
	c, err := New(setupOf(more, nil))
	if err != nil {
		t.Fatal(err)
	}
	return c.Hook
}

func hookKey(t testing.TB) []byte {
	key, err := base64.StdEncoding.DecodeString(hookSecret)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signature(t testing.TB, body []byte) []byte {
	mac := hmac.New(sha256.New, hookKey(t))
	mac.Write(body)
	return mac.Sum(nil)
}

func event(id string, at time.Time) []byte {
	return fmt.Appendf(nil, `{"Action":"ExternalPostTaskReadyToWork","PayloadId":%q,"EventGroupName":"ExternalPostTask","EventDatetimeUtc":%d,"TaskId":"t-1","StepId":7,"EditorialDeliverableId":["a"]}`, id, at.UnixMilli())
}

// call sends a body to the hook and returns how it was answered.
func callHook(h http.Handler, body []byte, signature string) int {
	r := httptest.NewRequest(http.MethodPost, "/hooks/cf", bytes.NewReader(body))
	if signature != "" {
		r.Header.Set("X-CF-Signature", signature)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestSignaturesOfAWebhook(t *testing.T) {
	body := event("p-1", time.Now())
	sum := signature(t, body)
	sha1sum := hmac.New(sha1.New, hookKey(t))
	sha1sum.Write(body)
	text := hmac.New(sha256.New, []byte(hookSecret[:60]+"\r\n"+hookSecret[60:]))
	text.Write(body)
	b64 := base64.StdEncoding.EncodeToString
	for name, c := range map[string]struct {
		more, signature string
		want            int
	}{
		"as assumed":       {"", b64(sum), 202},
		"hex":              {"", hex.EncodeToString(sum), 202},
		"HEX":              {"", strings.ToUpper(hex.EncodeToString(sum)), 202},
		"with its name":    {"", "sha256=" + hex.EncodeToString(sum), 202},
		"sha1":             {"webhook_hash: sha1", b64(sha1sum.Sum(nil)), 202},
		"a key of text":    {"webhook_key: text", b64(text.Sum(nil)), 202},
		"missing":          {"", "", 401},
		"empty after name": {"", "sha256=", 401},
		"another hash":     {"", b64(sha1sum.Sum(nil)), 401},
		"cut":              {"", b64(sum[:31]), 401},
		"of another key":   {"", b64(text.Sum(nil)), 401},
		"no Base64":        {"", "%%%", 401},
		"the secret":       {"", hookSecret, 401},
		"another header":   {"webhook_header: X-Other", b64(sum), 401},
	} {
		if got := callHook(hookOf(t, c.more), body, c.signature); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestAForgedWebhookChangesNothing(t *testing.T) {
	w := newWorld(t, how{})
	id := w.sim.AddTask(shoe("J", "P"))
	w.pending()
	before := w.sim.Requests("task")
	body := bytes.Replace(event("p-1", time.Now()), []byte("t-1"), []byte(id), 1)
	forged := append(bytes.Clone(body), ' ')
	if got := callHook(w.hook, forged, base64.StdEncoding.EncodeToString(signature(t, body))); got != 401 {
		t.Errorf("forged: %d", got)
	}
	w.pending()
	if got := w.sim.Requests("task"); got != before {
		t.Error("a forged webhook made the task be read again")
	}
	if got := callHook(w.hook, body, base64.StdEncoding.EncodeToString(signature(t, body))); got != 202 {
		t.Errorf("genuine: %d", got)
	}
	w.pending()
	if got := w.sim.Requests("task"); got != before+1 {
		t.Error("a genuine webhook did not make the task be read again")
	}
}

func TestWhatAGenuineWebhookIsAnswered(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		body []byte
		want int
	}{
		"now":               {event("1", now), 202},
		"an hour ago":       {event("1", now.Add(-time.Hour)), 202},
		"two days ago":      {event("1", now.Add(-48*time.Hour)), 200},
		"two days on":       {event("1", now.Add(48*time.Hour)), 200},
		"without a time":    {[]byte(`{"PayloadId":"1","TaskId":"t"}`), 200},
		"of another group":  {[]byte(`{"PayloadId":"1","TaskId":"t","EventGroupName":"Product"}`), 200},
		"no task":           {[]byte(`{"PayloadId":"1"}`), 400},
		"no payload id":     {[]byte(`{"TaskId":"1"}`), 400},
		"a monstrous id":    {event(strings.Repeat("x", 300), now), 400},
		"no JSON":           {[]byte("<xml>"), 400},
		"nothing":           {nil, 400},
		"a list":            {[]byte("[1]"), 400},
		"deep":              {[]byte(strings.Repeat("[", 20_000)), 400},
		"camel case":        {[]byte(fmt.Sprintf(`{"payloadId":"1","taskId":"t","eventDatetimeUtc":%d}`, now.UnixMilli())), 202},
		"a number for text": {[]byte(fmt.Sprintf(`{"PayloadId":1,"TaskId":2,"EventDatetimeUtc":"%d"}`, now.UnixMilli())), 202},
	} {
		if got := callHook(hookOf(t, ""), c.body, hex.EncodeToString(signature(t, c.body))); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/hooks/cf", nil)
	w := httptest.NewRecorder()
	if hookOf(t, "").ServeHTTP(w, r); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
}

func TestAReplayedWebhookWakesNobody(t *testing.T) {
	h := hookOf(t, "").(*hook)
	post := func(id string) int {
		body := event(id, time.Now())
		return callHook(h, body, hex.EncodeToString(signature(t, body)))
	}
	if first, second := post("once"), post("once"); first != 202 || second != 200 {
		t.Errorf("answered %d and %d, want 202 and 200", first, second)
	}
	for i := range rememberIDs + 5 {
		h.fresh(fmt.Sprint(i))
	}
	if len(h.ids) != rememberIDs || len(h.ring) != rememberIDs {
		t.Errorf("%d ids are remembered, want at most %d", len(h.ids), rememberIDs)
	}
	if h.fresh(fmt.Sprint(rememberIDs)) || !h.fresh("once") {
		t.Error("the newest ids are not those that are remembered")
	}
}

// endless is a body of that many bytes, of which it is counted how many were
// taken.
type endless struct{ left, taken int64 }

func (e *endless) Read(p []byte) (int, error) {
	n := min(int64(len(p)), e.left)
	e.left, e.taken = e.left-n, e.taken+n
	return int(n), nil
}

func TestAWebhookOfTenMegabytes(t *testing.T) {
	body := &endless{left: 10 << 20}
	r := httptest.NewRequest(http.MethodPost, "/hooks/cf", body)
	w := httptest.NewRecorder()
	hookOf(t, "").ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge || body.taken > 2*mostHookBytes {
		t.Errorf("answered %d after %d bytes", w.Code, body.taken)
	}
}

func TestAThousandWebhooksAtOnce(t *testing.T) {
	h, began := hookOf(t, ""), time.Now()
	var all sync.WaitGroup
	var mu sync.Mutex
	answers := map[int]int{}
	for i := range 1000 {
		all.Go(func() {
			body := event(fmt.Sprint(i/2), time.Now()) // each comes twice
			got := callHook(h, body, hex.EncodeToString(signature(t, body)))
			mu.Lock()
			defer mu.Unlock()
			answers[got]++
		})
	}
	all.Wait()
	if answers[202] != 500 || answers[200] != 500 {
		t.Errorf("answered %v, want 202 to 500 and 200 to their repeats", answers)
	}
	t.Logf("took %v", time.Since(began))
}

func TestWithoutASecretThereIsNoHook(t *testing.T) {
	setup := setupOf("", nil)
	setup.Decode = strictYAML(strings.Replace(goodAccount, "webhook_secret: env:CF_HOOK\n", "", 1))
	if c, err := New(setup); err != nil || c.Hook != nil {
		t.Errorf("got %v, %v; want none", c.Hook, err)
	}
	setup = setupOf("", nil)
	known := setup.Secret
	setup.Secret = func(ref string) (string, error) {
		if ref == "env:CF_HOOK" {
			return "not base64!", nil
		}
		return known(ref)
	}
	if _, err := New(setup); err == nil || !strings.Contains(err.Error(), "webhook_key") || strings.Contains(err.Error(), "not base64!") {
		t.Errorf("a secret that is no Base64: %v", err)
	}
}
