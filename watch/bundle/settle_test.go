package bundle

import (
	"strings"
	"testing"
	"time"
)

func TestABundleSettlesAsAWhole(t *testing.T) {
	type look struct {
		after   time.Duration // since the first look
		listing []string
		ready   string
	}
	project := []string{"S/S.prproj", "S/a.mov"}
	tests := map[string][]look{
		"rest":                {{0, project, ""}, {4 * time.Second, project, ""}, {5 * time.Second, project, "S"}, {time.Hour, project, "S"}},
		"one look is no rest": {{0, project, ""}},
		"it is saved again":   {{0, project, ""}, {4 * time.Second, []string{"S/S.prproj @1"}, ""}, {8 * time.Second, []string{"S/S.prproj @1"}, ""}, {9 * time.Second, []string{"S/S.prproj @1"}, "S"}},
		"a lock comes":        {{0, project, ""}, {4 * time.Second, append(project, "S/S.prlock"), ""}, {6 * time.Second, append(project, "S/S.prlock"), ""}, {9 * time.Second, append(project, "S/S.prlock"), "S"}},
		"media do not count":  {{0, project, ""}, {4 * time.Second, append(project, "S/b.mov"), ""}, {5 * time.Second, append(project, "S/b.mov @3", "S/c.mov"), "S"}},
		"it left and came":    {{0, project, ""}, {4 * time.Second, nil, ""}, {6 * time.Second, project, ""}, {11 * time.Second, project, "S"}},
		"each by itself":      {{0, project, ""}, {5 * time.Second, append(project, "T/T.aep"), "S"}, {10 * time.Second, append(project, "T/T.aep"), "S T"}},
		"the clock is set":    {{time.Hour, project, ""}, {0, project, ""}, {4 * time.Second, project, ""}, {5 * time.Second, project, "S"}},
	}
	for name, looks := range tests {
		t.Run(name, func(t *testing.T) {
			var s Settler
			for i, l := range looks {
				bundles, _ := Recognize(listing(l.listing...), Programs())
				var got []string
				for _, b := range s.Observe(morning.Add(l.after), bundles) {
					got = append(got, b.Root)
				}
				if strings.Join(got, " ") != l.ready {
					t.Errorf("look %d: %q are ready, want %q", i, got, l.ready)
				}
			}
		})
	}
	s := Settler{Quiet: time.Minute}
	bundles, _ := Recognize(listing(project...), Programs())
	s.Observe(morning, bundles)
	if got := s.Observe(morning.Add(59*time.Second), bundles); len(got) != 0 {
		t.Errorf("%+v have rested before Quiet was over", got)
	}
}

func TestARemountIsNoChange(t *testing.T) {
	var s Settler
	bundles, _ := Recognize(listing("S/S.prproj"), Programs())
	s.Observe(morning, bundles)
	bundles[0].Set[0].ID = "another"
	if got := s.Observe(morning.Add(time.Minute), bundles); len(got) != 1 {
		t.Error("a file whose ID alone is new is taken for changed")
	}
}
