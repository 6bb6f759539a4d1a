package sftp

import "encoding/binary"

const (
	// packetSize is how many bytes of a file each server takes in one packet
	// (draft-ietf-secsh-filexfer-02, section 3).
	packetSize = 32 << 10
	// mostPacket is how many OpenSSH takes.
	mostPacket = 255 << 10
	// limits asks how many that are here (OpenSSH's PROTOCOL, section 4.8).
	limits = "limits@openssh.com"
)

// widen finds out how large the packets may be that are written: each costs both
// sides an answer. What is read comes in small ones, for the library takes an
// answer that is shorter than asked for the end of the file.
func (c *conn) widen() error {
	c.packet = packetSize
	if !c.offers(limits) {
		return nil
	}
	a, err := c.lane.ask(packetExtended, limits)
	if err == nil {
		c.packet = a.mayWrite()
	}
	return err
}

// mayWrite is how many bytes of a file a server lets a packet hold. One that says
// none, or fewer than all must take, has no say.
func (a answer) mayWrite() int {
	const whole, write, all = 0, 2 * 8, 4 * 8 // offsets; between them stands what may be read
	const beside = 1 << 10                    // a handle and numbers
	if a.kind != packetReply || len(a.body) < all {
		return packetSize
	}
	packet, bytes := binary.BigEndian.Uint64(a.body[whole:]), binary.BigEndian.Uint64(a.body[write:])
	return int(max(min(mostPacket, bytes, packet-min(packet, beside)), packetSize))
}
