package folder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

// A trial is done in a folder of its own, by the same means as deliveries.
type trial struct {
	ctx  context.Context
	work *os.Root
}

const trialSize = 1 << 20

// put delivers content under name, over what is there or not.
func (t trial) put(name string, content []byte, replace bool) error {
	f, err := atomicfile.Create(t.work, name, "doctor")
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := f.Seal(time.Time{}); err != nil {
		return err
	}
	if replace {
		return f.Replace(t.ctx)
	}
	return f.Commit(t.ctx)
}

func (t trial) holds(name string, want []byte) error {
	got, err := t.work.ReadFile(name)
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("%s came back with other bytes than were written", name)
	}
	return err
}

func (t trial) write() connectors.Finding {
	start, content := time.Now(), bytes.Repeat([]byte("studio"), trialSize/6)
	err := t.put("0001.jpg", content, false)
	took := time.Since(start)
	if err == nil {
		err = t.holds("0001.jpg", content)
	}
	if err != nil {
		return broken("write", err, "let the agent's user make, write, rename and delete files in it")
	}
	return connectors.Finding{What: "write", Text: fmt.Sprintf("1 MB is on disk under its name after %d ms", took.Milliseconds())}
}

func (t trial) renameBeside() connectors.Finding {
	const what = "rename beside a file"
	first, second := []byte("first"), []byte("second")
	if err := t.put("0002.jpg", first, false); err != nil {
		return broken(what, err, "")
	}
	err := t.put("0002.jpg", second, false)
	if errors.Is(err, fs.ErrExist) {
		err = t.holds("0002.jpg", first)
	} else if err == nil {
		err = errors.New("a rename replaced the file that was there")
	}
	if err != nil {
		return broken(what, err, "files of other people could be overwritten; do not deliver there")
	}
	return connectors.Finding{What: what, Text: "what is there stays"}
}

func (t trial) renameOver() connectors.Finding {
	const what = "rename over a file"
	second := []byte("second")
	err := errors.Join(t.put("0003.jpg", []byte("first"), false), t.put("0003.jpg", second, true))
	if err == nil {
		err = t.holds("0003.jpg", second)
	}
	if err != nil {
		return connectors.Finding{What: what, Health: connectors.Odd, Text: err.Error(), Advice: "a photo that is shot anew under its name waits until the old one is taken away"}
	}
	return connectors.Finding{What: what, Text: "a new version takes the place of ours"}
}

// times also reports whether setting them is refused.
func (t trial) times() (f connectors.Finding, refused bool) {
	f = connectors.Finding{What: "keep times", Health: connectors.Odd, Advice: "nothing to do: files are told apart by their content, which takes longer"}
	want := time.Date(2001, 2, 3, 4, 5, 7, 123456789, time.UTC)
	err := t.work.Chtimes("0001.jpg", time.Time{}, want)
	var info fs.FileInfo
	if err == nil {
		info, err = t.work.Lstat("0001.jpg")
	}
	if err != nil {
		f.Text = err.Error()
		return f, refusesTimes(err)
	}
	f.Text = fmt.Sprintf("a file was given the time %s and shows %s", want.Format(time.DateTime), info.ModTime().UTC().Format(time.DateTime))
	if grain, keeps := grainOf(info.ModTime(), want); keeps {
		f = connectors.Finding{What: f.What, Text: fmt.Sprintf("to %v", grain)}
	}
	return f, false
}

// clock compares the clock of a file server with ours.
func (t trial) clock() connectors.Finding {
	before := time.Now()
	err := t.put("0004.jpg", []byte("fresh"), false)
	after := time.Now()
	info, lost := t.work.Lstat("0004.jpg")
	if err = errors.Join(err, lost); err != nil {
		return broken("clock", err, "")
	}
	return clockFinding(skew(info.ModTime(), before, after))
}

// skew is how far at lies outside of the span in which it was made; 2 s more are
// allowed for, the grain of FAT.
func skew(at, before, after time.Time) time.Duration {
	switch {
	case at.Before(before.Add(-2 * time.Second)):
		return at.Sub(before)
	case at.After(after.Add(2 * time.Second)):
		return at.Sub(after)
	}
	return 0
}

func clockFinding(skew time.Duration) connectors.Finding {
	f := connectors.Finding{What: "clock", Text: "agrees with ours"}
	if skew != 0 {
		f.Text = fmt.Sprintf("%v %s ours", skew.Abs().Round(time.Second), map[bool]string{true: "ahead of", false: "behind"}[skew > 0])
	}
	if skew.Abs() > time.Minute {
		f.Health, f.Advice = connectors.Odd, "set the file server's clock; the agent waits for files to rest, whatever their times say"
	}
	return f
}

// names finds out which names are one there, and which cannot be.
func (t trial) names() connectors.Finding {
	f := connectors.Finding{What: "odd names"}
	long := strings.Repeat("n", 251) + ".jpg"
	said := []string{
		"é in its two spellings " + map[bool]string{true: "is two names", false: "is one name"}[t.apart("\u00e9.jpg", "e\u0301.jpg")],
		"a and A " + map[bool]string{true: "are two names", false: "are one name"}[t.apart("case-a.jpg", "case-A.jpg")],
	}
	for _, name := range []struct{ what, name string }{{"255 bytes", long}, {"é", "\u00e9-.jpg"}, {"日本", "日本.jpg"}} {
		if !t.apart(name.name) {
			said = append(said, name.what+" is not kept as written")
			f.Health, f.Advice = connectors.Odd, "photos with such names are refused or renamed there; give them plainer ones"
		}
	}
	if t.apart("a:b.jpg") {
		said = append(said, "':' can be stored")
	}
	f.Text = strings.Join(said, "; ")
	return f
}

// apart reports whether names can lie beside each other, each as it is spelled.
func (t trial) apart(names ...string) bool {
	for _, name := range names {
		f, err := t.work.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil {
			return false
		}
		f.Close()
	}
	there, err := fs.ReadDir(t.work.FS(), ".")
	for _, name := range names {
		if !slices.ContainsFunc(there, func(d fs.DirEntry) bool { return d.Name() == name }) {
			return false
		}
	}
	return err == nil
}
