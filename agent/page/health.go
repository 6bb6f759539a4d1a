package page

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/studio-agent/studio-agent/agent/overview"
)

// health is what /healthz answers: to machines that watch the agent.
type health struct {
	Status  string   `json:"status"` // ok, degraded (a person should look) or failing (pictures do not go)
	Reasons []string `json:"reasons,omitempty"`
}

// health answers 200 for ok and degraded, 503 for failing. The reasons are for
// who is on this machine or has logged in.
func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	h := s.examineHealth(r.Context())
	if !isLocal(r) && !s.knows(r) {
		h.Reasons = nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if h.Status == "failing" {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	json.NewEncoder(w).Encode(h)
}

func (s *Server) examineHealth(ctx context.Context) health {
	o, err := overview.Read(ctx, s.Config(), s.Ledger)
	if err != nil {
		return health{"failing", []string{"the ledger cannot be read: " + err.Error()}}
	}
	failing, degraded := failures(o), doubts(o)
	switch {
	case len(failing) > 0:
		return health{"failing", append(failing, degraded...)}
	case len(degraded) > 0:
		return health{"degraded", degraded}
	}
	return health{Status: "ok"}
}

// failures are what keeps pictures from going.
func failures(o overview.Overview) (reasons []string) {
	if o.Live.Problem != "" {
		reasons = append(reasons, o.Live.Problem)
	}
	if !o.Running {
		reasons = append(reasons, "the agent gives no sign of life")
	}
	for _, f := range o.Live.Folders {
		if f.Watching == "blind" {
			reasons = append(reasons, fmt.Sprintf("%s: %ss cannot be seen: %s", f.Bench, f.Role, f.Reason))
		}
	}
	return reasons
}

// doubts are what somebody should look at.
func doubts(o overview.Overview) (reasons []string) {
	for _, a := range o.Live.Accounts {
		if a.Closed != "" {
			reasons = append(reasons, "account "+a.Account+": "+a.Closed)
		}
	}
	unfetched := 0
	for _, s := range o.Live.Sources {
		if s.Trouble != "" {
			reasons = append(reasons, "from account "+s.Account+": could not be looked at: "+s.Trouble)
		}
		unfetched += len(s.Unfetched)
	}
	held, stuck := 0, 0
	for _, b := range o.Benches {
		held += o.Light(b).Held
	}
	for _, t := range o.TaskNeeds {
		if t.Held {
			stuck++
		}
	}
	for _, n := range []struct {
		n    int
		noun string
		what string
	}{{held, "picture", "held until a person acts"}, {stuck, "task", "held until a person acts"}, {o.Late, "task", "late"}, {unfetched, "retouch", "ready for more than a day and not fetched"}} {
		if n.n > 0 {
			reasons = append(reasons, overview.Count(n.n, n.noun)+" "+n.what)
		}
	}
	return reasons
}
