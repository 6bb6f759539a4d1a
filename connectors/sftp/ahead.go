package sftp

import (
	"io"

	"golang.org/x/sync/errgroup"
)

// aheadBlock is how much is read ahead at a time, aheadBlocks how often.
const (
	aheadBlock  = 256 << 10
	aheadBlocks = 3
)

// An ahead reader reads its source, which may digest what it gives, while what it
// gave before is encrypted and sent. The error of the source comes after all that
// was read before it. It must be closed, and does not close the source.
type ahead struct {
	full, empty chan []byte
	block, left []byte // being given, and what is left of it
	err         error  // of the source; safe to read when full is closed
	reading     errgroup.Group
}

func readAhead(source io.Reader) *ahead {
	a := &ahead{full: make(chan []byte, aheadBlocks), empty: make(chan []byte, aheadBlocks)}
	for range aheadBlocks {
		a.empty <- make([]byte, aheadBlock)
	}
	a.reading.Go(func() error {
		defer close(a.full)
		for block := range a.empty {
			n, err := io.ReadFull(source, block)
			if err == io.ErrUnexpectedEOF {
				err = io.EOF
			}
			a.err = err
			a.full <- block[:n]
			if err != nil {
				break
			}
		}
		return nil
	})
	return a
}

func (a *ahead) Read(p []byte) (int, error) {
	for len(a.left) == 0 {
		if a.block != nil {
			a.empty <- a.block[:aheadBlock]
		}
		var more bool
		if a.block, more = <-a.full; !more {
			return 0, a.err
		}
		a.left = a.block
	}
	n := copy(p, a.left)
	a.left = a.left[n:]
	return n, nil
}

// Close waits until nothing is read any more.
func (a *ahead) Close() error {
	close(a.empty)
	return a.reading.Wait()
}
