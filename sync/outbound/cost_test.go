package outbound

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// BenchmarkAccept is what it costs to take over one new JPEG of 20 MB; with
// `metadata: send` it is not compared without its metadata.
func BenchmarkAccept(b *testing.B) {
	for _, metadata := range []bool{false, true} {
		for _, marks := range []bool{false, true} {
			b.Run(fmt.Sprintf("send=%v/marks=%v", metadata, marks), func(b *testing.B) { benchmarkAccept(b, metadata, marks) })
		}
	}
}

func benchmarkAccept(b *testing.B, metadata, marks bool) {
	dir := b.TempDir()
	l, err := ledger.Open(b.Context(), ledger.Options{Path: filepath.Join(dir, "l.db"), Name: "bench", Version: "1"})
	must(b, err)
	defer l.Close()
	e := &Enqueuer{
		Ledger: l, Bench: "bench", Role: connectors.Capture, Folder: b.TempDir(), Targets: []Target{{Account: "gs", Marks: marks}},
		Metadata: metadata, First: FirstSight{HoldFiles: 1 << 20, HoldBytes: 1 << 60}, Log: slog.New(slog.DiscardHandler),
	}
	body := make([]byte, 20<<20)
	for i := range body { // 0xff would begin a marker
		body[i] = byte(rand.N(255))
	}
	head := shot(9, xmp(stars(0)))
	b.SetBytes(int64(len(body)))
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		name := fmt.Sprint(i, ".jpg")
		path := filepath.Join(e.Folder, name)
		content := head[:len(head)-2] + fmt.Sprint(i) + string(body) + head[len(head)-2:]
		must(b, os.WriteFile(path, []byte(content), 0o644))
		f := file(b, e.Folder, name)
		b.StartTimer()
		must(b, emit(b.Context(), e, f))
		b.StopTimer()
		os.Remove(path)
		b.StartTimer()
	}
}
