package main

import (
	"cmp"
	"fmt"
)

// What a fault can strike, whatever a simulator calls it.
const (
	opUpload = "upload"
	opFetch  = "fetch"
	opLogin  = "login"
	opStatus = "status"
	opOrder  = "order"
	opReject = "reject"
	opSubmit = "submit"
	opImport = "import"
	opCreate = "create"
)

// struck is what these are for people.
var struck = map[string]string{
	opUpload: "an upload", opFetch: "a download", opLogin: "a login", opStatus: "a mark", opOrder: "an order",
	opReject: "what was sent back", opSubmit: "a submission", opImport: "an import", opCreate: "a new project",
}

// faultText says what a fault did; empty for none.
func faultText(s sighting) string {
	what := cmp.Or(s.name, struck[s.op], "a question about its pictures")
	done := "stored"
	if s.op == opOrder {
		done = "got the order of"
	}
	f := s.fault
	switch {
	case f.LoseReply && s.sha != "":
		return fmt.Sprintf("%s has %s %s, but its answer is lost", s.account, done, what)
	case f.LoseReply:
		return fmt.Sprintf("%s has done its part, but its answer to %s is lost", s.account, what)
	case f.FailAfter != 0 && s.sha == "" && s.op != opUpload:
		return fmt.Sprintf("%s has done its part, but says %d to %s", s.account, f.FailAfter, what)
	case f.FailAfter != 0:
		return fmt.Sprintf("%s has %s %s, but says %d", s.account, done, what, f.FailAfter)
	case f.Status == 429:
		return fmt.Sprintf("%s says 429 to %s: come back in %s", s.account, what, short(f.RetryAfter))
	case f.Status != 0:
		return fmt.Sprintf("%s says %d to %s, and does nothing about it", s.account, f.Status, what)
	case f.Cut != 0 && s.op == opLogin:
		return fmt.Sprintf("%s hangs up before %s", s.account, what)
	case f.Cut != 0:
		return fmt.Sprintf("the connection breaks in the middle of %s", what)
	case f.Delay != 0:
		return fmt.Sprintf("%s took %s over %s", s.account, short(f.Delay), what)
	}
	return ""
}
