package folder

import (
	"fmt"
	"io/fs"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// identity tells a file from any other that may stand under its name later.
func identity(info fs.FileInfo) string {
	return fmt.Sprintf("%d-%d", info.Size(), info.ModTime().UnixNano())
}

// stillIs reports whether the file is the one that r was given for: the size,
// and the time as far as the folder keeps it.
func stillIs(info fs.FileInfo, r connectors.Receipt) bool {
	var size, nanos int64
	if n, err := fmt.Sscanf(r.ID, "%d-%d", &size, &nanos); n != 2 || err != nil {
		return false
	}
	return info.Mode().IsRegular() && info.Size() == size && mayShow(info.ModTime(), time.Unix(0, nanos))
}

// mayShow reports whether a folder that was told the time want may show got
// later: a system shows at first what it was told and, once it has asked the
// disk or the server again, what those could keep.
func mayShow(got, want time.Time) bool {
	_, may := grainOf(got, want)
	return may
}

// grainOf is how exactly a folder that was told want and shows got keeps times:
// 100 ns (NTFS, SMB), 1 us, 1 ms or 1 s (NFS and its servers), 10 ms (exFAT) or
// 2 s (FAT), cut or rounded up.
func grainOf(got, want time.Time) (grain time.Duration, keeps bool) {
	for _, grain := range []time.Duration{1, 100, time.Microsecond, time.Millisecond, 10 * time.Millisecond, time.Second, 2 * time.Second} {
		if cut := want.Truncate(grain); got.Equal(cut) || got.Equal(cut.Add(grain)) && !want.Equal(cut) {
			return grain, true
		}
	}
	return 0, false
}

func receiptOf(p connectors.Photo, name string, info fs.FileInfo) connectors.Receipt {
	return connectors.Receipt{ID: identity(info), Name: shown(p, name), Size: info.Size(), Verified: true}
}

// shown is name as a receipt has it: below the mirrored folder that it lies in.
func shown(p connectors.Photo, name string) string {
	if p.Remote == "" {
		return name
	}
	return p.Remote + "/" + name
}
