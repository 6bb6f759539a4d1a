package grandshooting

import (
	"fmt"
	"testing"

	"github.com/studio-agent/studio-agent/connectors/connectortest"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

func TestContract(t *testing.T) {
	connectortest.Run(t, func(t *testing.T) connectortest.Rig {
		w := newWorld(t, how{})
		connector, err := New(w.setup(quick, fmt.Sprintf("{production: %d, import_step: 20}", w.benches[10].ID)))
		if err != nil {
			t.Fatal(err)
		}
		return connectortest.Rig{
			Connector: connector,
			Bench:     "packshot",
			Files: func() (list []connectortest.File) {
				for _, p := range w.sim.Pictures() {
					list = append(list, connectortest.File{Name: p.Sent, Size: p.Size, SHA256: p.SHA256})
				}
				return list
			},
			Return: func(name string, content []byte) { w.returned(w.capture(name), content) },
			Faults: w.faults,
			HTTP:   true,
			Ops: connectortest.Ops{
				Deliver: "upload", Publish: "upload", Find: "list", Probe: "production", Pending: "list", Fetch: "download",
			},
		}
	})
}

// capture is the picture of that name on the capture bench, put there if need be.
func (w *world) capture(name string) int {
	w.t.Helper()
	for _, p := range w.sim.Pictures() {
		if p.Sent == name && p.Step == 10 {
			return p.ID
		}
	}
	p := photo(name, []byte("capture "+name))
	return w.sim.AddPicture(grandshootingsim.Picture{
		Bench: w.benches[10].ID, Sent: name, Size: p.Size, SHA256: p.Digests.SHA256, SHA1: p.Digests.SHA1,
	})
}

// returned is a retouch of that picture, on the next bench.
func (w *world) returned(picture int, content []byte) int {
	w.t.Helper()
	id, err := w.sim.ReturnEdit(picture, content)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}
