package sftp

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/studio-agent/studio-agent/connectors/sftp/sftpsim"
)

func TestHowMuchAPacketMayHold(t *testing.T) {
	for _, c := range []struct {
		name               string
		whole, read, write uint64
		want               int
	}{
		{"OpenSSH", 256 << 10, 255 << 10, 255 << 10, 255 << 10},
		{"writes are smaller", 256 << 10, 255 << 10, 64 << 10, 64 << 10},
		{"reads are smaller", 256 << 10, 64 << 10, 255 << 10, 255 << 10},
		{"whole packets are smaller", 65 << 10, 255 << 10, 255 << 10, 64 << 10},
		{"more than OpenSSH", 1 << 20, math.MaxUint64, 1 << 20, mostPacket},
		{"no whole packet is told", 0, 255 << 10, 255 << 10, packetSize},
		{"no write is told", 256 << 10, 255 << 10, 0, packetSize},
		{"less than all must take", 8 << 10, 8 << 10, 8 << 10, packetSize},
	} {
		a := answer{kind: packetReply}
		for _, n := range []uint64{c.whole, c.read, c.write, 0} {
			a.body = binary.BigEndian.AppendUint64(a.body, n)
		}
		if got := a.mayWrite(); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
	for _, a := range []answer{{kind: packetReply, body: make([]byte, 31)}, {kind: packetStatus, body: make([]byte, 40)}} {
		if got := a.mayWrite(); got != packetSize {
			t.Errorf("%+v: got %d, want %d", a, got, packetSize)
		}
	}
}

// A server ends the session over a packet that holds more than it says.
func TestPacketsAreAsLargeAsTheServerTakesThem(t *testing.T) {
	for name, c := range map[string]struct {
		server sftpsim.Options
		want   int
	}{
		"as OpenSSH":         {sftpsim.Options{}, 255 << 10},
		"less":               {sftpsim.Options{MostWrite: 100_000}, 100_000},
		"it does not say it": {sftpsim.Options{Without: []string{limits}}, 32 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.server)
			for photo, size := range map[string]int{"small.jpg": 700_001, "large.tif": swiftMost + 300_001} {
				content := make([]byte, size)
				rand.NewChaCha8([32]byte{2}).Read(content)
				p := photoOf(photo, content)
				w.deliver(p, content)
				w.wantFile("in/"+photo, content)
			}
			w.own(func(*dialer) {})
			conn, err := w.pool.take(t.Context())
			if err != nil || conn.packet != c.want {
				t.Fatalf("packets of %d, %v; want %d", conn.packet, err, c.want)
			}
			w.pool.drop(conn)
		})
	}
}
