package main

import (
	"testing"
	"time"
)

func TestAClockThatWasSetBackIsNoticed(t *testing.T) {
	for _, test := range []struct {
		name         string
		said, passed time.Duration
		want         bool
	}{
		{"an ordinary half second", 500 * time.Millisecond, 500 * time.Millisecond, false},
		{"set back by three hours", -3 * time.Hour, time.Second, true},
		{"set back by a second", 0, time.Second, false},
		{"set forward by three hours", 3 * time.Hour, time.Second, false},
	} {
		if got := wentBack(test.said, test.passed); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
