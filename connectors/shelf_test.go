package connectors_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/connectortest"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

func TestShelf(t *testing.T) {
	connectortest.Run(t, func(t *testing.T) connectortest.Rig {
		dir := t.TempDir()
		c, err := Shelf.New(connectors.Setup{Decode: decodeDir(dir)})
		if err != nil {
			t.Fatal(err)
		}
		return connectortest.Rig{Connector: c, Files: func() []connectortest.File { return onShelf(t, dir) }}
	})
}

// onShelf is the bystander's view: what lies on the shelf, the oldest generation
// first, without the generation's folder.
func onShelf(t *testing.T, dir string) (list []connectortest.File) {
	shelf := os.DirFS(dir)
	err := fs.WalkDir(shelf, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || atomicfile.IsPart(d.Name()) {
			return err
		}
		content, err := fs.ReadFile(shelf, name)
		_, name, _ = strings.Cut(name, "/")
		list = append(list, connectortest.FileOf(name, content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
