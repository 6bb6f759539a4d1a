package inbound

import (
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/watch/picture"
)

func TestFalls(t *testing.T) {
	is := picture.Facts{Format: "tiff", Width: 3000, Height: 2000, Bits: 16, Profile: "Adobe RGB (1998)"}
	for _, c := range []struct {
		name string
		want connectors.Specification
		is   picture.Facts
		say  string
	}{
		{"nothing is asked", connectors.Specification{}, picture.Facts{}, ""},
		{"just large enough", connectors.Specification{MinWidth: 3000, MinHeight: 2000, MaxWidth: 3000, MaxHeight: 2000}, is, ""},
		{"too small", connectors.Specification{MinWidth: 3000, MinHeight: 4000}, is, "3000 x 2000 pixels, wanted at least 3000 x 4000"},
		{"too narrow", connectors.Specification{MinWidth: 3001}, is, "3000 x 2000 pixels, wanted at least 3001 wide"},
		{"too low", connectors.Specification{MinHeight: 2001}, is, "3000 x 2000 pixels, wanted at least 2001 high"},
		{"too wide", connectors.Specification{MaxWidth: 2999, MaxHeight: 9000}, is, "3000 x 2000 pixels, wanted at most 2999 x 9000"},
		{"too high", connectors.Specification{MaxHeight: 1999}, is, "3000 x 2000 pixels, wanted at most 1999 high"},
		{"one of two profiles", connectors.Specification{Profiles: []string{"sRGB IEC61966-2.1", "adobe rgb (1998)"}}, is, ""},
		{"another profile", connectors.Specification{Profiles: []string{"sRGB IEC61966-2.1", "Display P3"}}, is, "Adobe RGB (1998), wanted sRGB IEC61966-2.1 or Display P3"},
		{"no profile", connectors.Specification{Profiles: []string{"Display P3"}}, picture.Facts{}, "no ICC profile, wanted Display P3"},
		{"the format", connectors.Specification{Formats: []string{"TIFF"}}, is, ""},
		{"another format", connectors.Specification{Formats: []string{"jpeg", "psd"}}, is, "tiff, wanted jpeg or psd"},
		{"no format", connectors.Specification{Formats: []string{"jpeg"}}, picture.Facts{}, "no known format, wanted jpeg"},
		{"bits", connectors.Specification{Bits: 8}, is, "16 bits per channel, wanted 8"},
		{"bytes", connectors.Specification{MaxBytes: 99}, is, "100 bytes, wanted at most 99"},
		{"all that is wrong", connectors.Specification{Bits: 8, MaxBytes: 99}, is, "16 bits per channel, wanted 8; 100 bytes, wanted at most 99"},
	} {
		if got := falls(c.want, c.is, 100); got != c.say {
			t.Errorf("%s: got %q, want %q", c.name, got, c.say)
		}
	}
}
