package bundle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// ids makes identities of lines: root, folder's ID, file's ID, content; "-" is
// not known.
func ids(lines ...string) (list []Identity) {
	for _, line := range lines {
		f := strings.Fields(strings.ReplaceAll(line, " -", " \x00"))
		for i := range f {
			f[i] = strings.TrimPrefix(f[i], "\x00")
		}
		list = append(list, Identity{Root: f[0], Folder: f[1], Project: "x.prproj", File: f[2], Content: f[3]})
	}
	return list
}

func TestCompare(t *testing.T) {
	tests := map[string]struct {
		before, now []Identity
		unseen      []string
		want        string // fate before>now, in order
	}{
		"nothing":                       {nil, nil, nil, ""},
		"a new one":                     {nil, ids("S 1 2 c"), nil, "appeared >S"},
		"it stays":                      {ids("S 1 2 c"), ids("S 1 2 c"), nil, "stayed S>S"},
		"edited in place":               {ids("S 1 2 c"), ids("S 1 3 d"), nil, "stayed S>S"},
		"a share mounted again":         {ids("S 1 2 c", "T 3 4 d"), ids("S 9 8 c", "T 7 6 d"), nil, "stayed S>S, stayed T>T"},
		"nothing is known":              {ids("S - - -"), ids("S - - -", "T - - -"), nil, "stayed S>S, appeared >T"},
		"renamed":                       {ids("S 1 2 c"), ids("Spring 1 2 c"), nil, "renamed S>Spring"},
		"renamed and edited":            {ids("S 1 2 c"), ids("Spring 1 3 d"), nil, "renamed S>Spring"},
		"renamed, no IDs":               {ids("S - - c"), ids("Spring - - c"), nil, "renamed S>Spring"},
		"moved":                         {ids("S 1 2 c"), ids("archive/S 1 2 c"), nil, "moved S>archive/S"},
		"moved to another disk":         {ids("S 1 2 c"), ids("other/S 7 8 c"), nil, "moved S>other/S"},
		"swapped":                       {ids("S 1 2 c", "T 3 4 d"), ids("S 3 4 d", "T 1 2 c"), nil, "renamed S>T, renamed T>S"},
		"renamed, and another in place": {ids("S 1 2 c"), ids("S 5 6 e", "Old 1 2 c"), nil, "renamed S>Old, appeared >S"},
		"gone":                          {ids("S 1 2 c"), nil, nil, "vanished S>"},
		"gone, and another came":        {ids("S 1 2 c"), ids("T 3 4 d"), nil, "vanished S>, appeared >T"},
		"copied":                        {ids("S 1 2 c"), ids("S 1 2 c", "S-copy 3 4 c"), nil, "stayed S>S, appeared >S-copy"},
		"copied, no IDs":                {ids("S - - c"), ids("S - - c", "T - - c"), nil, "stayed S>S, appeared >T"},
		"gone, with two heirs":          {ids("S - - c"), ids("T - - c", "U - - c"), nil, "vanished S>, appeared >T, appeared >U"},
		"two of a template gone":        {ids("S - - c", "T - - c"), ids("U - - c"), nil, "vanished S>, vanished T>, appeared >U"},
		"unseen":                        {ids("a/S 1 2 c", "b/T 3 4 d"), nil, []string{"a"}, "unseen a/S>, vanished b/T>"},
		"the bundle itself is unseen":   {ids("S 1 2 c"), nil, []string{"S"}, "unseen S>"},
		"a part of it is unseen":        {ids("S 1 2 c"), nil, []string{"S/in"}, "unseen S>"},
		"all is unseen":                 {ids("S 1 2 c"), nil, []string{"."}, "unseen S>"},
		"a name that begins alike":      {ids("S1 1 2 c"), nil, []string{"S"}, "vanished S1>"},
		"unseen, with an heir":          {ids("a/S 1 2 c"), ids("b/S 1 2 c"), []string{"a"}, "unseen a/S>, appeared >b/S"},
		"unseen and still there":        {ids("a/S 1 2 c"), ids("a/S 1 2 c"), []string{"a/x"}, "stayed a/S>a/S"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, c := range Compare(tt.before, tt.now, tt.unseen) {
				got = append(got, fmt.Sprintf("%s %s>%s", c.Fate, c.Before.Root, c.Now.Root))
			}
			if text := strings.Join(got, ", "); text != tt.want {
				t.Errorf("got %s, want %s", text, tt.want)
			}
		})
	}
}

func TestAnotherProgramIsAnotherBundle(t *testing.T) {
	before, now := ids("S 1 2 c"), ids("T 1 3 d")
	now[0].Project = "x.aep"
	if got := Compare(before, now, nil); len(got) != 2 || got[0].Fate != Vanished || got[1].Fate != Appeared {
		t.Errorf("got %+v: the folder's ID alone was dealt out anew", got)
	}
}

// Each bundle of either look has one fate.
func FuzzCompare(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, data []byte) {
		var looks [2][]Identity
		for i, b := range data {
			id := Identity{Root: string('a' + b%5), Folder: string('0' + b>>2%3), File: string('0' + b>>4%3), Content: string('0' + b>>6%3), Project: "x.aep"}
			if look := &looks[i%2]; !slices.ContainsFunc(*look, func(o Identity) bool { return o.Root == id.Root }) {
				*look = append(*look, id)
			}
		}
		before, now := 0, 0
		for _, c := range Compare(looks[0], looks[1], nil) {
			if c.Before != (Identity{}) {
				before++
			}
			if c.Now != (Identity{}) {
				now++
			}
		}
		if before != len(looks[0]) || now != len(looks[1]) {
			t.Errorf("%d and %d fates of %d and %d bundles", before, now, len(looks[0]), len(looks[1]))
		}
	})
}
