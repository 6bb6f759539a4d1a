package outbound

import (
	"errors"
	"testing"

	"github.com/studio-agent/studio-agent/watch"
)

// A file belongs to the task that its folder says, and waits while nobody knows.
func TestAFileBelongsToATaskByWhereItLies(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		batch := ""
		r.enq.Batch = func(name string) string {
			if name != "Spot/clip.mov" {
				t.Errorf("asked about %s", name)
			}
			return batch
		}
		r.write("Spot/clip.mov", "CLIP")
		var later *watch.LaterError
		if errs := r.enq.Emit(t.Context(), []watch.File{file(t, r.hot, "Spot/clip.mov")}); !errors.As(errs[0], &later) || len(r.jobs("Spot/clip.mov")) != 0 {
			t.Errorf("got %v and %+v, want that it waits", errs, r.jobs("Spot/clip.mov"))
		}
		batch = "the task"
		r.emit("Spot/clip.mov")
		if j := r.job("Spot/clip.mov"); j.Batch != "the task" || j.Photo().Path != r.hot+"/Spot/clip.mov" {
			t.Errorf("got %+v", j)
		}
	})
}
