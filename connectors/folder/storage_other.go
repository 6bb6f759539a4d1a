//go:build !linux && !darwin && !windows

package folder

import "os"

// storageOf cannot tell on this system.
func storageOf(*os.Root) string { return "" }

// freeOn cannot tell on this system.
func freeOn(*os.Root) int64 { return -1 }
