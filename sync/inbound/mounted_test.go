package inbound

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/sync/ledger"
)

// TestNothingLandsWhereADiskIsNotMounted and all of it when the disk is back, or a
// person says that the folder is the right one.
func TestNothingLandsWhereADiskIsNotMounted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a volume that is not mounted leaves no folder behind")
	}
	for name, mend := range map[string]func(r *rig, away string){
		"the disk is back": func(r *rig, away string) {
			must(r.t, os.Remove(r.folder))
			must(r.t, os.Rename(away, r.folder))
		},
		"it is the right one": func(r *rig, away string) {
			must(r.t, os.WriteFile(filepath.Join(r.folder, "note.txt"), []byte("yes"), 0o644))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.sent("one", "0001.CR3")
				r.sent("one", "0002.CR3")
				first := r.offers("0001.jpg", 1)
				r.collect()
				r.wantFiles("retouched", map[string][]byte{"0001.jpg": first})

				away := filepath.Join(r.dir, "away")
				must(t, os.Rename(r.folder, away))
				must(t, os.Mkdir(r.folder, 0o755))
				second := r.offers("0002.jpg", 2)
				pass(3 * time.Hour)
				r.wantState(id("0002.jpg", second), ledger.Queued, "as if its disk were not mounted")
				r.wantFiles("retouched", nil)

				mend(r, away)
				pass(10 * time.Minute)
				r.wantState(id("0002.jpg", second), ledger.Done, "")
				if got, err := os.ReadFile(filepath.Join(r.folder, "0002.jpg")); err != nil || string(got) != string(second) {
					t.Errorf("0002.jpg: %d bytes, %v; want it whole", len(got), err)
				}
			})
		})
	}
}

// TestAnEmptyFolderIsTheSameFolder: importers take everything away.
func TestAnEmptyFolderIsTheSameFolder(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.sent("one", "0001.CR3")
		r.sent("one", "0002.CR3")
		r.offers("0001.jpg", 1)
		r.collect()
		must(t, os.Remove(filepath.Join(r.folder, "0001.jpg")))
		second := r.offers("0002.jpg", 2)
		pass(10 * time.Minute)
		r.wantState(id("0002.jpg", second), ledger.Done, "")
		r.wantFiles("retouched", map[string][]byte{"0002.jpg": second})
	})
}
