//go:build !windows

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// What serves file systems that cannot rename without replacing keeps the same
// promise as what serves the others.
func TestEveryWayToRenameRefusesATakenName(t *testing.T) {
	for name, rename := range map[string]func(*os.Root, string, string) error{
		"system": renameNoReplace,
		"link":   linkAndRemove,
		"check":  checkAndRename,
	} {
		t.Run(name, func(t *testing.T) {
			root, dir := openRoot(t)
			for file, content := range map[string]string{"part": "ours", "taken": "theirs"} {
				if err := root.WriteFile(file, []byte(content), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink("nowhere", filepath.Join(dir, "dangling")); err != nil {
				t.Fatal(err)
			}
			for _, taken := range []string{"taken", "dangling"} {
				if err := rename(root, "part", taken); !errors.Is(err, fs.ErrExist) {
					t.Errorf("onto %s: %v, want fs.ErrExist", taken, err)
				}
			}
			wantContent(t, filepath.Join(dir, "taken"), "theirs")
			if err := rename(root, "part", "free"); err != nil {
				t.Fatal(err)
			}
			wantTree(t, dir, "dangling", "free", "taken")
			wantContent(t, filepath.Join(dir, "free"), "ours")
			if err := rename(root, "part", "other"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("of a missing file: %v, want fs.ErrNotExist", err)
			}
		})
	}
}
