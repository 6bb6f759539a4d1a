//go:build !windows

package watch

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/fsnotify/fsnotify"
)

// A watcher is one fsnotify watcher with a watch per folder, for fsnotify does
// not descend by itself.
//
// A watch belongs to the folder, not to its name: after a rename fsnotify keeps
// reporting the old names below it, and asking for a watch under the new name
// gets the old one back. So the folders are kept by what they are, and a watch
// under an outdated name is removed before the folder is watched anew.
type watcher struct {
	events *fsnotify.Watcher

	mu    sync.Mutex // guards both; not held while fsnotify is called
	paths map[string]fileID
	names map[fileID]string
}

func openWatcher(string) (*watcher, error) {
	events, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return &watcher{events: events, paths: make(map[string]fileID), names: make(map[fileID]string)}, nil
}

func (w *watcher) arm(path string) error {
	fi, err := os.Stat(path)
	if err != nil {
		return err
	}
	id := idOf(fi)
	w.mu.Lock()
	old, known := w.names[id]
	if known = known && old != path && id != (fileID{}); known {
		delete(w.paths, old)
	}
	w.mu.Unlock()
	if known {
		_ = w.events.Remove(old) // gone already if the system was quicker
	}
	if err := w.events.Add(path); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if was, ok := w.paths[path]; ok && was != id && w.names[was] == path {
		delete(w.names, was)
	}
	w.paths[path], w.names[id] = id, path
	return nil
}

func (w *watcher) disarm(path string) {
	below := strings.TrimSuffix(path, string(filepath.Separator)) + string(filepath.Separator)
	var drop []string
	w.mu.Lock()
	for p, id := range w.paths {
		if p != path && !strings.HasPrefix(p, below) {
			continue
		}
		drop = append(drop, p)
		delete(w.paths, p)
		if w.names[id] == p {
			delete(w.names, id)
		}
	}
	w.mu.Unlock()
	for _, p := range drop {
		_ = w.events.Remove(p) // gone already if the folder is
	}
}

func (w *watcher) armed(path string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := w.paths[path]
	return ok
}

func (w *watcher) close() { _ = w.events.Close() }

// drain puts events into h, and nothing else: a slow reader loses events.
func (w *watcher) drain(ctx context.Context, h *Hints) {
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.events.Events:
			if !ok {
				return
			}
			w.hint(e, h)
		case _, ok := <-w.events.Errors:
			if !ok {
				return
			}
			h.LookAll() // overflow, or something else that we cannot know the extent of
		}
	}
}

func (w *watcher) hint(e fsnotify.Event, h *Hints) {
	name, ok := h.relative(e.Name)
	if !ok {
		return
	}
	h.Look(path.Dir(name))
	// A watched folder that was moved away has lost its watch. It, or another one,
	// may have its name again before anybody looks, so it is looked at, too.
	if !e.Has(fsnotify.Write) && w.armed(e.Name) {
		h.Look(name)
	}
}
