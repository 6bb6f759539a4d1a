package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A Size is a number of bytes, written with a unit: 64MiB, 20GB, 1.5TB.
type Size int64

// UnmarshalText reads decimal (KB, MB, GB, TB) and binary units (KiB, …). A bare
// number other than 0 is refused: nobody can tell which unit was meant.
func (s *Size) UnmarshalText(text []byte) error {
	units := []struct {
		name  string
		bytes float64
	}{
		{"KIB", 1 << 10}, {"MIB", 1 << 20}, {"GIB", 1 << 30}, {"TIB", 1 << 40},
		{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1},
	}
	word := strings.TrimSpace(string(text))
	for _, u := range units {
		digits, found := strings.CutSuffix(strings.ToUpper(word), u.name)
		if !found {
			continue
		}
		number, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if err != nil || math.IsNaN(number) || number < 0 || number*u.bytes > 1<<60 {
			break
		}
		*s = Size(math.Round(number * u.bytes))
		return nil
	}
	if number, err := strconv.ParseFloat(word, 64); err == nil && number == 0 {
		*s = 0
		return nil
	} else if err == nil && number > 0 {
		return fmt.Errorf("%q has no unit; write one like %sGB or %sMB", word, word, word)
	}
	return fmt.Errorf("%q is not a size; write one like 64MiB or 20GB", word)
}

// Existing says which of the files found in a folder's very first scan are sent.
// Zero: all of them.
type Existing struct {
	Ignore bool      `yaml:"-"` // none
	Since  time.Time `yaml:"-"` // those changed at this time or later; zero for no limit
}

// UnmarshalText reads all, ignore or "since 2026-11-01", local midnight.
func (e *Existing) UnmarshalText(text []byte) error {
	word := string(text)
	date, since := strings.CutPrefix(word, "since ")
	switch {
	case word == "all":
		*e = Existing{}
	case word == "ignore":
		*e = Existing{Ignore: true}
	case since:
		day, err := time.ParseInLocation(time.DateOnly, strings.TrimSpace(date), time.Local)
		if err != nil {
			return fmt.Errorf("%q is not a date; write one like since 2026-11-01", date)
		}
		*e = Existing{Since: day}
	default:
		return fmt.Errorf("%q is no choice here; write all, ignore or since 2026-11-01", word)
	}
	return nil
}

// HoldAbove is a brake: if a folder's very first scan finds more than this to
// send, its bench waits for a person to say release. 0 holds everything.
type HoldAbove struct {
	Files int  `yaml:"files" default:"500" range:"0..1000000000"`
	Size  Size `yaml:"size" default:"20GB"`
}

// UnmarshalText reads the short forms: a number of files (the size stays as it
// is), or off.
func (h *HoldAbove) UnmarshalText(text []byte) error {
	if string(text) == "off" {
		*h = HoldAbove{Files: math.MaxInt, Size: math.MaxInt64}
		return nil
	}
	files, err := parseInt(string(text))
	if err != nil || files < 0 {
		return fmt.Errorf("%q is no choice here; write a number of files, off, or {files: 500, size: 20GB}", text)
	}
	h.Files = int(files)
	return nil
}
