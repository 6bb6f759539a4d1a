package pixelz

import (
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"net/http"
)

// mostHook bounds what a callback may bring.
const mostHook = 1 << 20

// A hook takes callbacks: imageTicket, processedImageURL and templateId, of
// unknown form and with no signature (a public Ruby client; unverified). It
// believes nothing of it. A success, 204, means only that looking now is worth
// it; whoever mounts the hook wakes the poll.
type hook struct{ key string }

func (h hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	given, wanted := sha256.Sum256([]byte(r.URL.Query().Get("key"))), sha256.Sum256([]byte(h.key))
	switch {
	case h.key == "" || subtle.ConstantTimeCompare(given[:], wanted[:]) != 1:
		http.Error(w, "wrong key", http.StatusForbidden)
		return
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "only POST", http.StatusMethodNotAllowed)
		return
	}
	if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, mostHook)); err != nil {
		http.Error(w, "too much, or broken off", http.StatusRequestEntityTooLarge)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
