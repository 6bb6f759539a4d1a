package inbound

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// homeKey is under which the identity of a folder is kept in its memory.
const homeKey = "home"

// openHome opens the folder that a job lands in, unless its disk seems not to be
// mounted: it is empty, and not the one in which files landed before. What would
// land there would vanish from sight when the disk is back.
func (c *Collector) openHome(folder string) (*os.Root, error) {
	root, err := openRoot(folder)
	if err != nil {
		return nil, err
	}
	if err := c.doubt(root, folder); err != nil {
		root.Close()
		return nil, err
	}
	return root, nil
}

func (c *Collector) doubt(root *os.Root, folder string) error {
	is := identity(root)
	if is == "" {
		return nil
	}
	memory := c.Ledger.Memory(folder)
	was, err := memory.Recall(homeKey)
	if err != nil {
		return &localError{fmt.Errorf("read the ledger: %w", err)}
	}
	if was == is {
		return nil
	}
	if was != "" && isEmpty(root) {
		return &waitError{fmt.Sprintf("the folder %s is empty and is not the one that was here before, as if its disk were not mounted: "+
			"mount it, or put any file into the folder if it is the right one", folder)}
	}
	if err := memory.Keep(homeKey, is); err != nil {
		return &localError{fmt.Errorf("write into the ledger which folder it is: %w", err)}
	}
	return nil
}

// isEmpty reports whether nothing at all lies in root. What cannot be listed is not
// known to be empty.
func isEmpty(root *os.Root) bool {
	d, err := root.Open(".")
	if err != nil {
		return false
	}
	defer d.Close()
	_, err = d.Readdirnames(1)
	return errors.Is(err, io.EOF)
}
