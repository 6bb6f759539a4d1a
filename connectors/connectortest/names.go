package connectortest

import (
	"errors"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

var names = []check{
	{"an odd name arrives or is refused for good", sends, oddNames},
	{"a hostile name is refused for good and leads nowhere", sends, hostileNames},
}

// What cameras, people and other systems call their files.
var odd = []string{
	"photo 1.jpg", " leading space.jpg", "été-NFC-\u00e9.jpg", "ete-NFD-e\u0301.jpg",
	"same-\u00e9.jpg", "same-e\u0301.jpg",
	"emoji-📷👩🏽‍🎨.jpg", "日本語.jpg", "عربى.jpg", "quote'.jpg", "100%.jpg", "%2e%2e%2fx.jpg", "hash#1.jpg",
	"plus+and&.jpg", "a=b;c,d.jpg", "[1]{2}(3).jpg", "~tilde.jpg", "$HOME.jpg", "`x`.jpg", "-rf", "comma,.jpg",
	".hidden.jpg", "no-extension", "two..dots.jpg", "...jpg", "COM10.jpg", "console.jpg",
	"UPPER.JPG", strings.Repeat("n", 251) + ".jpg", strings.Repeat("é", 125) + "n.jpg",
	strings.Repeat("deep/", 20) + "0001.jpg", "per cent %s %d.jpg", "null%00.jpg",
	// Some system along the way cannot store these.
	`quote".jpg`, "a:b.jpg", "question?.jpg", "star*.jpg", "<tag>.jpg", "pipe|.jpg", `back\slash.jpg`,
	"CON", "con.jpg", "LPT1.tif", "trailing dot.", "trailing space ", "folder./0001.jpg", "nul/0001.jpg",
	"new\nline.jpg", "cr\r\nDELE 0001.jpg", "tab\t.jpg", "bell\a.jpg", strings.Repeat("n", 256),
}

// Names that lead out of the folder, or that are none.
var hostile = []string{
	"", ".", "..", "/", "../escape.jpg", "a/../../escape.jpg", "../../../../../../tmp/escape.jpg", "/escape.jpg",
	"//server/share/escape.jpg", "a/..", "./escape.jpg", "a/./escape.jpg", "a//escape.jpg", "a/", `..\escape.jpg`,
	`C:\escape.jpg`, `\\server\share\escape.jpg`, "nul\x00.jpg", "not-utf8-\xff.jpg", "a/../escape.jpg",
}

func oddNames(t *testing.T, r Rig) {
	for _, name := range odd {
		p := newPhoto(r, name, 1)
		before := len(r.Files())
		_, err := r.Out.Deliver(t.Context(), p.Photo, p.open, published)
		if err != nil {
			if !errors.Is(err, connectors.ErrRejected) {
				t.Errorf("%q: %v, which is no refusal for good", name, err)
			}
			if after := len(r.Files()); after != before {
				t.Errorf("%q was refused and yet there are %d files, before %d", name, after, before)
			}
			continue
		}
		wantFound(t, r, p)
		wantOnce(t, r, p)
		if after := len(r.Files()); after != before+1 {
			t.Errorf("%q made %d files of %d", name, after, before)
		}
	}
}

func hostileNames(t *testing.T, r Rig) {
	for _, name := range hostile {
		p, calls := newPhoto(r, name, 1), 0
		_, err := r.Out.Deliver(t.Context(), p.Photo, p.open, func() error { calls++; return nil })
		if !errors.Is(err, connectors.ErrRejected) {
			t.Errorf("%q: got %v, want a refusal for good", name, err)
		}
		if calls != 0 {
			t.Errorf("%q was refused after publish", name)
		}
		if receipts, err := r.Out.Find(t.Context(), []connectors.Photo{p.Photo}); err == nil && !receipts[0].Zero() {
			t.Errorf("%q is found: %+v", name, receipts[0])
		}
	}
	wantNothing(t, r)
}
