// Package overview reads what people want to know of an agent at one moment:
// what is delivered, what is on its way, what waits and why, and what needs a
// person. `status`, `why` and the web page show it, each in its own way, so that
// all three say the same.
//
// It reads the ledger alone: an agent that runs tells there what it is doing
// (Live), and one that does not has left all that it knew.
package overview

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/inbound"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
	"github.com/studio-agent/studio-agent/watch"
)

// BeatEvery is how often, at least, a running agent gives a sign of life. One
// without any for three times as long is gone.
const BeatEvery = 10 * time.Second

// Live is what an agent tells of this very moment, through the ledger, to
// whoever looks.
type Live struct {
	Folders  []Folder
	Accounts []outbound.Status
	Sources  []inbound.Status // of accounts that something is imported from
	Problem  string           `json:",omitempty"` // of the agent as a whole: a refused configuration
}

// A Folder is a hot folder as it is watched.
type Folder struct {
	Bench, Path string
	Role        connectors.Role
	To          []string
	watch.Status
}

// Waits returns what waits in one hot folder, and why.
func (l Live) Waits(path string) []watch.Waiting {
	for _, f := range l.Folders {
		if f.Path == path {
			return f.Waiting
		}
	}
	return nil
}

// RunningAgent returns the agent that last worked with the ledger, and whether
// it still does.
func RunningAgent(ctx context.Context, l *ledger.Ledger) (ledger.Agent, bool, error) {
	agents, err := l.Agents(ctx)
	if err != nil || len(agents) == 0 {
		return ledger.Agent{}, false, err
	}
	return agents[0], time.Since(agents[0].Seen) < 3*BeatEvery && !agents[0].Stopped, nil
}

// Now returns what the running agent says of itself; the zero Live if none runs.
func Now(ctx context.Context, l *ledger.Ledger) (agent ledger.Agent, running bool, live Live, err error) {
	agent, running, err = RunningAgent(ctx, l)
	if err != nil || !running {
		return agent, running, Live{}, err
	}
	if err := json.Unmarshal(agent.Live, &live); err != nil {
		return agent, running, Live{}, fmt.Errorf("read what the agent says of itself: %w", err)
	}
	return agent, running, live, nil
}
