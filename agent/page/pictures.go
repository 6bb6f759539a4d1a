package page

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// Edges of what pictures are shown at: thumbnails, and one picture alone.
const (
	smallEdge = 320
	largeEdge = 1600
)

const pictureWithin = 20 * time.Second

// picture shows a job's file: GET /picture/JOB?edge=320|1600. It knows jobs of
// the ledger alone, no paths. Where there is no preview, a neutral sign with the
// file's extension stands in.
func (s *Server) picture(w http.ResponseWriter, r *http.Request) {
	edge := smallEdge
	if r.URL.Query().Get("edge") == fmt.Sprint(largeEdge) {
		edge = largeEdge
	}
	j, ok, err := s.Ledger.Job(r.Context(), r.PathValue("job"))
	switch {
	case err != nil:
		http.Error(w, "the ledger cannot be read just now", http.StatusServiceUnavailable)
		return
	case !ok:
		http.Error(w, "there is no such picture", http.StatusNotFound)
		return
	}
	tag := fmt.Sprintf(`"%s-%s-%d"`, j.ID, j.State, edge)
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.Header().Set("ETag", tag)
		w.WriteHeader(http.StatusNotModified)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), pictureWithin)
	defer cancel()
	jpeg, err := s.Preview(ctx, j, edge)
	if err != nil || !bytes.HasPrefix(jpeg, []byte("\xff\xd8\xff")) {
		s.Log.Debug("No preview", "account", j.Account, "bench", j.Bench, "name", j.Name, "error", err)
		standIn(w, j)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "private, max-age=300")
	w.Write(jpeg)
}

// standIn is asked for again soon: a preview may be there by then.
func standIn(w http.ResponseWriter, j ledger.Job) {
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "private, max-age=10")
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 240"><rect width="320" height="240" fill="#808080" fill-opacity=".18"/>`+
		`<text x="160" y="136" text-anchor="middle" font-family="sans-serif" font-size="44" fill="#808080">%s</text></svg>`, extension(j.Name))
}
