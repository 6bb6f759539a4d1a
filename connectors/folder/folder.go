// Package folder is the connector for a folder that the studio and somebody else
// share: a NAS, a mounted cloud drive, the hot folder of another program. It is
// the one to copy for a new connector.
package folder

import (
	"fmt"
	"path/filepath"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/layout"
)

// Factory makes accounts of type "folder".
var Factory = connectors.Factory{Type: "folder", New: New}

// options are the account's keys in agent.yaml. One of put, get and a mirror is
// needed. All folders are absolute or relative to agent.yaml.
type options struct {
	// Put is where photos are delivered. It must be there: on an unmounted share
	// it is not, and a folder made in its place would swallow photos.
	//
	// It may be the import folder of a program that takes each file away, such as
	// ProStudio's (facts.md 7.4): what was put there and is gone has arrived, and
	// is not put there again. Names are kept to the letter, and files of one stem
	// with two extensions (0001.cr3, 0001.tif) are two photos.
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
	lay, err := layout.New(o.Layout, s.Benches)
	if err != nil {
		return connectors.Connector{}, err
	}
	keep := &keeper{account: s.Account, memory: s.Memory, storage: storageOf}
	out := destination{keeper: keep, layout: lay, puts: o.puts(s)}
	in := source{keeper: keep, layout: lay, places: o.places(s)}
	if err := apart(out.puts, in.places); err != nil {
		return connectors.Connector{}, err
	}
	c := connectors.Connector{
		Looks:   true,
		Writes:  out.folders(),
		Probe:   prober{keep, out.folders(), in.places}.run,
		Examine: examination{keep, out.folders(), in.places}.run,
	}
	if len(out.puts) > 0 {
		c.Out = out
	}
	if o.Put != "" {
		c.List = out.list
	}
	if len(in.places) > 0 {
		c.In = in
	}
	return c, nil
}

// puts are the folders that photos are delivered to, by Photo.Remote.
func (o options) puts(s connectors.Setup) map[string]string {
	puts := map[string]string{}
	if o.Put != "" {
		puts[""] = absolute(s.Dir, o.Put)
	}
	for _, m := range s.Mirrors {
		if !m.Get {
			puts[m.Remote] = absolute(s.Dir, m.Remote)
		}
	}
	return puts
}

// places are the folders that retouches come back to.
func (o options) places(s connectors.Setup) (list []place) {
	if o.Get != "" {
		list = append(list, place{dir: absolute(s.Dir, o.Get)})
	}
	for _, m := range s.Mirrors {
		if !m.Get {
			continue
		}
		list = append(list, place{dir: absolute(s.Dir, m.Remote), spelled: m.Remote, mirror: m.Remote, ready: m.Ready})
		if m.Rejected != "" {
			list = append(list, place{dir: absolute(s.Dir, m.Rejected), spelled: m.Rejected, mirror: m.Remote, ready: m.Ready, rejected: true})
		}
	}
	return list
}

// apart refuses an account without folders, and one that would collect what it
// delivers.
func apart(puts map[string]string, places []place) error {
	if len(puts)+len(places) == 0 {
		return fmt.Errorf("put or get is needed: the folder to deliver to, or the one that retouches come back to")
	}
	for _, put := range puts {
		for _, get := range places {
			if within(get.dir, put) {
				return fmt.Errorf("put (%s) lies in get (%s): what is delivered would come straight back", put, get.dir)
			}
		}
	}
	return nil
}

// within reports whether folder is dir or lies below it.
func within(dir, folder string) bool {
	rel, err := filepath.Rel(dir, folder)
	return err == nil && filepath.IsLocal(rel)
}

// absolute is path as seen from the folder of agent.yaml.
func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}
