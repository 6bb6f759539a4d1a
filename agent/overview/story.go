package overview

import (
	"fmt"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// Standing says how far one job on its way out is.
func Standing(now time.Time, j ledger.Job) (Sign, string) {
	what := "It"
	if j.Kind == ledger.Mark {
		what = "Its selection"
	}
	switch j.State {
	case ledger.Done:
		if j.Closed {
			return Fine, fmt.Sprintf("%s went to %s %s%s. %s", what, j.Account, Clock(now, j.SentAt), as(j), Upper(j.Reason))
		}
		return Fine, fmt.Sprintf("%s is at %s since %s%s.", what, j.Account, Clock(now, j.SentAt), as(j))
	case ledger.Sent:
		text := fmt.Sprintf("%s was taken by %s at %s; it has not been seen there yet. %s", what, j.Account, Clock(now, j.SentAt), Upper(j.Reason))
		return Working, strings.TrimSpace(text)
	case ledger.Moving, ledger.Publishing:
		return Working, fmt.Sprintf("%s is being sent to %s.", what, j.Account)
	case ledger.Parked:
		return Needs, fmt.Sprintf("%s is held and not sent to %s: %s. Then: studio-agent retry %s", what, j.Account, j.Reason, Shown(j.Name))
	case ledger.Superseded:
		return Waiting, fmt.Sprintf("%s was not sent to %s: %s.", what, j.Account, j.Reason)
	}
	line := fmt.Sprintf("%s waits to be sent to %s", what, j.Account)
	if j.Reason != "" {
		line += ": " + j.Reason
	}
	if j.NotBefore.After(now) {
		line = strings.TrimRight(line, "?.") + "; next try " + Clock(now, j.NotBefore)
	}
	return Waiting, line + "."
}

func as(j ledger.Job) string {
	switch {
	case j.Receipt.Name == "":
		return ""
	case j.Receipt.ID != "" && len(j.Receipt.ID) < 20:
		return fmt.Sprintf(" as %s (number %s)", Shown(j.Receipt.Name), j.Receipt.ID)
	}
	return " as " + Shown(j.Receipt.Name)
}

// ComingBack says how far one retouch is.
func ComingBack(now time.Time, j ledger.Job) (Sign, string) {
	switch j.State {
	case ledger.Landed, ledger.Done:
		if j.Folder == "" {
			return Fine, Upper(j.Reason)
		}
		return Fine, fmt.Sprintf("It has landed as %s.", Shown(j.Path()))
	case ledger.Offered:
		return Needs, "It is ready and waits for a person: studio-agent task import " + j.Bench
	case ledger.Moving, ledger.Publishing:
		return Working, "It is being fetched."
	case ledger.Parked:
		return Needs, fmt.Sprintf("It is held: %s. Then: studio-agent retry %s", j.Reason, Shown(j.Name))
	case ledger.GivenUp:
		return Needs, Upper(j.Reason)
	case ledger.Superseded:
		if !j.SentAt.IsZero() {
			return Waiting, fmt.Sprintf("It had landed as %s: %s.", Shown(j.Path()), j.Reason)
		}
		return Waiting, fmt.Sprintf("It was not fetched: %s.", j.Reason)
	}
	line := "It waits to be fetched"
	if j.Reason != "" {
		line += ": " + j.Reason
	}
	if j.NotBefore.After(now) {
		line += "; next try " + Clock(now, j.NotBefore)
	}
	return Waiting, line + "."
}

// Sentence tells one event in the life of a file plainly.
func Sentence(flow ledger.Flow, e ledger.Entry) string {
	texts := outTexts
	if flow == ledger.In {
		texts = inTexts
	}
	text, known := texts[e.What]
	if !known {
		return e.Reason
	}
	text = strings.ReplaceAll(text, "%s", e.Account)
	if e.Reason != "" {
		return text + ": " + e.Reason
	}
	return text
}

// In both, %s is the account.
var outTexts = map[ledger.What]string{
	ledger.Added: "finished, and queued for %s", ledger.Claimed: "taken up for %s", ledger.Published: "about to appear at %s",
	ledger.Accepted: "taken by %s", ledger.Confirmed: "seen at %s: delivered", ledger.Failed: "a try with %s failed",
	ledger.Waited: "put back for %s", ledger.NotSeen: "%s was asked and does not have it", ledger.StillOut: "%s was asked and does not show it yet",
	ledger.Held: "held for %s: a person must act", ledger.Overtaken: "not sent to %s", ledger.Retried: "to be sent to %s again",
	ledger.TakenBack: "put back for %s at the agent's start", ledger.CalledOff: "called off at %s", ledger.WrittenOff: "nothing more is awaited from %s",
}

var inTexts = map[ledger.What]string{
	ledger.Added: "offered by %s", ledger.Claimed: "fetching from %s begins", ledger.Published: "about to appear in the folder",
	ledger.Settled: "landed", ledger.Acknowledged: "%s was told", ledger.Imported: "imported by a person",
	ledger.Failed: "a try to fetch it from %s failed", ledger.Waited: "put back", ledger.Held: "held: a person must act",
	ledger.Overtaken: "not fetched from %s", ledger.Retried: "to be fetched from %s again", ledger.TakenBack: "put back at the agent's start",
	ledger.VendorFailed: "%s gave it up", ledger.Mended: "%s has it after all", ledger.SentBack: "looked at by a person",
	ledger.WrittenOff: "not wanted any more",
}
