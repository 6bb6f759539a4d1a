package picture

import (
	"bytes"
	"testing"
)

func TestPhaseOne(t *testing.T) {
	whole := iiqFile()
	const directory = 8 + 12 // its count, four bytes, then entries of 16
	const sensor, other = directory + 8, directory + 8 + 16
	const length, offset = 8, 12 // in an entry
	set := func(at int, with uint32) []byte {
		b := bytes.Clone(whole)
		le.PutUint32(b[at:], with)
		return b
	}
	twice := set(other+length, 100)
	le.PutUint32(twice[other+offset:], 1<<30)
	for _, tt := range []struct {
		name string
		file []byte
		want Verdict
	}{
		{"whole", whole, Whole},
		{"something behind", join(whole, data(90)), Whole},
		{"sensor data past the end", set(sensor+length, 1<<20), Torn},
		{"sensor data begin past the end", set(sensor+offset, 1<<30), Torn},
		{"other data past the end", twice, Unknown},
		{"directory past the end", set(16, 1<<30), Torn},
		{"directory somewhere else", set(16, 400), Unknown},
		{"directory not written yet", join(whole[:directory], make([]byte, len(whole)-directory)), Torn},
		{"thumbnail there, sensor data not", join(whole[:len(whole)-2000], make([]byte, 2000)), Unknown},
	} {
		if got, reason := judged(t, tt.file); got != tt.want {
			t.Errorf("%s = %v (%s), want %v", tt.name, got, reason, tt.want)
		}
	}
}

// Big-endian backs spell the header the other way round.
func TestPhaseOneMotorola(t *testing.T) {
	b := newTIFF(be, false)
	b.add([]byte("MMMMRawT"))
	for _, v := range []uint64{12, 1, 0, 0x10f, 1, 900, 0} {
		b.put(v, 4)
	}
	sensor := len(b.b) - 4
	thumb := b.add(data(64))
	off, _ := b.ifd(num(tagStripOffsets, thumb), num(tagStripCounts, 64))
	b.link(0, off)
	be.PutUint32(b.b[sensor:], uint32(len(b.b)-8))
	whole := join(b.b, data(900))
	if got, reason := judged(t, whole); got != Whole {
		t.Errorf("whole = %v (%s)", got, reason)
	}
	for k := sensor; k < len(whole); k++ {
		if got, reason := judged(t, whole[:k]); got != Torn {
			t.Errorf("cut to %d of %d = %v (%s), want torn", k, len(whole), got, reason)
		}
	}
}
