package overview

import (
	"strings"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// TaskSentence tells one event in the life of a task that is not ours plainly.
func TaskSentence(kind ledger.TaskKind, e ledger.Entry) string {
	texts := receivedTexts
	if kind == ledger.ProjectTask {
		texts = projectTexts
	}
	text, known := texts[e.What]
	switch {
	case kind == ledger.ReceivedTask && e.What == ledger.Waited && e.Reason == "":
		return "waits for what is missing"
	case !known && e.Reason == "":
		return string(e.What)
	case !known:
		return e.Reason
	}
	text = strings.ReplaceAll(text, "%s", e.Account)
	if e.Reason != "" {
		return text + ": " + e.Reason
	}
	return text
}

// In both, %s is the account.
var receivedTexts = map[ledger.What]string{
	ledger.Added: "handed out by %s", ledger.Published: "about to be submitted to %s", ledger.Accepted: "submitted to %s",
	ledger.Failed: "a try to submit it failed", ledger.Waited: "not submitted yet", ledger.Full: "a person said: submit it again",
	ledger.Settled: "taken by %s: done", ledger.CalledOff: "called off", ledger.WrittenOff: "over", ledger.Reopened: "to be worked on again",
}

var projectTexts = map[ledger.What]string{
	ledger.Added: "found in its folder", ledger.Published: "about to be registered with %s", ledger.Accepted: "up to date at %s, with all media that were delivered",
	ledger.Failed: "a try to register or link it failed", ledger.Waited: "put back", ledger.Full: "a person said: try again",
	ledger.CalledOff: "called off", ledger.WrittenOff: "closed", ledger.Reopened: "to be registered again",
}
