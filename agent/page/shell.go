package page

import (
	"slices"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// sum is the light of the whole studio: the worst of its benches.
func sum(o overview.Overview) overview.Light {
	worst := []overview.Sign{overview.Fine, overview.Waiting, overview.Working, overview.Needs}
	all := overview.Light{Sign: overview.Fine}
	for _, b := range o.Benches {
		l := o.Light(b)
		if slices.Index(worst, l.Sign) > slices.Index(worst, all.Sign) {
			all.Sign = l.Sign
		}
		all.Open, all.Held, all.Ready, all.Bytes = all.Open+l.Open, all.Held+l.Held, all.Ready+l.Ready, all.Bytes+l.Bytes
		all.Tasks += l.Tasks
		all.Behind = max(all.Behind, l.Behind)
	}
	if !o.Running || o.Live.Problem != "" {
		all.Sign = overview.Needs
	}
	return all
}

// pausedAll is the pause of all accounts; nil if there is none.
func pausedAll(pauses []ledger.Pause) *ledger.Pause { return pauseOf(pauses, "*") }

func pauseOf(pauses []ledger.Pause, account string) *ledger.Pause {
	if i := slices.IndexFunc(pauses, func(p ledger.Pause) bool { return p.Account == account }); i >= 0 {
		return &pauses[i]
	}
	return nil
}

func list(items ...any) []any { return items }
