package overview

import (
	"fmt"
	"strings"

	"github.com/studio-agent/studio-agent/sync/inbound"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

// Sending says how an account that photos go to is.
func (o Overview) Sending(s outbound.Status) (Sign, string) {
	switch {
	case s.Closed == "":
		return Fine, ""
	case s.Until.IsZero():
		return Needs, s.Closed
	}
	return Waiting, s.Closed + "; next try " + Clock(o.Now, s.Until)
}

// Fetching says how an account is that something comes back from.
func (o Overview) Fetching(s inbound.Status) (Sign, string) {
	switch {
	case s.Trouble != "":
		return Waiting, "could not be looked at: " + s.Trouble
	case s.Looked.IsZero():
		return Working, "first look under way"
	}
	parts := []string{"looked at " + Clock(o.Now, s.Looked), Count(s.Listed-s.Skipped, "file") + " there"}
	add := func(n int, words string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, words))
		}
	}
	add(s.Working, "at retouch")
	add(s.Settling, "not at rest")
	add(len(s.Transfers), "being fetched")
	add(len(o.Coming[s.Account]), "waiting")
	sign := Fine
	if len(s.Transfers)+s.Settling+len(o.Coming[s.Account]) > 0 {
		sign = Working
	}
	return sign, strings.Join(parts, ", ")
}
