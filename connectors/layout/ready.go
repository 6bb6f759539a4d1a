package layout

import (
	"path"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

const (
	// Creative Force writes this log last, its name led by product code and
	// production type, and moves what it refuses into that folder (facts.md 1.6).
	logSuffix     = "transfer_completed.log"
	refusedFolder = "_cf-invalid-files"
	refusedReason = "refused: wrong name or extension"

	markerSuffix = ".done"
)

// Ready says which files of one mirrored folder are complete. mode is
// connectors.MirroredFolder.Ready, list is all that lies in the folder, with
// names relative to it. It returns the retouches among them and changes list:
//
//   - "log": a file is Final once a completion log, not older than the file, lies
//     in its folder or in one above, and Working until then. Logs are left out; what
//     lies in a folder _CF-Invalid-Files is Failed.
//   - "marker": NAME is Final once NAME.done lies beside it, and Working until
//     then. Beside an older marker, which may speak of another version, it must
//     settle. Markers are left out.
//   - anything else: all as it is.
//
// Upper and lower case are alike in what it looks for.
func Ready(mode string, list []connectors.Retouch) []connectors.Retouch {
	switch mode {
	case "log":
		return byLog(list)
	case "marker":
		return byMarker(list)
	}
	return list
}

func byLog(list []connectors.Retouch) []connectors.Retouch {
	written := map[string]time.Time{} // by folder: its newest log
	kept := list[:0]
	for _, rt := range list {
		if !strings.HasSuffix(strings.ToLower(rt.Name), logSuffix) {
			kept = append(kept, rt)
		} else if dir := path.Dir(rt.Name); rt.ModTime.After(written[dir]) {
			written[dir] = rt.ModTime
		}
	}
	for i := range kept {
		rt := &kept[i]
		switch {
		case rt.Stage != connectors.Ready:
		case strings.Contains("/"+strings.ToLower(rt.Name), "/"+refusedFolder+"/"):
			rt.Stage, rt.Reason = connectors.Failed, refusedReason
		case logged(written, rt):
			rt.Final = true
		default:
			rt.Stage, rt.Reason = connectors.Working, "waits for the log ("+logSuffix+") that says that its folder is complete"
		}
	}
	return kept
}

func logged(written map[string]time.Time, rt *connectors.Retouch) bool {
	for dir := path.Dir(rt.Name); ; dir = path.Dir(dir) {
		if at, ok := written[dir]; ok && !at.Before(rt.ModTime) {
			return true
		}
		if dir == "." || dir == "/" {
			return false
		}
	}
}

func byMarker(list []connectors.Retouch) []connectors.Retouch {
	set := map[string]time.Time{} // by the lower-case name that the marker speaks of
	kept := list[:0]
	for _, rt := range list {
		if name, isMarker := strings.CutSuffix(strings.ToLower(rt.Name), markerSuffix); isMarker {
			set[name] = rt.ModTime
		} else {
			kept = append(kept, rt)
		}
	}
	for i := range kept {
		rt := &kept[i]
		at, marked := set[strings.ToLower(rt.Name)]
		switch {
		case rt.Stage != connectors.Ready:
		case marked:
			rt.Final = !at.Before(rt.ModTime)
		default:
			rt.Stage, rt.Reason = connectors.Working, "waits for "+path.Base(rt.Name)+markerSuffix+", which says that it is complete"
		}
	}
	return kept
}
