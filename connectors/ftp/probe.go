package ftp

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/jlaffaye/ftp"

	"github.com/studio-agent/studio-agent/connectors"
)

// probe logs in, lists what is listed, and writes a block where photos go:
// permission, quota and space in one.
func (a *account) probe(ctx context.Context) error {
	err := a.pool.do(ctx, probing, func(s *session) error {
		for _, r := range a.roots() {
			if r.rejected {
				continue // need not be there
			}
			if _, err := s.list(s.path(r.dir)); err != nil {
				return err
			}
		}
		for _, dir := range a.putFolders() {
			if err := s.writable(s.path(dir)); err != nil {
				return fmt.Errorf("write to %s: %w", dir, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("try %s: %w", a.Host, err)
	}
	return nil
}

func (a *account) putFolders() (list []string) {
	if a.Put != "" {
		list = append(list, a.Put)
	}
	for _, m := range a.mirrors {
		if !m.Get {
			list = append(list, m.Remote)
		}
	}
	return list
}

// writable leaves nothing behind, so on a server that deletes nothing it only
// looks whether the folder is there.
func (s *session) writable(dir string) error {
	if err := s.chdir(dir); err != nil || s.book.profile().NoDelete {
		return err
	}
	name := s.part(path.Join(dir, "x"), "probe")
	err := s.store(name, make([]byte, 4096))
	if refusedName(err) {
		name = withoutDot(name)
		err = s.store(name, make([]byte, 4096))
	}
	if err != nil {
		s.remove(name)
		return err
	}
	if err := s.remove(name); forGood(err) {
		return s.book.learn("DELE", func(p *profile) { p.NoDelete = true })
	} else if err != nil {
		return err
	}
	return nil
}

func (s *session) store(name string, content []byte) error {
	return s.heard.told(s.conn.Stor(name, bytes.NewReader(content)))
}

// list says what lies in the put folder for a bench. With layout flat that is
// everything: nobody can tell there whose a file is.
func (a *account) list(ctx context.Context, bench string) ([]connectors.Receipt, error) {
	var there []connectors.Receipt
	if a.Put == "" {
		return nil, nil // mirrors belong to no bench
	}
	err := a.pool.do(ctx, working, func(s *session) error {
		there = nil
		dir := s.path(a.Put)
		if err := s.chdir(dir); err != nil {
			return err
		}
		if a.Layout == "bench" {
			if dir = path.Join(dir, bench); !s.listed(dir) {
				return nil // nothing was delivered yet
			}
		}
		return s.walk(ctx, dir, nil, func(name string, e *ftp.Entry) error {
			if !strings.HasSuffix(name, marker) {
				there = append(there, receiptOf(name, entryOf(e), ""))
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list %s on %s: %w", a.Put, a.Host, err)
	}
	return there, nil
}
