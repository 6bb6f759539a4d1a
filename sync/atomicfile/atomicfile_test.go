package atomicfile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const id = "0123456789abcdef0123"

var shot = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func openRoot(t *testing.T) (*os.Root, string) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root, dir
}

// sealed is a file whose content is on disk under its temporary name.
func sealed(t *testing.T, root *os.Root, name, content string) *File {
	t.Helper()
	f, err := Create(root, name, id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := f.Seal(shot); err != nil {
		t.Fatal(err)
	}
	return f
}

// tree lists the files below dir, slash-separated, sorted.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func wantTree(t *testing.T, dir string, want ...string) {
	t.Helper()
	if got := tree(t, dir); !slices.Equal(got, want) {
		t.Errorf("there is %q, want %q", got, want)
	}
}

func wantContent(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v; want %q", path, got, err, want)
	}
}

func TestNothingShowsUnderTheFinalNameBeforeCommit(t *testing.T) {
	root, dir := openRoot(t)
	f := sealed(t, root, "a/b/0001.jpg", "picture")
	wantTree(t, dir, "a/b/"+PartName(id))
	if err := f.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantTree(t, dir, "a/b/0001.jpg")
	wantContent(t, filepath.Join(dir, "a", "b", "0001.jpg"), "picture")
	info, err := root.Stat("a/b/0001.jpg")
	if err != nil || !info.ModTime().Equal(shot) {
		t.Errorf("time %v, %v; want %v", info.ModTime(), err, shot)
	}
	if err := f.Abort(); err != nil {
		t.Errorf("Abort after Commit: %v", err)
	}
	wantTree(t, dir, "a/b/0001.jpg")
}

func TestCommitNeverReplacesAndReplaceDoes(t *testing.T) {
	root, dir := openRoot(t)
	if err := root.WriteFile("0001.jpg", []byte("theirs"), 0o666); err != nil {
		t.Fatal(err)
	}
	f := sealed(t, root, "0001.jpg", "ours")
	if err := f.Commit(t.Context()); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("Commit onto a taken name: %v, want fs.ErrExist", err)
	}
	wantContent(t, filepath.Join(dir, "0001.jpg"), "theirs")
	wantTree(t, dir, PartName(id), "0001.jpg")
	if err := f.Replace(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantContent(t, filepath.Join(dir, "0001.jpg"), "ours")
	wantTree(t, dir, "0001.jpg")
}

func TestAbortLeavesNothingAndCloseLeavesTheTemporaryFile(t *testing.T) {
	root, dir := openRoot(t)
	f, err := Create(root, "0001.jpg", id)
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("half"))
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	wantTree(t, dir, PartName(id))
	f, err = Create(root, "0001.jpg", id)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.Abort(); err != nil {
			t.Fatal(err)
		}
	}
	wantTree(t, dir)
}

func TestAWriteErrorIsToldAndAbortCleansUp(t *testing.T) {
	root, dir := openRoot(t)
	f, err := Create(root, "0001.jpg", id)
	if err != nil {
		t.Fatal(err)
	}
	f.file.Close() // the disk goes away
	if _, err := f.Write([]byte("x")); err == nil {
		t.Error("a write that failed was not told")
	}
	if err := f.Seal(shot); err == nil {
		t.Error("a sync that failed was not told")
	}
	if err := f.Abort(); err != nil {
		t.Error(err)
	}
	wantTree(t, dir)
}

func TestStepsOutOfOrderAreErrors(t *testing.T) {
	root, _ := openRoot(t)
	f, err := Create(root, "0001.jpg", id)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	if err := f.Commit(t.Context()); err == nil {
		t.Error("Commit before Seal went through")
	}
	if err := f.Seal(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("late")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Write after Seal: %v", err)
	}
	if err := f.Seal(time.Time{}); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("second Seal: %v", err)
	}
}

func TestWhatAnEarlierTryLeftIsReplacedNeverTruncated(t *testing.T) {
	root, dir := openRoot(t)
	// A crash between link and removal: the vendor has moved the final file on,
	// the temporary name still leads to its content.
	sealed(t, root, "0001.jpg", "taken by the vendor").Close()
	if err := root.Link(PartName(id), "archive.jpg"); err != nil {
		t.Fatal(err)
	}
	f := sealed(t, root, "0001.jpg", "again")
	wantContent(t, filepath.Join(dir, "archive.jpg"), "taken by the vendor")
	if err := f.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantContent(t, filepath.Join(dir, "0001.jpg"), "again")
	wantTree(t, dir, "0001.jpg", "archive.jpg")
}

func TestAPlantedLinkIsNotWrittenThrough(t *testing.T) {
	root, dir := openRoot(t)
	outside := filepath.Join(t.TempDir(), "outside.jpg")
	if err := os.WriteFile(outside, []byte("precious"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := root.WriteFile("inside.jpg", []byte("precious"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{outside, "inside.jpg"} {
		if err := os.Symlink(target, filepath.Join(dir, PartName(id))); err != nil {
			t.Fatal(err)
		}
		sealed(t, root, "0001.jpg", "ours").Abort()
		wantTree(t, dir, "inside.jpg")
	}
	wantContent(t, outside, "precious")
	wantContent(t, filepath.Join(dir, "inside.jpg"), "precious")
}

func TestNoNameLeadsOutOfTheRoot(t *testing.T) {
	root, dir := openRoot(t)
	outside := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	names := []string{"", ".", "..", "../x", "/x", "a/../../x", "a//x", "a/", "link/x", "link/sub/x", "dangling/x"}
	for _, name := range names {
		if f, err := Create(root, name, id); err == nil {
			f.Abort()
			t.Errorf("Create(%q) went through", name)
		}
	}
	for _, bad := range []string{"", "a/b", "..", "ä", strings.Repeat("x", 41)} {
		if f, err := Create(root, "x", bad); err == nil {
			f.Abort()
			t.Errorf("Create with id %q went through", bad)
		}
	}
	wantTree(t, outside)
	wantTree(t, dir, "dangling", "link")
}

func TestNamesOf255Bytes(t *testing.T) {
	root, dir := openRoot(t)
	name := strings.Repeat("n", 251) + ".jpg"
	if err := sealed(t, root, name, "x").Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantTree(t, dir, name)
	if n := len(PartName(strings.Repeat("x", maxID))); n > 60 {
		t.Errorf("temporary names are up to %d bytes long, want at most 60", n)
	}
}

func TestIsPart(t *testing.T) {
	for name, want := range map[string]bool{
		PartName(id): true, ".studio-x.new.part": true,
		"0001.jpg": false, "0001.part": false, ".studio-x": false,
	} {
		if got := IsPart(name); got != want {
			t.Errorf("IsPart(%q) = %v", name, got)
		}
	}
}

func TestAFinalNameThatIsAFolder(t *testing.T) {
	root, dir := openRoot(t)
	if err := root.MkdirAll("0001.jpg/inside", 0o777); err != nil {
		t.Fatal(err)
	}
	f := sealed(t, root, "0001.jpg", "x")
	if err := f.Commit(t.Context()); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Commit onto a folder: %v, want fs.ErrExist", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // on Windows it would be waited for
	if err := f.Replace(ctx); err == nil {
		t.Error("Replace of a folder went through")
	}
	wantTree(t, dir, PartName(id))
}
