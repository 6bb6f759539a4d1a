package sftp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/layout"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

// mostSkew is how far a server's clock may be off before it is worth a word.
const mostSkew = time.Minute

// A trial writes into a folder that photos are delivered to.
type trial struct {
	ctx   context.Context
	c     *conn
	base  string
	tell  func(connectors.Finding)
	found *profile
	dir   string // of the trial
}

// run leaves nothing behind. The error says that the connection broke.
func (t trial) run() error {
	if !t.writable() {
		return nil
	}
	t.dir = path.Join(t.base, atomicfile.PartName("doctor"))
	t.clear() // from a trial that was cut short
	if err := t.c.Mkdir(t.dir); err != nil {
		t.say("make a folder", connectors.Broken, err.Error(), "Ask the vendor to allow it: photos in folders cannot be delivered.")
		return nil
	}
	t.say("make a folder", connectors.Fine, "works", "")
	defer t.clear()
	for _, step := range []func() error{t.rename, t.renameOver, t.replace, t.sync, t.times, t.room, t.names, t.remove} {
		if err := t.ctx.Err(); err != nil {
			return err
		}
		if err := step(); t.c.wire.broken.Load() {
			return err
		}
	}
	return nil
}

func (t trial) say(what string, h connectors.Health, text, advice string) {
	t.tell(connectors.Finding{What: what, Health: h, Text: text, Advice: advice})
}

func (t trial) writable() bool {
	what := "write to " + t.base
	err := t.c.mustExist(t.base)
	if err == nil {
		err = t.c.tryWriting(t.base)
	}
	if err != nil {
		t.say(what, connectors.Broken, err.Error(), "Ask the vendor for a folder that this user may write to.")
		return false
	}
	t.say(what, connectors.Fine, "works", "")
	return true
}

// put makes a file in the trial's folder.
func (t trial) put(name string) error {
	f, err := t.c.OpenFile(path.Join(t.dir, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(name))
	return errors.Join(err, f.Close())
}

func (t trial) rename() error {
	err := errors.Join(t.put("a.part"), t.c.Rename(path.Join(t.dir, "a.part"), path.Join(t.dir, "a")))
	if err != nil {
		t.say("rename", connectors.Broken, err.Error(), "Ask the vendor to allow renaming: without it, half a photo could be taken for a whole one.")
		return err
	}
	t.say("rename", connectors.Fine, "works", "")
	return nil
}

// renameOver tries what the protocol forbids.
func (t trial) renameOver() error {
	if err := t.put("b"); err != nil {
		return err
	}
	err := t.c.Rename(path.Join(t.dir, "b"), path.Join(t.dir, "a"))
	t.found.RenameReplaces = err == nil
	if err == nil {
		t.say("rename over a file", connectors.Odd, "replaces the file", "The agent looks once more before each rename.")
	} else {
		t.say("rename over a file", connectors.Fine, "is refused, as it should be", "")
	}
	return err
}

func (t trial) replace() error {
	err := t.put("c")
	if err == nil && t.c.offers(posixRename) {
		err = t.c.PosixRename(path.Join(t.dir, "c"), path.Join(t.dir, "a"))
	}
	if t.found.NoPosixRename = err != nil || !t.c.offers(posixRename); t.found.NoPosixRename {
		t.say("replace a file", connectors.Odd, "not in one step", "The agent removes the old version of a photo right before it renames the new one.")
	} else {
		t.say("replace a file", connectors.Fine, "in one step", "")
	}
	return err
}

func (t trial) sync() error {
	f, err := t.c.OpenFile(path.Join(t.dir, "a"), os.O_WRONLY|os.O_CREATE)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	if t.found.NoFsync = err != nil; err != nil {
		t.say("put on disk", connectors.Odd, "the server does not do it on request", "A power cut at the vendor may cost photos that were just sent.")
	} else {
		t.say("put on disk", connectors.Fine, "works", "")
	}
	return err
}

// times looks at the server's clock, and whether it keeps the time of a photo.
func (t trial) times() error {
	name, taken := path.Join(t.dir, "d"), time.Date(2020, 2, 29, 12, 0, 0, 0, time.UTC)
	before := time.Now()
	if err := t.put("d"); err != nil {
		return err
	}
	info, err := t.c.Lstat(name)
	if err != nil {
		return err
	}
	skew := info.ModTime().Sub(before).Round(time.Second)
	if skew.Abs() > mostSkew {
		t.say("clock", connectors.Odd, fmt.Sprintf("the server's is %v off", skew), "Ask the vendor to set it. The agent does not compare its times with ours.")
	} else {
		t.say("clock", connectors.Fine, fmt.Sprintf("within %v of ours", mostSkew), "")
	}
	err = t.c.Chtimes(name, taken, taken)
	if err == nil {
		info, err = t.c.Lstat(name)
	}
	if t.found.ForgetsTimes = err != nil || !info.ModTime().Equal(taken); t.found.ForgetsTimes {
		t.say("times of photos", connectors.Odd, "are not kept", "To tell whether a photo arrived, the agent may have to read it back.")
	} else {
		t.say("times of photos", connectors.Fine, "are kept", "")
	}
	return err
}

func (t trial) room() error {
	if !t.c.offers(statVFS) {
		t.say("free space", connectors.Odd, "the server does not tell", "")
		return nil
	}
	disk, err := t.c.StatVFS(t.base)
	switch {
	case err != nil:
		t.say("free space", connectors.Odd, err.Error(), "")
	case disk.Blocks > 0 && disk.Bavail*disk.Frsize < spareBytes:
		t.say("free space", connectors.Broken, fmt.Sprintf("%d MB", disk.Bavail*disk.Frsize>>20), "Ask the vendor to make room.")
	default:
		t.say("free space", connectors.Fine, fmt.Sprintf("%d GB", disk.Bavail*disk.Frsize>>30), "")
	}
	return err
}

// names makes files with the names that cameras and people give, and looks
// whether they come back as they were.
func (t trial) names() error {
	list := []string{"\u00e9.jpg", "e\u0301.jpg", "with space.jpg", "hash#1.jpg", "100%.jpg", strings.Repeat("n", 196) + ".jpg"}
	there := map[string]bool{}
	var bad []string
	for _, name := range list {
		if err := t.put(name); err != nil {
			bad = append(bad, fmt.Sprintf("%+q (%v)", name, err))
			there[name] = true // told already
		}
	}
	entries, err := t.c.ReadDirContext(t.ctx, t.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		there[e.Name()] = true
	}
	for _, name := range list {
		if !there[name] {
			bad = append(bad, fmt.Sprintf("%+q (comes back under another name)", name))
		}
	}
	if len(bad) > 0 {
		t.say("odd names", connectors.Odd, "not kept: "+strings.Join(bad, ", "), "Give photos plain names: letters without accents, digits, - and _.")
	} else {
		t.say("odd names", connectors.Fine, "accents of both kinds, spaces, # and %, 200 bytes: all kept apart", "")
	}
	return nil
}

func (t trial) remove() error {
	err := t.c.Remove(path.Join(t.dir, "a"))
	if err != nil {
		t.say("delete", connectors.Odd, err.Error(), "What the agent could not finish stays at the vendor as .studio-….part; ask the vendor to allow deleting.")
	} else {
		t.say("delete", connectors.Fine, "works", "")
	}
	return err
}

// clear removes the trial's folder, which holds files only.
func (t trial) clear() {
	entries, err := t.c.ReadDir(t.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	for _, e := range entries {
		if layout.Ours(e.Name()) {
			t.c.Remove(path.Join(t.dir, e.Name()))
		}
	}
	t.c.RemoveDirectory(t.dir)
}
