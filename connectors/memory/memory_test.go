package memory_test

import (
	"testing"

	"github.com/studio-agent/studio-agent/connectors/connectortest"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
)

var ops = connectortest.Ops{
	Deliver: memory.OpDeliver, Publish: memory.OpPublish, Find: memory.OpFind,
	Pending: memory.OpPending, Fetch: memory.OpFetch, Probe: memory.OpProbe,
}

func rig(*testing.T) connectortest.Rig {
	plan := faults.NewPlan(1)
	r := memory.New(plan)
	return connectortest.Rig{
		Connector: r.Connector(), Files: files(r), Return: r.Return, Put: r.Put, Take: r.Take,
		Faults: plan, Ops: ops, HTTP: true,
	}
}

func files(r *memory.Remote) func() []connectortest.File {
	return func() (list []connectortest.File) {
		for name, content := range r.Files() {
			list = append(list, connectortest.FileOf(name, content))
		}
		return list
	}
}

func TestContractLikeAFolder(t *testing.T) { connectortest.Run(t, rig) }

func TestContractLikeAPlatform(t *testing.T) {
	connectortest.Run(t, func(t *testing.T) connectortest.Rig {
		plan := faults.NewPlan(1)
		r := memory.New(plan)
		r.Platform = true
		return connectortest.Rig{Connector: r.Connector(), Files: files(r), Return: r.Return, Faults: plan, Ops: ops, HTTP: true}
	})
}
