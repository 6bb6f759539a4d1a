//go:build !linux && !darwin && !windows

package atomicfile

import "os"

func renameNoReplace(folder *os.Root, from, to string) error {
	return linkAndRemove(folder, from, to)
}
