package ledger

import (
	"fmt"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// A What names something that happens to a job.
type What string

const (
	Added     What = "added"      // only in the history: a job begins its life here
	Claimed   What = "claimed"    // a worker took it
	Published What = "published"  // the next step may make it visible
	Accepted  What = "sent"       // the remote said yes
	Confirmed What = "confirmed"  // it has been seen at the remote
	Failed    What = "failed"     // this try went wrong; another follows
	Waited    What = "waits"      // put back without blame: stop, throttle, not its turn
	NotSeen   What = "not seen"   // the remote was asked and has it not
	StillOut  What = "asked"      // sent, asked for, and not visible yet
	Held      What = "held"       // refused for good, or held back: a person must act
	Overtaken What = "superseded" // the file changed or left before it was sent
	Retried   What = "retried"    // a person said: again
	TakenBack What = "taken back" // found in the hands of an agent that is gone

	// Only what happens on the way in:
	Imported     What = "import"       // a person, or the bench's configuration, said: bring it in
	Settled      What = "landed"       // it lies in its folder, whole
	Acknowledged What = "acknowledged" // the remote knows that it is safe
	VendorFailed What = "given up"     // the vendor will not retouch it
	Mended       What = "mended"       // the vendor has retouched it after all, or it is known by now where it belongs; a person says when it comes in
	SentBack     What = "sent back"    // a person sent it back to the vendor
)

// Of a task's events, CalledOff and WrittenOff happen to jobs, too: a photo is
// not to be sent, or was taken back; a photo, or what came back for it, is not
// waited for any more.

// An Event is one thing that happens to a job.
type Event struct {
	What    What
	At      time.Time
	Until   time.Time          // Failed, Waited, NotSeen, StillOut: when to act next; zero means at once
	Clean   bool               // Failed, Waited, Held: the remote surely has nothing of it
	Forced  bool               // Retried: do not ask Vet again
	Receipt connectors.Receipt // Accepted, Confirmed, Settled
	Digests connectors.Digests // Accepted, Confirmed, Settled: made on the way; empty means "as known"
	Batch   string             // Accepted, Confirmed: named by Vet; empty means "as known"
	Reason  string             // in words for a photographer
}

// from lists the states in which an event can happen to a job on its way out.
var from = map[What][]State{
	Claimed:   {Queued},
	Published: {Moving},
	Accepted:  {Moving, Publishing},
	Confirmed: {Moving, Publishing, Sent},
	Failed:    {Moving, Publishing},
	Waited:    {Moving, Publishing},
	NotSeen:   {Moving},
	StillOut:  {Sent},
	Held:      {Queued, Moving, Publishing, Sent},
	Overtaken: {Queued, Moving, Publishing, Parked},
	Retried:   {Parked},
	TakenBack: {Moving, Publishing},

	CalledOff:  {Queued, Moving, Parked, Sent, Done},
	WrittenOff: {Queued, Moving, Publishing, Parked, Sent, Done},
}

// fromIn does so for a job on its way in. Where it was put is looked at on this
// machine, so nothing is asked for and missed.
var fromIn = map[What][]State{
	Imported:     {Offered},
	Claimed:      {Queued},
	Published:    {Moving},
	Settled:      {Moving, Publishing},
	Acknowledged: {Landed},
	Failed:       {Moving, Publishing},
	Waited:       {Moving, Publishing},
	Held:         {Offered, Queued, Moving, Publishing},
	Overtaken:    {Offered, Queued, Moving, Parked, GivenUp},
	VendorFailed: {Offered, Queued, Parked},
	Retried:      {Parked, GivenUp},
	TakenBack:    {Moving, Publishing},
	Mended:       {GivenUp, Moving},
	SentBack:     {Offered, Parked, Landed, Done},
	WrittenOff:   {Offered, Parked, GivenUp},
}

// MissesNeeded is how often a remote must say "not there" after an unknown
// outcome before anything is sent again.
const MissesNeeded = 2

// After returns j as it stands once e has happened, or an error if e cannot
// happen in j.State. It is the whole state machine.
func (j Job) After(e Event) (Job, error) {
	allowed := from
	if j.Flow == In {
		allowed = fromIn
	}
	if !slices.Contains(allowed[e.What], j.State) {
		return j, fmt.Errorf("a job that is %s cannot be %s", j.State, e.What)
	}
	j.Reason = e.Reason
	switch e.What {
	case Claimed:
		j.State, j.Starts = Moving, j.Starts+1
	case Published:
		j.State, j.Published, j.Misses = Publishing, true, 0
	case Accepted:
		j.State, j.SentAt, j.NotBefore, j.Asks = Sent, e.At, e.Until, 0
		j.settle(e)
	case Confirmed:
		j.State, j.NotBefore, j.Published = Done, time.Time{}, false
		if j.SentAt.IsZero() {
			j.SentAt = e.At
		}
		j.settle(e)
	case Failed, Waited:
		j.putBack(e)
		j.Published = j.Published && !e.Clean
	case TakenBack: // nobody is left to say that it was clean
		j.putBack(e)
	case NotSeen:
		j.State, j.NotBefore, j.Misses = Queued, e.Until, j.Misses+1
		if !j.Published || j.Misses >= MissesNeeded {
			j.State, j.Published, j.Misses, j.Ask, j.NotBefore = Moving, false, 0, false, time.Time{}
		}
	case StillOut:
		j.NotBefore, j.Asks = e.Until, j.Asks+1
	case Held:
		j.State = Parked
		j.Published = j.Published && !e.Clean
	case Overtaken:
		j.State = Superseded
	case Retried:
		j.State, j.Failures, j.Misses, j.Forced, j.NotBefore = Queued, 0, 0, e.Forced, time.Time{}
		j.Ask = j.Ask || !j.SentAt.IsZero()
	case CalledOff, WrittenOff, SentBack:
		j.close(e)
	default:
		j.afterIn(e)
	}
	return j, nil
}

// afterIn is After for what happens only on the way in.
func (j *Job) afterIn(e Event) {
	j.NotBefore = time.Time{}
	switch e.What {
	case Imported:
		j.State = Queued
	case Settled:
		j.State, j.SentAt, j.Published = Landed, e.At, false
		j.settle(e)
	case Acknowledged:
		j.State = Done
	case VendorFailed:
		j.State = GivenUp
	case Mended:
		j.State = Offered
	}
}

// close ends the waiting for j. What is at the remote stays what it was, and what
// is in a worker's hands goes on: it may be there at the next moment.
func (j *Job) close(e Event) {
	j.Closed = true
	switch {
	case j.Flow == In, j.State == Queued, j.State == Parked, j.State == Moving && e.What == CalledOff:
		j.State = Superseded
	}
}

// settle takes over what the remote and the reading of the file have shown.
func (j *Job) settle(e Event) {
	j.Failures = 0
	if !e.Receipt.Zero() {
		j.Receipt = e.Receipt
	}
	if e.Digests != (connectors.Digests{}) {
		j.Digests = e.Digests
	}
	if e.Batch != "" {
		j.Batch = e.Batch
	}
}

// putBack queues j again. Only a failure counts as one.
func (j *Job) putBack(e Event) {
	j.State, j.NotBefore = Queued, e.Until
	if e.What == Failed {
		j.Failures++
	}
}
