package overview

import (
	"fmt"
	"strings"
	"time"
)

// A Sign is a state in one shape, so that colour is never needed to read it.
type Sign string

const (
	Fine    Sign = "●" // all there
	Working Sign = "◐" // on its way
	Waiting Sign = "◌" // goes on by itself
	Needs   Sign = "▲" // needs a person
	Failed  Sign = "✕" // came to nothing
)

// Clock writes a moment as people do: the time today, the day otherwise.
func Clock(now, t time.Time) string {
	t = t.Local()
	if t.Format(time.DateOnly) == now.Local().Format(time.DateOnly) {
		return t.Format("15:04:05")
	}
	return t.Format("2 Jan 15:04")
}

// Rough writes a duration as people do: 40 s, 3 min, 2 h, 4 days.
func Rough(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(0, int(d.Seconds())))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 72*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// Count writes a number with its noun: 1 photo, 3 photos.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "ch") {
		noun += "e"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Shown makes a hostile file name harmless on a terminal and in a sentence.
func Shown(name string) string {
	for _, r := range name {
		if r < ' ' || r == 0x7f || r == '\u202e' || r == 0xfffd {
			return fmt.Sprintf("%q", name)
		}
	}
	return name
}

// Upper makes a clause a sentence.
func Upper(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}
