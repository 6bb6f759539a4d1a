package picture

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"os"
)

// inside calls read with the content of the plain file at path.
func inside(path string, read func(*file) error) error {
	f, err := Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("this is not a plain file")
	}
	return read(&file{r: f, size: info.Size(), left: maxRead})
}

// about says which file err is about, unless it already does.
func about(path string, err error) error {
	if whose := (*os.PathError)(nil); err == nil || errors.As(err, &whose) {
		return err
	}
	return fmt.Errorf("look into %s: %w", path, err)
}

// piece returns the n bytes at off, to keep; what names them in the error if
// they are more than most.
func (f *file) piece(off, n, most int64, what string) ([]byte, error) {
	if !f.has(off, n) {
		return nil, torn(endsEarly)
	}
	if n > most {
		return nil, tooLong(what, most)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(f.r, off, n), b); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, torn("the file became shorter while it was read")
	} else if err != nil {
		return nil, err
	}
	return b, nil
}

// inflated unpacks zlib's format, not to more than most bytes.
func inflated(b []byte, most int64, what string) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, unsure("the " + what + " inside the file is damaged")
	}
	defer r.Close()
	if b, err = io.ReadAll(io.LimitReader(r, most+1)); err != nil {
		return nil, unsure("the " + what + " inside the file is damaged")
	}
	if int64(len(b)) > most {
		return nil, tooLong(what, most)
	}
	return b, nil
}

func tooLong(what string, most int64) error {
	return fmt.Errorf("the %s is longer than %d MiB, which is not looked through", what, most>>20)
}
