package folder

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/studio-agent/studio-agent/connectors"
)

func isOne(err error, of ...syscall.Errno) bool {
	return slices.ContainsFunc(of, func(e syscall.Errno) bool { return errors.Is(err, e) })
}

// A farError comes from the other end of a copy, the photo's own file or where a
// retouch is fetched to: the folder is not to blame.
type farError struct{ error }

func (e farError) Unwrap() error { return e.error }

// writing marks what goes wrong where a retouch is fetched to.
type writing struct{ io.Writer }

func (w writing) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil {
		err = farError{err}
	}
	return n, err
}

// reading marks what goes wrong with a photo's own file.
func reading(open func() (io.ReadCloser, error)) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		body, err := open()
		if err != nil {
			return nil, farError{err}
		}
		return marked{body}, nil
	}
}

type marked struct{ io.ReadCloser }

func (m marked) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = farError{err}
	}
	return n, err
}

// explain makes of what went wrong at name below dir what a person can act on.
func (k *keeper) explain(dir string, root *os.Root, name string, err error) error {
	var far farError
	if errors.As(err, &far) {
		return err
	}
	if why := blocked(root, name); why != nil {
		return why
	}
	switch {
	case unstorable(err):
		return connectors.Rejected("the folder cannot store this name; give the file a shorter or plainer one and retry: %w", err)
	case refusesTimes(err):
		if kept := k.keep(timesKey, dir, timesRefused); kept != nil {
			return kept
		}
		return fmt.Errorf("the folder keeps the agent from setting the times of files; the next try does without: %w", err)
	case errors.Is(err, fs.ErrPermission) && writable(root) != nil:
		return connectors.Denied("the agent's user may not write to the folder; give it access: %w", err)
	}
	return k.trouble(dir, err)
}

// refusesTimes reports whether err says that the agent may write a file, but not
// set its time.
func refusesTimes(err error) bool {
	var at *fs.PathError
	return errors.As(err, &at) && strings.HasPrefix(at.Op, "chtimes") && errors.Is(err, fs.ErrPermission)
}

// blocked says why no photo can ever get to name, or nil: on the way there is a
// file, or a link that leads out of the folder.
func blocked(root *os.Root, name string) error {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		info, err := root.Lstat(dir)
		if err != nil {
			continue // missing, or what is in its way lies further up
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			if info, err = root.Stat(dir); silent(err) {
				return nil
			} else if err != nil {
				return connectors.Rejected("%s is a link that leads nowhere or out of the folder; make it a folder and retry", dir)
			}
		}
		if !info.IsDir() {
			return connectors.Rejected("%s is a file where a folder is needed; move it away and retry", dir)
		}
	}
	return nil
}
