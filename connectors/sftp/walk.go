package sftp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/layout"
)

// deepest is how far folders may be nested: more is a loop on the server.
const deepest = 100

// errNoFolder marks a folder of agent.yaml that is missing.
var errNoFolder = errors.New("the folder is missing on the server; make it there, or correct it in agent.yaml")

// walk visits all finished regular files below dir, with names relative to it,
// spelled as the server does. Links are not followed, folders in skip not
// entered. What the server calls by a name that is none for a file is visited,
// so that somebody hears of it, and not entered.
func walk(ctx context.Context, c *conn, dir string, skip map[string]bool, visit func(name string, info fs.FileInfo)) error {
	todo := []string{""}
	for len(todo) > 0 {
		rel := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		entries, err := c.ReadDirContext(ctx, path.Join(dir, rel))
		switch {
		case errors.Is(err, fs.ErrNotExist) && rel != "":
			continue // taken away in this very moment
		case errors.Is(err, fs.ErrNotExist):
			return errNoFolder
		case errors.Is(err, fs.ErrPermission):
			return connectors.Denied("the user may not list the folder %s on the server; ask the vendor to allow it: %w", path.Join(dir, rel), err)
		case err != nil:
			return err
		case strings.Count(rel, "/") >= deepest:
			return fmt.Errorf("folders are nested more than %d deep: %s", deepest, rel)
		}
		for _, info := range entries {
			base := info.Name()
			name := base
			if rel != "" {
				name = rel + "/" + base
			}
			switch {
			case base == ".." || base == "." || base == "/":
				visit(name, info)
			case layout.Unfinished(base):
			case info.IsDir():
				if !skip[path.Join(dir, name)] {
					todo = append(todo, name)
				}
			case info.Mode().IsRegular():
				visit(name, info)
			}
		}
	}
	return nil
}
