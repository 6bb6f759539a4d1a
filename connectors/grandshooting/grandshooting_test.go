package grandshooting

import (
	"fmt"
	"testing"

	"github.com/studio-agent/studio-agent/connectors/connectortest"
)

func TestContract(t *testing.T) {
	connectortest.Run(t, func(t *testing.T) connectortest.Rig {
		w := newWorld(t, how{})
		connector, err := New(w.setup(quick, fmt.Sprintf("production: %d", w.benches[10].ID)))
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
			Faults: w.faults,
			HTTP:   true,
			Ops:    connectortest.Ops{Deliver: "upload", Publish: "upload", Find: "list", Probe: "production"},
		}
	})
}
