package watch

import (
	"context"
	"errors"
	"path"
	"path/filepath"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

const changes = windows.FILE_NOTIFY_CHANGE_FILE_NAME | windows.FILE_NOTIFY_CHANGE_DIR_NAME |
	windows.FILE_NOTIFY_CHANGE_SIZE | windows.FILE_NOTIFY_CHANGE_LAST_WRITE |
	windows.FILE_NOTIFY_CHANGE_CREATION | windows.FILE_NOTIFY_CHANGE_ATTRIBUTES

// A watcher reads the changes of the whole tree from one handle on the root. A
// handle on a sub-folder would keep the photographer from renaming the folders
// above it. The handle shares everything, deletion included.
type watcher struct {
	root string
	stop windows.Handle // event: drain must end
	next chan *reading  // from arm to drain

	mu  sync.Mutex // guards cur
	cur *reading   // nil if the root is not being read
}

// A reading is one handle with one request under way. The kernel writes into
// it, so it lives until the request has ended.
type reading struct {
	dir  windows.Handle
	over windows.Overlapped
	buf  [16 << 10]uint32 // 64 KiB, the most that a share would take; aligned as the kernel wants it
}

func openWatcher(root string) (*watcher, error) {
	stop, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		return nil, err
	}
	return &watcher{root: root, stop: stop, next: make(chan *reading, 1)}, nil
}

// arm opens the root if it is not open; the root's watch covers all below it.
func (w *watcher) arm(path string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if path != w.root || w.cur != nil {
		return nil
	}
	r, err := startReading(w.root)
	if err != nil {
		return err
	}
	select {
	case old := <-w.next:
		old.close() // drain never came for it
	default:
	}
	w.cur = r
	w.next <- r
	return nil
}

// disarm of the root gives its handle up, so that the next arm opens whatever
// has the root's name by then.
func (w *watcher) disarm(path string) {
	if path == w.root {
		w.release(nil)
	}
}

// release makes way for a new reading if r, or any reading if r is nil, is the
// current one. drain sees the request cancelled and closes it.
func (w *watcher) release(r *reading) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if cur := w.cur; cur != nil && (r == nil || r == cur) {
		w.cur = nil
		_ = windows.CancelIoEx(cur.dir, &cur.over)
	}
}

func (w *watcher) current(r *reading) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cur == r
}

func (w *watcher) close() {
	w.release(nil)
	_ = windows.SetEvent(w.stop)
	select {
	case r := <-w.next:
		r.close()
	default:
	}
}

func (w *watcher) drain(ctx context.Context, h *Hints) {
	defer context.AfterFunc(ctx, func() { _ = windows.SetEvent(w.stop) })()
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-w.next:
			w.read(r, h)
			w.release(r)
			r.close()
			h.LookAll() // the root may be gone; looking arms it again
		}
	}
}

// read turns changes into hints until the handle fails, is given up, or stop.
func (w *watcher) read(r *reading, h *Hints) {
	for {
		i, err := windows.WaitForMultipleObjects([]windows.Handle{w.stop, r.over.HEvent}, false, windows.INFINITE)
		if err != nil || i == windows.WAIT_OBJECT_0 {
			return
		}
		var n uint32
		err = windows.GetOverlappedResult(r.dir, &r.over, &n, false)
		switch {
		case errors.Is(err, windows.ERROR_NOTIFY_ENUM_DIR), err == nil && n == 0:
			h.LookAll() // overflow, in either of its two forms
		case err != nil:
			return
		default:
			r.hint(n, h)
		}
		if r.request() != nil || !w.current(r) {
			return
		}
	}
}

func startReading(root string) (*reading, error) {
	dir, err := openFolder(root, windows.FILE_LIST_DIRECTORY, windows.FILE_FLAG_OVERLAPPED)
	if err != nil {
		return nil, err
	}
	r := &reading{dir: dir}
	if r.over.HEvent, err = windows.CreateEvent(nil, 1, 0, nil); err == nil {
		err = r.request()
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *reading) request() error {
	return windows.ReadDirectoryChanges(r.dir, (*byte)(unsafe.Pointer(&r.buf[0])), uint32(unsafe.Sizeof(r.buf)),
		true, changes, nil, &r.over, 0)
}

// close waits for the request to end before the memory may go.
func (r *reading) close() {
	if windows.CancelIoEx(r.dir, &r.over) == nil {
		var n uint32
		_ = windows.GetOverlappedResult(r.dir, &r.over, &n, true)
	}
	_ = windows.CloseHandle(r.dir)
	if r.over.HEvent != 0 {
		_ = windows.CloseHandle(r.over.HEvent)
	}
}

// hint reads the n bytes of FILE_NOTIFY_INFORMATION records in the buffer.
func (r *reading) hint(n uint32, h *Hints) {
	n = min(n, uint32(unsafe.Sizeof(r.buf)))
	base := unsafe.Pointer(&r.buf[0])
	for at := uint32(0); at+uint32(unsafe.Sizeof(windows.FileNotifyInformation{})) <= n; {
		rec := (*windows.FileNotifyInformation)(unsafe.Add(base, at))
		name := filepath.ToSlash(windows.UTF16ToString(unsafe.Slice(&rec.FileName, rec.FileNameLength/2)))
		h.Look(path.Dir(name))
		if rec.Action == windows.FILE_ACTION_ADDED || rec.Action == windows.FILE_ACTION_RENAMED_NEW_NAME {
			h.Look(name) // if it is a folder that has taken a known one's name
		}
		if rec.NextEntryOffset == 0 {
			return
		}
		at += rec.NextEntryOffset
	}
}
