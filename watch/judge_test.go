package watch

import (
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/watch/picture"
	"github.com/studio-agent/studio-agent/watch/settle"
)

func TestJudge(t *testing.T) {
	const settled = 250 * time.Millisecond
	denied := &fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}
	tests := []struct {
		name      string
		rested    time.Duration
		size      int64
		busy      bool
		unknown   bool // whether busy
		busyErr   error
		verdict   picture.Verdict
		lookErr   error
		share     string
		reason    string // empty: finished
		wait      time.Duration
		held      bool
		notLooked bool
	}{
		{name: "full evidence", rested: settled, size: 9, verdict: picture.Whole},
		{name: "open", rested: settled, size: 9, busy: true, verdict: picture.Whole, reason: whyBusy, wait: settled, notLooked: true},
		{name: "open for long", rested: time.Hour, size: 9, busy: true, reason: whyBusy, wait: 2 * time.Second, notLooked: true},
		{name: "whole, open unknown", rested: settled, size: 9, unknown: true, verdict: picture.Whole, reason: "unchanged for 2s, because nothing tells", wait: 1750 * time.Millisecond},
		{name: "whole, open unknown, rested", rested: 2 * time.Second, size: 9, unknown: true, verdict: picture.Whole},
		{name: "format unknown", rested: settled, size: 9, reason: "its format does not tell", wait: 1750 * time.Millisecond},
		{name: "format unknown, rested", rested: 2 * time.Second, size: 9},
		{name: "share", rested: 2 * time.Second, size: 9, unknown: true, verdict: picture.Whole, share: "network share (SMB)", reason: "unchanged for 5s, because it is on a network share (SMB)", wait: 3 * time.Second},
		{name: "share, rested", rested: 5 * time.Second, size: 9, unknown: true, verdict: picture.Whole, share: "network share"},
		{name: "share with share modes", rested: settled, size: 9, verdict: picture.Whole, share: "network share"},
		{name: "torn", rested: 4 * time.Second, size: 9, verdict: picture.Torn, reason: "ends in the middle", wait: time.Second},
		{name: "torn for long", rested: 9 * time.Minute, size: 9, verdict: picture.Torn, reason: "ends in the middle", wait: 10 * time.Second},
		{name: "torn for ever", rested: 10 * time.Minute, size: 9, verdict: picture.Torn, reason: "ends in the middle", wait: 10 * time.Second, held: true},
		{name: "empty", rested: settled, reason: whyEmpty, wait: settled, notLooked: true},
		{name: "empty for long", rested: time.Minute, reason: whyEmpty, wait: 10 * time.Second, held: true, notLooked: true},
		{name: "unreadable to the probe", rested: settled, size: 9, busyErr: denied, reason: "no permission", wait: 10 * time.Second, held: true, notLooked: true},
		{name: "unreadable inside", rested: settled, size: 9, lookErr: denied, reason: "no permission", wait: 10 * time.Second, held: true},
		{name: "broken disk", rested: settled, size: 9, lookErr: syscall.EIO, reason: "cannot be read", wait: 10 * time.Second, held: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			looked := false
			f := Folder{share: tt.share, set: settings{
				settle: settled,
				busy:   func(string) (bool, bool, error) { return tt.busy, !tt.unknown, tt.busyErr },
				look: func(string) (picture.Verdict, string, error) {
					looked = true
					return tt.verdict, "the picture ends in the middle", tt.lookErr
				},
			}}
			got := f.judge("x", settle.Entry{Size: tt.size, Rested: tt.rested})
			if got.wait != tt.wait || got.held != tt.held || (got.reason == "") != (tt.reason == "") || !strings.Contains(got.reason, tt.reason) {
				t.Errorf("got %+v, want %q, wait %v, held %v", got, tt.reason, tt.wait, tt.held)
			}
			if looked == tt.notLooked {
				t.Errorf("looked inside: %v, want %v", looked, !tt.notLooked)
			}
		})
	}
}

// A longer settle of the bench is kept whatever the evidence.
func TestLongSettleIsKept(t *testing.T) {
	f := Folder{set: settings{settle: 10 * time.Second}, share: "network share"}
	for _, v := range []picture.Verdict{picture.Whole, picture.Unknown} {
		for _, known := range []bool{true, false} {
			if got, _ := f.need(known, v); got != f.set.settle {
				t.Errorf("need(%v, %v) = %v, want %v", known, v, got, f.set.settle)
			}
		}
	}
}
