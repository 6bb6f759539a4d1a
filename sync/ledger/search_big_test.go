package ledger

import (
	"fmt"
	"testing"
	"time"
)

// aMillion fills a ledger with n jobs, a second apart, of four benches and three
// accounts; one in a thousand came to nothing.
func fillLedger(b testing.TB, l *Ledger, n int) {
	b.Helper()
	_, err := l.db.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO jobs (`+columns+`, stem, agent, lease)
		SELECT printf('%020x', i), CASE WHEN i = 5 THEN 'rare' ELSE 'acc' || (i % 3) END, 'bench-' || (i % 4), 'capture', '/studio/hot', printf('day%d/SS18_%07d.jpg', i / 1000, i),
			'', 'out', 'deliver', 1, 1000000, i, 0, printf('%064x', i), '', '', 0, '', CASE WHEN i % 1000 = 0 THEN 'superseded' ELSE 'done' END, 1, i * 1000000000, 0, i * 1000000000,
			FALSE, FALSE, FALSE, 0, 1, 0, 0, i, 'x', '', 1000000, TRUE, '', FALSE, '', '', '', '', '', '', '', '', FALSE, FALSE, '', 0, '', FALSE, printf('ss18_%07d', i), '', 0 FROM n`, n)
	must(b, err)
}

func BenchmarkSearchAMillion(b *testing.B) {
	l := openNew(b)
	fillLedger(b, l, 1_000_000)
	for name, q := range map[string]Search{
		"newest":           {},
		"exact":            {Name: "SS18_0500000.jpg"},
		"prefix":           {Name: "SS18_05000"},
		"prefix of all":    {Name: "SS18"},
		"part":             {Name: "*0999"},
		"part of none":     {Name: "*nothing"},
		"bench":            {Bench: "bench-1"},
		"account":          {Account: "acc1"},
		"rare account":     {Account: "rare"},
		"not sent":         {States: []State{Superseded}},
		"held":             {States: []State{Parked, GivenUp}},
		"a day":            {From: time.Unix(500_000, 0), Until: time.Unix(586_400, 0)},
		"a day of a bench": {Bench: "bench-2", Account: "acc0", States: []State{Superseded}, From: time.Unix(500_000, 0), Until: time.Unix(586_400, 0)},
		"exact of a bench": {Name: "SS18_0500000.jpg", Bench: "bench-0"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f, err := l.Search(b.Context(), q)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(f.Jobs)), "jobs")
			}
		})
	}
	b.Run("shots", func(b *testing.B) {
		for b.Loop() {
			s, _, err := l.Shots(b.Context(), "bench-1", Place{}, 60)
			if err != nil || len(s) != 60 {
				b.Fatal(fmt.Sprint(len(s)), err)
			}
		}
	})
}
