package sftp

import (
	"fmt"
	"sync"
	"time"
)

// spareBytes are left free on a server.
const spareBytes = 64 << 20

// A space remembers for some seconds how much room the remote folders have, so
// that small photos need not ask each time.
type space struct {
	mu   sync.Mutex
	left map[string]room
}

type room struct {
	until time.Time
	bytes uint64
}

// take sets size bytes in dir aside, or says that they are not there. Servers
// that do not tell have room.
func (s *space) take(c *conn, dir string, size int64) error {
	if !c.offers(statVFS) || s.taken(dir, size) {
		return nil
	}
	disk, err := c.StatVFS(dir)
	if err != nil || disk.Blocks == 0 {
		return nil // what is wrong shows elsewhere; no disk has no blocks
	}
	free := disk.Bavail * disk.Frsize
	s.mu.Lock()
	if s.left == nil {
		s.left = map[string]room{}
	}
	s.left[dir] = room{time.Now().Add(5 * time.Second), free}
	s.mu.Unlock()
	if !s.taken(dir, size) {
		return fmt.Errorf("the server has only %d MB free in %s, too few for these %d MB; ask the vendor to make room", free>>20, dir, size>>20)
	}
	return nil
}

// taken takes size bytes of what is known to be free.
func (s *space) taken(dir string, size int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.left[dir]
	if time.Now().After(r.until) || r.bytes < uint64(size)+spareBytes {
		return false
	}
	r.bytes -= uint64(size)
	s.left[dir] = r
	return true
}
