package ledger

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/studio-agent/studio-agent/connectors"
)

// TestNewIDGolden holds the IDs still: a change would send every open job of an
// updated agent a second time.
func TestNewIDGolden(t *testing.T) {
	tests := []struct {
		account             string
		kind                Kind
		folder, name, batch string
		generation          int
		want                string
	}{
		{"gs", Deliver, "/hot", "a.jpg", "", 1, "36207c7f6b9119e3db28"},
		{"gs", Mark, "/hot", "a.jpg", "", 1, "63671c3295737182d338"},
		{"gs", Deliver, "/hot", "ä 📷/\"x\".jpg", "task 7", 12, "ea6b741914a57ea9b16e"},
	}
	for _, test := range tests {
		got := NewID(test.account, test.kind, test.folder, test.name, test.batch, test.generation)
		if got != test.want {
			t.Errorf("NewID of %q generation %d = %s, want %s", test.name, test.generation, got, test.want)
		}
	}
}

func TestNewIDInjective(t *testing.T) {
	type key struct {
		account             string
		kind                Kind
		folder, name, batch string
		generation          int
	}
	id := func(k key) string { return NewID(k.account, k.kind, k.folder, k.name, k.batch, k.generation) }
	// A path holds anything but NUL. Few letters make near misses likely.
	text := rapid.StringOfN(rapid.SampledFrom([]rune("a/1\n\\\u0301á \"")), 0, 4, -1)
	draw := rapid.Custom(func(t *rapid.T) key {
		return key{text.Draw(t, "account"), rapid.SampledFrom([]Kind{Deliver, Mark}).Draw(t, "kind"), text.Draw(t, "folder"),
			text.Draw(t, "name"), text.Draw(t, "batch"), rapid.IntRange(0, 12).Draw(t, "generation")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		if (id(a) == id(b)) != (a == b) {
			t.Fatalf("%+v has %s, %+v has %s", a, id(a), b, id(b))
		}
		if got := id(a); len(got) != 20 || strings.Trim(got, "0123456789abcdef") != "" {
			t.Fatalf("%q is not 20 hex digits", got)
		}
	})
}

func TestPhoto(t *testing.T) {
	j := newJob("day 1/a.jpg", 2, sha("abc"), published, func(j *Job) { j.Batch, j.Rating, j.Label = "7", 4, "red" })
	want := connectors.Photo{
		ID: j.ID, Bench: "bench", Role: connectors.Capture, Name: "day 1/a.jpg", Path: filepath.FromSlash(hot) + string(filepath.Separator) + filepath.Join("day 1", "a.jpg"),
		Batch: "7", Generation: 2, Size: 10, Digests: connectors.Digests{SHA256: "abc"}, ModTime: j.ModTime, Rating: 4, Label: "red", Published: true,
	}
	j.Folder = filepath.FromSlash(hot)
	if got := j.Photo(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestPathOfRoot(t *testing.T) {
	root := string(filepath.Separator)
	if got, want := (Job{Folder: root, Name: "a/b.jpg"}).Path(), root+filepath.Join("a", "b.jpg"); got != want {
		t.Errorf("Path = %q, want %q", got, want)
	}
}

func TestNanos(t *testing.T) {
	for _, test := range []struct {
		name     string
		t, again time.Time
	}{
		{"none", time.Time{}, time.Time{}},
		{"now", noon, noon},
		{"before 1970", time.Unix(-5, 5), time.Unix(-5, 5)},
		{"for ever", time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(0, 1<<63-1)},
		{"long ago", time.Date(1066, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(0, -1<<63)},
	} {
		if got := fromNanos(nanos(test.t)); !got.Equal(test.again) {
			t.Errorf("%s: %v comes back as %v, want %v", test.name, test.t, got, test.again)
		}
	}
}
