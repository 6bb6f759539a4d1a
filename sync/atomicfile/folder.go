package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path"
)

// openFolder opens dir inside root and makes what is missing of it, each new
// folder durable before anything is put into it.
func openFolder(root *os.Root, dir string) (*os.Root, error) {
	folder, err := root.OpenRoot(dir)
	if !errors.Is(err, fs.ErrNotExist) || dir == "." {
		return folder, err
	}
	above, err := openFolder(root, path.Dir(dir))
	if err != nil {
		return nil, err
	}
	defer above.Close()
	if err := above.Mkdir(path.Base(dir), 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := syncFolder(above); err != nil {
		return nil, err
	}
	return root.OpenRoot(dir)
}

// syncFolder makes names in folder survive a power cut, where the system can.
func syncFolder(folder *os.Root) error {
	dir, err := folder.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	return flush(dir)
}
