package creativeforce

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	mostHookBytes = 64 << 10 // of a body: the documented one has less than one
	// rememberIDs are the payloads that are known again; older ones are told by
	// their time.
	rememberIDs = 10_000
	// hookWindow is how old or early an event may be. How long Creative Force
	// repeats one is unverified.
	hookWindow = 24 * time.Hour
	// taskEvents is the value of EventGroupName (guide, Webhook).
	taskEvents = "ExternalPostTask"
)

// A payload is the body of a webhook (guide, Webhook on new/rejected task). Only
// what is needed to see whose it is, and whether it is new, is read: what it says
// is never acted upon.
type payload struct {
	Action, PayloadID, EventGroupName, TaskID text
	EventDatetimeUTC                          number // milliseconds since 1970
}

// A hook takes webhooks. Nothing of an unsigned one is read beyond its bytes.
type hook struct {
	account *account
	key     []byte
	hash    func() hash.Hash
	header  string

	mu   sync.Mutex
	ids  map[string]bool
	ring []string // of ids, the oldest at next
	next int
}

func newHook(a *account, secret string) (*hook, error) {
	h := &hook{account: a, key: []byte(secret), header: a.opt.WebhookHeader, ids: map[string]bool{}}
	if a.opt.WebhookKey == "base64" { // "Base64 in RFC 2045 form" (public), which has line breaks
		key, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(secret), ""))
		if err != nil {
			return nil, errors.New("webhook_secret is no Base64; if it is the key itself, write webhook_key: text")
		}
		h.key = key
	}
	if len(h.key) == 0 {
		return nil, errors.New("webhook_secret is empty")
	}
	h.hash = map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}[a.opt.WebhookHash]
	return h, nil
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "only POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostHookBytes))
	if err != nil {
		http.Error(w, "too large, or cut off", http.StatusRequestEntityTooLarge)
		return
	}
	if !h.signed(body, r.Header.Get(h.header)) {
		http.Error(w, "the signature is missing or wrong", http.StatusUnauthorized)
		return
	}
	w.WriteHeader(h.take(body, time.Now()))
}

// signed compares an HMAC over the raw body, in Base64 or hex, with or without
// the name of its hash before it. That it is one is unverified.
func (h *hook) signed(body []byte, signature string) bool {
	if name, rest, cut := strings.Cut(signature, "="); cut && strings.EqualFold(name, h.account.opt.WebhookHash) {
		signature = rest
	}
	mac := hmac.New(h.hash, h.key)
	mac.Write(body)
	want := mac.Sum(nil)
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString} {
		if got, err := decode(strings.TrimSpace(signature)); err == nil && hmac.Equal(got, want) {
			return true
		}
	}
	return false
}

// take reads a genuine body and says how to answer it.
func (h *hook) take(body []byte, now time.Time) int {
	var p payload
	if json.Unmarshal(body, &p) != nil || p.PayloadID == "" || p.TaskID == "" || len(p.PayloadID) > 200 {
		return http.StatusBadRequest
	}
	at := time.UnixMilli(p.EventDatetimeUTC.whole())
	switch {
	case p.EventGroupName != "" && p.EventGroupName != taskEvents:
		return http.StatusOK // another webhook's
	case at.Before(now.Add(-hookWindow)) || at.After(now.Add(hookWindow)):
		h.account.log.Warn("A webhook is far from now and is left to the poll", "payload", p.PayloadID, "task", p.TaskID, "time", at)
		return http.StatusOK
	case !h.fresh(string(p.PayloadID)):
		return http.StatusOK
	}
	h.account.desk.touch(string(p.TaskID))
	h.account.log.Info("Webhook received", "action", p.Action, "task", p.TaskID)
	return http.StatusAccepted
}

// fresh remembers an id, and reports whether it was new.
func (h *hook) fresh(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ids[id] {
		return false
	}
	if len(h.ring) < rememberIDs {
		h.ring = append(h.ring, id)
	} else {
		delete(h.ids, h.ring[h.next])
		h.ring[h.next] = id
		h.next = (h.next + 1) % rememberIDs
	}
	h.ids[id] = true
	return true
}
