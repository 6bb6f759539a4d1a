package ftp

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"golang.org/x/sync/errgroup"
)

// patience is how long a server may be silent. A server that looks for viruses
// when an upload ends takes its time.
const patience = 2 * time.Minute

// blockSize is how much of a photo is read and sent at a time: most JPEGs in one
// go. ahead is how many blocks of a larger one are read and digested before the
// server has taken the first: servers pause, for their disk or for others, and
// then take much at once.
const (
	blockSize = 512 << 10
	ahead     = 4
)

// A patientConn gives up when nothing has moved for that long.
type patientConn struct {
	net.Conn
	patience time.Duration
}

func (c *patientConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *patientConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// A dataConn carries one transfer.
type dataConn struct {
	net.Conn // with TLS, if any
	raw      *patientConn
	blocks   [][]byte  // to read into, nil before the first use; its session's
	copied   io.Writer // of what is read; may be nil
	wrote    bool
	done     func()
}

func (c *dataConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.copied != nil {
		c.copied.Write(p[:n])
	}
	return n, err
}

func (c *dataConn) Write(p []byte) (int, error) {
	c.wrote = true
	return c.Conn.Write(p)
}

// ReadFrom sends all that r has. Of a large photo blocks are read, and digested,
// while the one before them is on its way.
func (c *dataConn) ReadFrom(r io.Reader) (int64, error) {
	block := c.block(0)
	n, err := io.ReadFull(r, block)
	if n < len(block) {
		if err != io.ErrUnexpectedEOF {
			return 0, noEOF(err)
		}
		n, err = c.Write(block[:n])
		return int64(n), err
	}
	return c.pump(r)
}

// pump is ReadFrom once the first block is full.
func (c *dataConn) pump(r io.Reader) (sent int64, err error) {
	full, empty := make(chan []byte, len(c.blocks)), make(chan []byte, len(c.blocks))
	full <- c.block(0)
	for i := range c.blocks[1:] {
		empty <- c.block(1 + i)
	}
	var reading errgroup.Group
	reading.Go(func() error {
		defer close(full)
		for block := range empty {
			n, err := io.ReadFull(r, block)
			full <- block[:n]
			if err != nil {
				return noEOF(err)
			}
		}
		return nil
	})
	for block := range full {
		n, failed := c.Write(block)
		sent += int64(n)
		if err = failed; err != nil {
			break
		}
		empty <- block[:cap(block)]
	}
	close(empty)
	return sent, errors.Join(err, reading.Wait())
}

func (c *dataConn) block(i int) []byte {
	if c.blocks[i] == nil {
		c.blocks[i] = make([]byte, blockSize)
	}
	return c.blocks[i]
}

// noEOF makes no error of the end of a file.
func noEOF(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil
	}
	return err
}

// Handshake is called by the library for an upload of nothing, which would do
// none.
func (c *dataConn) Handshake() error {
	if t, encrypted := c.Conn.(*tls.Conn); encrypted {
		c.wrote = true
		return t.Handshake()
	}
	return nil
}

// Close ends an upload in both layers and waits for the server's end. Under TLS
// 1.3 the server has sent session tickets that nobody has read; closing over
// them resets the connection, and the server takes the upload for broken.
func (c *dataConn) Close() error {
	defer c.done()
	if t, encrypted := c.Conn.(*tls.Conn); encrypted && c.wrote {
		err := t.CloseWrite()
		if half, ok := c.raw.Conn.(interface{ CloseWrite() error }); err == nil && ok && half.CloseWrite() == nil {
			c.raw.patience = 5 * time.Second
			io.Copy(io.Discard, t) // tickets; whether all arrived the control connection says
		}
		c.raw.Close()
		return err
	}
	return c.Conn.Close()
}
