package grandshooting

import (
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

const (
	mine  = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	other = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func pic(id ID, hash string, size number) Picture {
	return Picture{ID: id, Path: "a.jpg", Smalltext: "a.jpg", Hash: hash, Filesize: size, Thumbnail: "https://thumb"}
}

// The table of judge, line by line.
func TestJudge(t *testing.T) {
	replaces := connectors.Receipt{ID: "20", Name: "a.jpg", Size: 500, Verified: true}
	tests := map[string]struct {
		generation int
		replaces   connectors.Receipt
		sha1       string
		known      bool // hash is SHA-1
		pics       []Picture
		want       ID
	}{
		"nothing there": {1, connectors.Receipt{}, mine, false, nil, ""},

		"equal, first":                    {1, connectors.Receipt{}, mine, false, []Picture{pic("9", mine, 500)}, "9"},
		"equal, first, other size":        {1, connectors.Receipt{}, mine, true, []Picture{pic("9", mine, 499)}, "9"},
		"equal, upper case":               {1, connectors.Receipt{}, mine, true, []Picture{pic("9", strings.ToUpper(mine), 500)}, "9"},
		"equal, first, under a newer":     {1, connectors.Receipt{}, mine, true, []Picture{pic("10", other, 1), pic("9", mine, 500)}, "9"},
		"equal, later, newest":            {3, replaces, mine, true, []Picture{pic("20", mine, 500)}, "20"},
		"equal, later, nothing known":     {2, connectors.Receipt{}, mine, false, []Picture{pic("9", mine, 500)}, "9"},
		"equal, later, older: A, B, A":    {3, replaces, mine, true, []Picture{pic("20", other, 500), pic("9", mine, 500)}, ""},
		"equal, older, opaque to the eye": {3, replaces, mine, false, []Picture{pic("20", other, 500), pic("9", mine, 500)}, ""},

		"unequal, comparable, same size":        {1, connectors.Receipt{}, mine, true, []Picture{pic("9", other, 500)}, ""},
		"unequal, comparable, newer, same size": {2, replaces, mine, true, []Picture{pic("21", other, 500)}, ""},

		"unknown, other size":                   {1, connectors.Receipt{}, mine, false, []Picture{pic("9", other, 499)}, ""},
		"unknown, newer, other size":            {2, replaces, mine, false, []Picture{pic("21", other, 499)}, ""},
		"unknown, same size, first":             {1, connectors.Receipt{}, mine, false, []Picture{pic("9", other, 500)}, "9"},
		"no digest of ours, same size, first":   {1, connectors.Receipt{}, "", true, []Picture{pic("9", other, 500)}, "9"},
		"no hash there, same size, first":       {1, connectors.Receipt{}, mine, true, []Picture{pic("9", "", 500)}, "9"},
		"two without digests are not equal":     {2, replaces, "", false, []Picture{pic("20", "", 500)}, ""},
		"unknown, same size, newer":             {2, replaces, mine, false, []Picture{pic("21", other, 500)}, "21"},
		"unknown, same size, newer in digits":   {2, replaces, mine, false, []Picture{pic("100", other, 500)}, "100"},
		"unknown, same size, Replaces itself":   {2, replaces, mine, false, []Picture{pic("20", other, 500)}, ""},
		"unknown, same size, older":             {2, replaces, mine, false, []Picture{pic("19", other, 500)}, ""},
		"unknown, same size, Replaces unknown":  {2, connectors.Receipt{}, mine, false, []Picture{pic("9", other, 500)}, ""},
		"unknown, Replaces known but not by id": {2, connectors.Receipt{Name: "a.jpg", Size: 500}, mine, false, []Picture{pic("9", other, 500)}, ""},
		"an older one of the right size":        {1, connectors.Receipt{}, mine, false, []Picture{pic("21", other, 499), pic("9", other, 500)}, "9"},
	}
	for name, tt := range tests {
		p := connectors.Photo{Name: "a.jpg", Size: 500, Generation: tt.generation, Replaces: tt.replaces, Digests: connectors.Digests{SHA1: tt.sha1}}
		got := judge(p, tt.pics, tt.known)
		want := connectors.Receipt{}
		if tt.want != "" {
			want = connectors.Receipt{ID: string(tt.want), Name: "a.jpg", Link: "https://thumb", Size: 500, Verified: true}
		}
		if got != want {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
}

func TestCandidatesAreInThePhotosFolder(t *testing.T) {
	const uuid = "f33cdd25-b8b0-48dd-abac-cf8a29529f89/"
	tests := []struct {
		name, path string
		want       bool
	}{
		{"a_1.jpg", "a_1.jpg", true},
		{"a_1.jpg", "/a_1.jpg", true},
		{"a_1.jpg", "a-1.jpg", true}, // smalltext is what names it
		{"a_1.jpg", uuid + "a-1.jpg", true},
		{"a_1.jpg", uuid + "JPG/a-1.jpg", true},
		{"a_1.jpg", "JPG/a-1.jpg", true},
		{"a_1.jpg", "x/a_1.jpg", false},
		{"a_1.jpg", uuid + "x/a_1.jpg", false},
		{"x/a_1.jpg", "x/a_1.jpg", true},
		{"x/a_1.jpg", uuid + "x/a_1.jpg", true},
		{"x/a_1.jpg", uuid + "JPG/x/a_1.jpg", true},
		{"x/a_1.jpg", uuid + "x/JPG/a_1.jpg", true},
		{"x/a_1.jpg", "y/x/a_1.jpg", false},
		{"x/a_1.jpg", "xx/a_1.jpg", false},
		{"x/a_1.jpg", "X/a_1.jpg", false},
		{"x/a_1.jpg", "a_1.jpg", false},
		{"x/a_1.jpg", uuid + "a_1.jpg", false},
		{"x/y/a_1.jpg", uuid + "x/y/a_1.jpg", true},
		{"x/y/a_1.jpg", "y/a_1.jpg", false},
		{uuid + "a_1.jpg", uuid + "a_1.jpg", true},
		{"x/JPG/a_1.jpg", "x/JPG/a_1.jpg", true},
	}
	for _, tt := range tests {
		got := candidates(tt.name, []Picture{{ID: "1", Path: tt.path}})
		if (len(got) == 1) != tt.want {
			t.Errorf("%s listed as %s: candidate is %v, want %v", tt.name, tt.path, len(got) == 1, tt.want)
		}
	}
}

func TestCandidatesAreNewestFirstAndOnce(t *testing.T) {
	got := candidates("a.jpg", []Picture{{ID: "9", Path: "a.jpg"}, {ID: "100", Path: "a.jpg"}, {ID: "20", Path: "JPG/a.jpg"}, {ID: "9", Path: "a.jpg"}})
	if len(got) != 2 || got[0].ID != "100" || got[1].ID != "9" {
		t.Errorf("got %+v, want 100 and 9: what is exactly there goes before what may have been moved there", got)
	}
}
