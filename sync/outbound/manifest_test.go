package outbound

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func withManifest(r *rig) string {
	dir := filepath.Join(r.dir, "state", "manifests")
	r.sender.Manifests = map[string]string{"bench": dir}
	return dir
}

// manifestName is where the manifest of a task lies at the remote.
func manifestName(task ledger.Task) string {
	return strings.TrimPrefix(task.Key+"/TASK-"+task.ID[:8]+".csv", "/")
}

func TestAManifestGoesAfterThePhotosOfItsTask(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ordering(r, nil)
		r.enq.Targets[0].Task = &TaskRule{By: ByFolder, Quiet: 5 * time.Second, Deadline: 24 * time.Hour}
		dir := withManifest(r)
		r.start()
		a, b := r.drop("look 1/a.jpg", "A"), r.drop("look 1/b, c.jpg", "BB")
		pass(time.Minute)
		task := r.wantTask(0, ledger.AtVendor, "")
		name := manifestName(task)
		if name[:11] != "look 1/TASK" {
			t.Errorf("it is called %s, want it in the folder of the task", name)
		}
		text := string(r.remote.Files()[name])
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		must(t, err)
		due := task.Deadline.UTC().Format(time.RFC3339)
		want := [][]string{
			{"name", "size", "sha256", "bench", "task", "round", "deadline"},
			{"look 1/a.jpg", "1", sha(a), "bench", task.ID, "1", due},
			{"look 1/b, c.jpg", "2", sha(b), "bench", task.ID, "1", due},
		}
		if !slices.EqualFunc(rows, want, slices.Equal) {
			t.Errorf("manifest\n%s\nwant %q", text, want)
		}
		if onDisk, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil || string(onDisk) != text {
			t.Errorf("on disk %q, %v", onDisk, err)
		}
		if got := r.names(task); strings.Contains(got, "TASK") {
			t.Errorf("the manifest is counted as a photo: %s", got)
		}
		if got := r.ordered(); len(got) != 1 || strings.Contains(got[0], "TASK") {
			t.Errorf("ordered %q", got)
		}
	})
}

func TestATaskIsNotCommittedBeforeItsManifestIsThere(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ordering(r, nil)
		withManifest(r)
		r.start()
		r.drop("a.jpg", "A")
		pass(time.Second)
		r.plan.Then(memory.OpDeliver, faults.Fault{Delay: 30 * time.Second})
		pass(20 * time.Second)
		r.wantTask(0, ledger.Collecting, "")
		pass(20 * time.Second)
		task := r.wantTask(0, ledger.AtVendor, "")
		wantAt(t, r.remote, manifestName(task), 1)
	})
}

func TestABenchThatWantsNoManifestSendsNone(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ordering(r, nil)
		r.sender.Manifests = map[string]string{"other": r.mkdir("manifests")}
		r.start()
		r.drop("a.jpg", "A")
		pass(time.Minute)
		task := r.wantTask(0, ledger.AtVendor, "")
		wantAt(t, r.remote, manifestName(task), 0)
	})
}

func TestAManifestThatIsRefusedHoldsNothingBack(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ordering(r, nil)
		withManifest(r)
		r.start()
		r.drop("a.jpg", "A")
		pass(time.Second)
		r.plan.Then(memory.OpDeliver, faults.Fault{Status: 422})
		pass(2 * time.Minute)
		r.wantTask(0, ledger.AtVendor, "")
	})
}

func TestAManifestThatCannotBeWrittenIsTriedAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ordering(r, nil)
		dir := withManifest(r)
		writeAt(t, filepath.Dir(dir), "a file is in the way", time.Now())
		r.start()
		r.drop("a.jpg", "A")
		pass(time.Minute)
		r.wantTask(0, ledger.Collecting, "manifest")
		must(t, os.Remove(filepath.Dir(dir)))
		pass(5 * time.Minute)
		task := r.wantTask(0, ledger.AtVendor, "")
		wantAt(t, r.remote, manifestName(task), 1)
	})
}
