package pixelz

import (
	"testing"

	"github.com/studio-agent/studio-agent/connectors/connectortest"
)

func TestContract(t *testing.T) {
	connectortest.Run(t, func(t *testing.T) connectortest.Rig {
		w := newWorld(t, how{})
		w.largest = 1 << 40 // for a film that never ends
		return connectortest.Rig{
			Connector: w.connector(),
			Bench:     "packshot",
			Files: func() (list []connectortest.File) {
				for _, o := range w.sim.Orders() {
					if !o.Deleted && o.CustomerImageID != "" {
						list = append(list, connectortest.File{Name: o.Name, Size: o.Size, SHA256: o.SHA256})
					}
				}
				return list
			},
			Return:  func(name string, content []byte) { w.sim.Return(name, content) },
			Faults:  w.faults,
			HTTP:    true,
			Healthy: true,
			// The upload comes to nothing until the order: its own tests are in
			// upload_test.go.
			Ops: connectortest.Ops{
				Deliver: "order", Publish: "order", Find: "lookup", Probe: "contact", Pending: "images", Fetch: "download",
			},
		}
	})
}
