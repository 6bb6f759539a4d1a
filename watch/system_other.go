//go:build !linux && !darwin && !windows

package watch

import (
	"io/fs"
	"time"
)

// folderFlags keep an open from waiting for the other end of a pipe that has
// taken a folder's name.
const folderFlags = 0

// OnNetwork cannot tell on this system and says no.
func OnNetwork(string) (share bool, kind string) { return false, "" }

func keepsChanged(string) bool { return false }

func changedTime(fs.FileInfo) time.Time { return time.Time{} }

func idOf(fs.FileInfo) fileID { return fileID{} }

func identity(string, fs.FileInfo) (string, error) { return "", nil }
