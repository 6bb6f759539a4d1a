package creativeforce

import (
	"context"
	"io"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/connectortest"
	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
)

func TestContract(t *testing.T) {
	connectortest.Run(t, func(t *testing.T) connectortest.Rig {
		w := newWorld(t, how{})
		c, err := New(w.setup())
		if err != nil {
			t.Fatal(err)
		}
		w.account = c.Out.(*account)
		e := &expecting{world: w, folders: map[string]string{}}
		c.Out, c.In = e, inputsOnly{w.account}
		c.Vet = func(ctx context.Context, p connectors.Photo) (string, error) {
			e.expect(p.Name)
			return w.vet(ctx, p)
		}
		return connectortest.Rig{
			Connector: c,
			Bench:     "retouch",
			Files: func() (list []connectortest.File) {
				for _, f := range w.sim.Uploads() {
					list = append(list, connectortest.File{Name: f.Name, Size: f.Size, SHA256: f.SHA256})
				}
				return list
			},
			Return:  e.input,
			Faults:  w.faults,
			HTTP:    true,
			Healthy: true,
			Ops:     connectortest.Ops{Deliver: "put", Publish: "put", Probe: "list", Pending: "list", Fetch: "download"},
		}
	})
}

// expecting makes the studio expect whatever is sent, if a studio could: other
// names are refused because no task has them.
type expecting struct {
	*world
	mu      sync.Mutex
	folders map[string]string // task by folder
	inputs  string            // task
}

func (e *expecting) expect(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if connectors.CheckName(name) != nil {
		return
	}
	parts := strings.Split(name, "/")
	folder, base := "loose/names", path.Base(name)
	if len(parts) > 2 {
		folder = parts[0] + "/" + parts[1]
	}
	if e.folders[folder] == "" {
		e.folders[folder] = e.sim.AddTask(creativeforcesim.NewTask{Job: path.Dir(folder), Product: path.Base(folder)})
	}
	for _, o := range e.task(e.folders[folder]).Outputs {
		if o.Name == base {
			return
		}
	}
	e.sim.AddOutput(e.folders[folder], creativeforcesim.Output{Name: base})
	e.again()
}

func (e *expecting) Deliver(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error), publish func() error) (connectors.Receipt, error) {
	e.expect(p.Name)
	return e.account.Deliver(ctx, p, open, publish)
}

func (e *expecting) Find(ctx context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
	for _, p := range ps {
		e.expect(p.Name)
	}
	return e.account.Find(ctx, ps)
}

// input puts a picture into a task.
func (e *expecting) input(name string, content []byte) {
	if e.inputs == "" {
		e.inputs = e.sim.AddTask(creativeforcesim.NewTask{})
	}
	e.sim.ReplaceInput(e.inputs, path.Base(name), content)
}

// inputsOnly leaves out what is made for tasks.
type inputsOnly struct{ *account }

func (s inputsOnly) Pending(ctx context.Context) (inputs []connectors.Retouch, err error) {
	list, err := s.account.Pending(ctx)
	for _, rt := range list {
		if id, _, _ := parseRetouchID(rt.ID); id.what == "input" {
			inputs = append(inputs, rt)
		}
	}
	return inputs, err
}
