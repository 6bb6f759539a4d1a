package inbound

import (
	"fmt"
	"slices"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/watch/picture"
)

// falls says in what a picture falls short of what was wanted, with numbers, or
// returns "".
func falls(want connectors.Specification, is picture.Facts, size int64) string {
	var short []string
	add := func(format string, args ...any) { short = append(short, fmt.Sprintf(format, args...)) }
	if is.Width < want.MinWidth || is.Height < want.MinHeight {
		add("%d x %d pixels, wanted at least %s", is.Width, is.Height, pixels(want.MinWidth, want.MinHeight))
	}
	if want.MaxWidth > 0 && is.Width > want.MaxWidth || want.MaxHeight > 0 && is.Height > want.MaxHeight {
		add("%d x %d pixels, wanted at most %s", is.Width, is.Height, pixels(want.MaxWidth, want.MaxHeight))
	}
	if len(want.Profiles) > 0 && !named(want.Profiles, is.Profile) {
		add("%s, wanted %s", orNone(is.Profile, "ICC profile"), strings.Join(want.Profiles, " or "))
	}
	if len(want.Formats) > 0 && !named(want.Formats, is.Format) {
		add("%s, wanted %s", orNone(is.Format, "known format"), strings.Join(want.Formats, " or "))
	}
	if want.Bits > 0 && is.Bits != want.Bits {
		add("%d bits per channel, wanted %d", is.Bits, want.Bits)
	}
	if want.MaxBytes > 0 && size > want.MaxBytes {
		add("%d bytes, wanted at most %d", size, want.MaxBytes)
	}
	return strings.Join(short, "; ")
}

// pixels writes a limit of which one side may be free.
func pixels(width, height int) string {
	switch {
	case width == 0:
		return fmt.Sprintf("%d high", height)
	case height == 0:
		return fmt.Sprintf("%d wide", width)
	}
	return fmt.Sprintf("%d x %d", width, height)
}

func named(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

func orNone(value, what string) string {
	if value == "" {
		return "no " + what
	}
	return value
}
