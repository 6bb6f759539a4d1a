package sftp

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/sftp/sftpsim"
)

// BenchmarkDeliver is 2,000 photos of a tethered shoot over 4 connections, and
// one film of 1 GiB over one.
func BenchmarkDeliver(b *testing.B) {
	for _, c := range []struct {
		name        string
		connections int
		files       int
		size        int64
	}{
		{"2000 x 300 KB", 4, 2000, 300_000},
		{"1 GiB", 1, 1, 1 << 30},
	} {
		b.Run(c.name, func(b *testing.B) {
			source := sourceFile(b, c.size)
			w := newWorld(b, sftpsim.Options{}, func(w *world) { w.setup.Connections = c.connections })
			b.SetBytes(int64(c.files) * c.size)
			for round := 0; b.Loop(); round++ {
				if err := w.burst(source, round, c.files, c.connections, c.size); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(c.files)*float64(b.N)/b.Elapsed().Seconds(), "files/s")
		})
	}
}

func sourceFile(b *testing.B, size int64) string {
	b.Helper()
	name := filepath.Join(b.TempDir(), "source")
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := io.CopyN(f, rand.NewChaCha8([32]byte{}), size); err != nil {
		b.Fatal(err)
	}
	return name
}

func (w *world) burst(source string, round, files, workers int, size int64) error {
	var g errgroup.Group
	g.SetLimit(workers)
	for i := range files {
		g.Go(func() error {
			p := connectors.Photo{
				ID: fmt.Sprintf("%010d%010d", round, i), Name: fmt.Sprintf("%d/%04d.jpg", round, i),
				Size: size, ModTime: time.Unix(1_700_000_000+int64(i), 0),
			}
			_, err := w.Out.Deliver(w.t.Context(), p, func() (io.ReadCloser, error) { return os.Open(source) }, published)
			return err
		})
	}
	return g.Wait()
}
