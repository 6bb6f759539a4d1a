// Package folder is the connector for a folder that the studio and somebody else
// share: a NAS, a mounted cloud drive, the hot folder of another program. It is
// the one to copy for a new connector.
package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/studio-agent/studio-agent/connectors"
)

// Factory makes accounts of type "folder".
var Factory = connectors.Factory{Type: "folder", New: New}

// options are the account's keys in agent.yaml. One of put and get is needed.
type options struct {
	// Put is where photos are delivered, absolute or relative to agent.yaml. It must be there: on an unmounted share
	// it is not, and a folder made in its place would swallow photos.
	Put string `yaml:"put"`
	// Get is where retouches come back. It must not hold put.
	Get string `yaml:"get"`
	// Layout is "flat", names as they are in the hot folder, or "bench", each
	// bench in a folder of its name. Default flat; accounts that several benches
	// use must say which.
	Layout string `yaml:"layout"`
}

// New checks the options. It does not look at the folders.
func New(s connectors.Setup) (connectors.Connector, error) {
	var o options
	if err := s.Decode(&o); err != nil {
		return connectors.Connector{}, err
	}
	if err := o.check(len(s.Benches)); err != nil {
		return connectors.Connector{}, err
	}
	o.Put, o.Get = absolute(s.Dir, o.Put), absolute(s.Dir, o.Get)
	byBench := o.Layout == "bench"
	c := connectors.Connector{Probe: o.probe}
	if o.Put != "" {
		out := destination{o.Put, byBench}
		c.Out, c.List, c.Writes = out, out.list, []string{o.Put}
	}
	if o.Get != "" {
		src := source{get: o.Get, benches: map[string]bool{}}
		for _, b := range s.Benches {
			src.benches[b.Name] = byBench
		}
		c.In = src
	}
	return c, nil
}

func (o options) check(benches int) error {
	switch o.Layout {
	case "bench", "flat":
	case "":
		if benches > 1 {
			return fmt.Errorf("several benches use this account; say layout: bench (a folder for each) or layout: flat (all in one)")
		}
	default:
		return fmt.Errorf("layout: %q is not known; say bench or flat", o.Layout)
	}
	if o.Put == "" && o.Get == "" {
		return fmt.Errorf("put or get is needed: the folder to deliver to, or the one that retouches come back to")
	}
	if o.Put == "" || o.Get == "" {
		return nil
	}
	if rel, err := filepath.Rel(o.Get, o.Put); err == nil && filepath.IsLocal(rel) {
		return fmt.Errorf("put (%s) lies in get (%s): what is delivered would come straight back", o.Put, o.Get)
	}
	return nil
}

// absolute is path as seen from the folder of agent.yaml; empty stays empty.
func absolute(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// openRoot opens a folder that must be there.
func openRoot(dir string) (*os.Root, error) {
	root, err := os.OpenRoot(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the folder %s is missing; is the share mounted?", dir)
	case errors.Is(err, fs.ErrPermission):
		return nil, connectors.Denied("the agent's user may not open the folder %s; give it access: %w", dir, err)
	case err != nil:
		return nil, fmt.Errorf("the folder %s cannot be opened: %w", dir, err)
	}
	return root, nil
}
