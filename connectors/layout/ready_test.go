package layout

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// at is a retouch that was last written at that minute.
func at(minute int, name string) connectors.Retouch {
	return connectors.Retouch{Name: name, ModTime: time.Date(2026, 5, 1, 12, minute, 0, 0, time.UTC)}
}

// seen is what Ready makes of a retouch, in a word.
func seen(rt connectors.Retouch) string {
	switch {
	case rt.Stage == connectors.Failed:
		return "failed"
	case rt.Stage == connectors.Working:
		return "working"
	case rt.Final:
		return "final"
	}
	return "settles"
}

func TestReady(t *testing.T) {
	for _, c := range []struct {
		name, mode string
		list       []connectors.Retouch
		want       map[string]string
	}{
		{"rest leaves all to settle", "rest",
			[]connectors.Retouch{at(1, "a.jpg"), at(1, "a.jpg.done"), at(2, "x_transfer_completed.log")},
			map[string]string{"a.jpg": "settles", "a.jpg.done": "settles", "x_transfer_completed.log": "settles"}},
		{"no log, nothing complete", "log",
			[]connectors.Retouch{at(1, "p/a.jpg")}, map[string]string{"p/a.jpg": "working"}},
		{"the log of the folder", "log",
			[]connectors.Retouch{at(1, "p/a.jpg"), at(2, "p/P1_Photo_transfer_completed.log"), at(1, "q/b.jpg")},
			map[string]string{"p/a.jpg": "final", "q/b.jpg": "working"}},
		{"a log further up", "log",
			[]connectors.Retouch{at(1, "p/deep/er/a.jpg"), at(1, "b.jpg"), at(2, "Transfer_Completed.LOG")},
			map[string]string{"p/deep/er/a.jpg": "final", "b.jpg": "final"}},
		{"a log below says nothing", "log",
			[]connectors.Retouch{at(1, "a.jpg"), at(2, "p/transfer_completed.log")}, map[string]string{"a.jpg": "working"}},
		{"a log of the same minute counts, an older one does not", "log",
			[]connectors.Retouch{at(1, "p/a.jpg"), at(2, "p/b.jpg"), at(1, "p/transfer_completed.log")},
			map[string]string{"p/a.jpg": "final", "p/b.jpg": "working"}},
		{"the newest of two logs counts, whatever comes first", "log",
			[]connectors.Retouch{at(3, "2_transfer_completed.log"), at(2, "b.jpg"), at(1, "1_transfer_completed.log")},
			map[string]string{"b.jpg": "final"}},
		{"a newer log above makes up for an older one below", "log",
			[]connectors.Retouch{at(1, "p/transfer_completed.log"), at(2, "p/b.jpg"), at(3, "transfer_completed.log")},
			map[string]string{"p/b.jpg": "final"}},
		{"what Creative Force refused", "log",
			[]connectors.Retouch{at(1, "_CF-Invalid-Files/a.jpg"), at(1, "p/_cf-invalid-files/q/b.jpg"), at(1, "my_CF-Invalid-Files/c.jpg"), at(2, "transfer_completed.log")},
			map[string]string{"_CF-Invalid-Files/a.jpg": "failed", "p/_cf-invalid-files/q/b.jpg": "failed", "my_CF-Invalid-Files/c.jpg": "final"}},
		{"markers", "marker",
			[]connectors.Retouch{at(1, "p/A.jpg"), at(2, "p/a.JPG.Done"), at(1, "p/b.jpg"), at(1, "q/A.jpg"), at(1, "orphan.jpg.done")},
			map[string]string{"p/A.jpg": "final", "p/b.jpg": "working", "q/A.jpg": "working"}},
		{"a marker older than its file", "marker",
			[]connectors.Retouch{at(2, "a.jpg"), at(1, "a.jpg.done")}, map[string]string{"a.jpg": "settles"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := map[string]string{}
			for _, rt := range Ready(c.mode, c.list) {
				got[rt.Name] = seen(rt)
			}
			if !maps.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestReadySaysWhatIsWaitedFor(t *testing.T) {
	for mode, want := range map[string]string{"log": "transfer_completed.log", "marker": "a.jpg.done"} {
		list := Ready(mode, []connectors.Retouch{at(1, "p/a.jpg")})
		if len(list) != 1 || !strings.Contains(list[0].Reason, want) {
			t.Errorf("%s: got %+v, want a reason with %q", mode, list, want)
		}
	}
}

func TestReadyLeavesAloneWhatFailed(t *testing.T) {
	for _, mode := range []string{"log", "marker"} {
		failed := at(1, "a.jpg")
		failed.Stage, failed.Reason = connectors.Failed, "the vendor gave up"
		list := Ready(mode, []connectors.Retouch{failed, at(2, "a.jpg.done"), at(2, "transfer_completed.log")})
		if list[0].Stage != connectors.Failed || list[0].Reason != "the vendor gave up" || list[0].Final {
			t.Errorf("%s: got %+v", mode, list[0])
		}
	}
}
