package watch

import (
	"fmt"
	"time"

	"github.com/studio-agent/studio-agent/watch/picture"
	"github.com/studio-agent/studio-agent/watch/settle"
)

const (
	// DESIGN.md section 5: the least rest where evidence is missing.
	restAlone = 2 * time.Second
	restShare = 5 * time.Second

	heldTorn  = 10 * time.Minute // then only the writer or a person can help
	heldEmpty = time.Minute

	whyEmpty = "the file is empty"
	whyBusy  = "another program still has it open for writing"
)

// A doubt is why a file at rest is not taken for finished. The zero doubt is
// none.
type doubt struct {
	reason string        // a clause for a photographer
	wait   time.Duration // until the next look, if nothing changes before
	held   bool
}

// judge looks for evidence that a file is finished. It is asked only of a file
// that has rested, because the look costs something and may be in a writer's way.
func (f *Folder) judge(path string, e settle.Entry) doubt {
	if e.Size == 0 {
		return doubt{whyEmpty, f.grow(e.Rested, maxProbe), e.Rested >= heldEmpty}
	}
	busy, known, err := f.set.busy(path)
	if err != nil {
		return doubt{explain(err), maxProbe, true}
	}
	if busy {
		return doubt{whyBusy, f.grow(e.Rested, restAlone), false}
	}
	v, reason, err := f.set.look(path)
	if err != nil {
		return doubt{explain(err), maxProbe, true}
	}
	if v == picture.Torn {
		return doubt{reason, f.grow(e.Rested, maxProbe), e.Rested >= heldTorn}
	}
	if need, why := f.need(known, v); e.Rested < need {
		return doubt{fmt.Sprintf("it must stay unchanged for %v, because %s", need, why), need - e.Rested, false}
	}
	return doubt{}
}

// need is the rest that the evidence leaves to be asked for, and why.
func (f *Folder) need(known bool, v picture.Verdict) (time.Duration, string) {
	rest, why := f.set.settle, "it has only just arrived"
	switch {
	case !known:
		rest, why = restAlone, "nothing tells whether a program still writes to it"
	case v != picture.Whole:
		rest, why = restAlone, "its format does not tell whether it is whole"
	}
	if f.share != "" && (!known || v != picture.Whole) {
		rest, why = restShare, "it is on a "+f.share
	}
	return max(rest, f.set.settle), why
}

// grow is the time to the next look at a file that does not change: a quarter
// of the time that it has not.
func (f *Folder) grow(rested, most time.Duration) time.Duration {
	return min(max(rested/4, f.set.settle), most)
}
