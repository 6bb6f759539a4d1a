package page

import (
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// csvRow is how long the writing of some rows may take: somebody who reads no more
// has left.
const csvRows = 30 * time.Second

var csvHead = []string{"added", "bench", "account", "direction", "kind", "folder", "file", "size", "state", "sent", "attempts", "at the account", "link", "reason", "sha256"}

// filesCSV writes all that a filter finds as a table, as it is read.
func (s *Server) filesCSV(w http.ResponseWriter, r *http.Request) {
	q := filterOf(r.URL.Query()).search()
	q.Most = 1000
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="files.csv"`)
	w.Header().Set("Cache-Control", "no-store")
	out, table := http.NewResponseController(w), csv.NewWriter(w)
	table.Write(csvHead)
	for {
		found, err := s.Ledger.Search(r.Context(), q)
		if err != nil {
			s.Log.Warn("A table of files was cut off", "error", err)
			panic(http.ErrAbortHandler) // so that nobody takes half a table for the whole
		}
		for _, j := range found.Jobs {
			table.Write(csvLine(j))
		}
		table.Flush()
		out.SetWriteDeadline(time.Now().Add(csvRows)) // where it cannot be set, the server's own holds
		if table.Error() != nil || !found.More {
			return
		}
		q.After = found.Next
	}
}

func csvLine(j ledger.Job) []string {
	line := []string{stamp(j.Created), j.Bench, j.Account, string(j.Flow), string(j.Kind), j.Folder, j.Name, strconv.FormatInt(j.Size, 10),
		string(j.State), stamp(j.SentAt), strconv.Itoa(j.Starts), j.Receipt.Name, https(j.Source.Link, j.Receipt.Link), j.Reason, j.Digests.SHA256}
	for i, field := range line {
		line[i] = harmless(field)
	}
	return line
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.RFC3339)
}

// harmless keeps a spreadsheet from taking a text for a formula. A number stays
// one.
func harmless(field string) string {
	if _, err := strconv.ParseInt(field, 10, 64); err != nil && field != "" && strings.ContainsAny(field[:1], "=+-@\t\r\n") {
		return "'" + field
	}
	return field
}
