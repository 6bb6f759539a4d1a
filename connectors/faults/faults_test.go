package faults

import "testing"

func TestScriptComesBeforeChanceAndInOrder(t *testing.T) {
	p := NewPlan(1)
	p.Chance("upload", 1, Fault{Status: 503})
	p.Then("upload", Fault{Status: 500}, Fault{})
	p.Then("*", Fault{Status: 418})
	for i, want := range []int{500, 0, 418, 503, 503} {
		if got := p.Next("upload").Status; got != want {
			t.Errorf("call %d: status %d, want %d", i, got, want)
		}
	}
	if got := p.Next("list"); !got.Zero() {
		t.Errorf("another operation got %+v, want nothing", got)
	}
	p.Calm()
	if got := p.Next("upload"); !got.Zero() {
		t.Errorf("after Calm: %+v", got)
	}
}

func TestChanceIsAShareAndRepeatable(t *testing.T) {
	draw := func() (hits int, first int) {
		p := NewPlan(7)
		p.Chance("*", 0.25, Fault{LoseReply: true})
		first = -1
		for i := range 1000 {
			if p.Next("upload").LoseReply {
				hits++
				if first < 0 {
					first = i
				}
			}
		}
		return hits, first
	}
	hits, first := draw()
	if hits < 200 || hits > 300 {
		t.Errorf("%d of 1000 calls suffered, want about 250", hits)
	}
	if again, firstAgain := draw(); again != hits || firstAgain != first {
		t.Errorf("the same seed gave %d hits from call %d, then %d from %d", hits, first, again, firstAgain)
	}
}

func TestNilPlanPlansNothing(t *testing.T) {
	if got := (*Plan)(nil).Next("upload"); !got.Zero() {
		t.Errorf("nil plan gave %+v", got)
	}
}
