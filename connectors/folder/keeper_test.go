package folder

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

// share is a folder whose disk or share the test decides on.
type share struct {
	dir    string
	on     string // what it is on; see keeper.storage
	memory *connectors.ShortMemory
}

// connect is the account on a share, as after a start of the agent.
func (s *share) connect(t *testing.T) connectors.Connector {
	t.Helper()
	set := setup(options{Put: s.dir, Get: s.dir + "-back"}, connectors.MirroredFolder{Remote: s.dir + "-back", Get: true})
	set.Memory = s.memory
	c := made(t, set)
	c.Out.(destination).storage = func(*os.Root) string { return s.on }
	return c
}

func newShare(t *testing.T) *share {
	s := &share{dir: filepath.Join(t.TempDir(), "in"), on: "SMB //nas/in", memory: new(connectors.ShortMemory)}
	mkdir(t, s.dir, s.dir+"-back")
	return s
}

func mkdir(t *testing.T, dirs ...string) {
	t.Helper()
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
}

func move(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// swap mounts something else where the share was.
func (s *share) swap(t *testing.T, on string) {
	move(t, s.dir, s.dir+".away")
	move(t, s.dir+"-back", s.dir+"-back.away")
	mkdir(t, s.dir, s.dir+"-back")
	s.on = on
}

func wantRefused(t *testing.T, c connectors.Connector, p connectors.Photo) {
	t.Helper()
	_, open := photo(p.Name, "picture")
	_, delivered := c.Out.Deliver(t.Context(), p, open, nothing)
	_, found := c.Out.Find(t.Context(), []connectors.Photo{p})
	_, pending := c.In.Pending(t.Context())
	_, listed := c.List(t.Context(), "")
	for what, err := range map[string]error{
		"Deliver": delivered, "Find": found, "Pending": pending, "List": listed, "Probe": c.Probe(t.Context()),
	} {
		if err == nil || !strings.Contains(err.Error(), "was SMB //nas/in, now ext4 0001") || !strings.Contains(err.Error(), "studio-agent doctor nas") {
			t.Errorf("%s gave %v, want what it was on, what it is on, and what to do", what, err)
		}
		if errors.Is(err, connectors.ErrRejected) || errors.Is(err, connectors.ErrDenied) {
			t.Errorf("%s gave up for good: %v", what, err)
		}
	}
}

func TestAShareThatIsNotMountedIsNeitherWrittenToNorBelieved(t *testing.T) {
	s := newShare(t)
	c := s.connect(t)
	p, open := photo("0001.jpg", "picture")
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); err != nil {
		t.Fatal(err)
	}
	if _, err := c.In.Pending(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.swap(t, "ext4 0001") // the empty mount point
	p.Published = true     // and the photo looks picked up
	wantRefused(t, c, p)
	wantRefused(t, s.connect(t), p)
	if list, err := os.ReadDir(s.dir); err != nil || len(list) != 0 {
		t.Errorf("the mount point holds %v, %v", list, err)
	}
	remove(t, s.dir)
	move(t, s.dir+".away", s.dir) // mounted again
	s.on = "SMB //nas/in"
	if found := ask(t, c, p); found.ID == takenID || found.Zero() {
		t.Errorf("mounted again, Find gives %+v", found)
	}
}

func TestARemountIsTheSameShare(t *testing.T) {
	s := newShare(t)
	c := s.connect(t)
	if err := c.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.swap(t, s.on) // another device number, the same source
	if err := c.Probe(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAFolderThatMovedForGoodIsLearnedByExamining(t *testing.T) {
	s := newShare(t)
	c := s.connect(t)
	if err := c.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.swap(t, "SMB //new/in")
	doctor, told := s.connect(t), "" // another process
	err := doctor.Examine(t.Context(), func(f connectors.Finding) { told += f.Text + "\n" })
	if err != nil || !strings.Contains(told, s.dir+" is on SMB //new/in; it was on SMB //nas/in") {
		t.Errorf("told %q, %v; want both shares", told, err)
	}
	p, open := photo("0001.jpg", "picture")
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); err != nil {
		t.Error(err)
	}
}

func TestWhereTheSystemNamesNoStorageNothingIsRefused(t *testing.T) {
	s := newShare(t)
	s.on = ""
	c := s.connect(t)
	for range 2 {
		if err := c.Probe(t.Context()); err != nil {
			t.Error(err)
		}
		s.on = "SMB //nas/in" // first told now
	}
	s.swap(t, "") // and now not any more
	if err := c.Probe(t.Context()); err != nil {
		t.Error(err)
	}
}

// asked counts, and fails on demand.
type asked struct {
	connectors.ShortMemory
	recalled int
	err      error
}

func (a *asked) Recall(key string) (string, error) {
	a.recalled++
	value, _ := a.ShortMemory.Recall(key)
	return value, a.err
}

func TestTheMemoryIsAskedOncePerFolder(t *testing.T) {
	memory, dir := new(asked), t.TempDir()
	k := &keeper{memory: memory, storage: storageOf}
	memory.err = errors.New("the ledger's disk is gone")
	if err := k.use(dir, "read", listable); !errors.Is(err, memory.err) {
		t.Errorf("got %v, want the memory's own error", err)
	}
	memory.err, memory.recalled = nil, 0
	for range 3 {
		if err := k.use(dir, "read", listable); err != nil {
			t.Fatal(err)
		}
	}
	if memory.recalled != 1 && storageNamed(t, dir) {
		t.Errorf("asked %d times, want once", memory.recalled)
	}
}

func storageNamed(t *testing.T, dir string) bool {
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	return storageOf(root) != ""
}

func TestTroubleOfTheFarEndIsNotTheFolders(t *testing.T) {
	s := newShare(t)
	c := s.connect(t)
	p, _ := photo("0001.jpg", "picture")
	mine := &fs.PathError{Op: "read", Path: "/studio/0001.jpg", Err: silence}
	_, err := c.Out.Deliver(t.Context(), p, func() (io.ReadCloser, error) { return nil, mine }, nothing)
	if !errors.Is(err, silence) || strings.Contains(err.Error(), "//nas/in") {
		t.Errorf("the hot folder is silent: %v; want nothing said of the share", err)
	}
	k := c.Out.(destination).keeper
	theirs := &fs.PathError{Op: "openat", Path: "0001.jpg", Err: silence}
	root, err := k.open(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	err = k.explain(s.dir, root, "0001.jpg", theirs)
	if !errors.Is(err, silence) || !strings.Contains(err.Error(), "(SMB //nas/in) does not answer") {
		t.Errorf("the share is silent: %v; want its name", err)
	}
	if errors.Is(err, connectors.ErrRejected) || errors.Is(err, connectors.ErrDenied) {
		t.Errorf("gave up for good: %v", err)
	}
}

func TestAFolderThatRefusesTimesIsDeliveredToWithoutThem(t *testing.T) {
	dir := t.TempDir()
	c := connect(t, options{Put: dir})
	k := c.Out.(destination).keeper
	p, open := photo("0001.jpg", "picture")
	root, err := k.open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	refused := &fs.PathError{Op: "chtimesat", Path: "x.part", Err: fs.ErrPermission}
	if err := k.explain(dir, root, "0001.jpg", refused); errors.Is(err, connectors.ErrDenied) || !strings.Contains(err.Error(), "the next try does without") {
		t.Errorf("got %v, want that the next try does without", err)
	}
	receipt, err := c.Out.Deliver(t.Context(), p, open, nothing)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "0001.jpg"))
	if err != nil || info.ModTime().Equal(shot) {
		t.Errorf("the time was set: %v, %v", info.ModTime(), err)
	}
	p.Size, p.Replaces = 9, receipt
	_, open = photo("0001.jpg", "picture 2")
	if _, err := c.Out.Deliver(t.Context(), p, open, nothing); err != nil {
		t.Errorf("our own file is not known again: %v", err)
	}
}
