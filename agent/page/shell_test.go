package page

import (
	"testing"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestTheSumIsTheWorstOfTheBenchesAndCountsThemAll(t *testing.T) {
	bench := func(tallies ...ledger.Tally) overview.Bench { return overview.Bench{Tallies: tallies} }
	quiet, ready, held := bench(), bench(ledger.Tally{Offered: 5}), bench(ledger.Tally{Parked: 2, Queued: 3})
	for _, tt := range []struct {
		name    string
		benches []overview.Bench
		want    overview.Light
	}{
		{"nothing to do", []overview.Bench{quiet}, overview.Light{Sign: overview.Fine}},
		{"some wait for a person", []overview.Bench{quiet, ready}, overview.Light{Sign: overview.Needs, Ready: 5}},
		{"all of it", []overview.Bench{ready, held, ready}, overview.Light{Sign: overview.Needs, Ready: 10, Held: 2, Open: 3}},
	} {
		if got := sum(overview.Overview{Running: true, Benches: tt.benches}); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
	if got := sum(overview.Overview{}); got.Sign != overview.Needs {
		t.Errorf("an agent that does not run: %q", got.Sign)
	}
}
