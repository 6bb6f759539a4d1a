package ledger

import (
	"testing"
	"time"
)

func TestANoteIsInTheLifeOfATaskAndChangesNothing(t *testing.T) {
	l := openNew(t)
	now := time.Now()
	if err := l.AddProject(now, Task{Account: "ml", Bench: "edit-1", Key: "/v/Spot", Title: "Spot"}); err != nil {
		t.Fatal(err)
	}
	before, _, err := l.Task(t.Context(), TaskID("ml", "/v/Spot"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.NoteTask(now, before, "its folder was renamed"); err != nil {
		t.Fatal(err)
	}
	after, _, err := l.Task(t.Context(), before.ID)
	if err != nil || after.State != before.State || after.News != before.News || after.Reason != "" {
		t.Errorf("got %+v, %v; want %+v", after, err, before)
	}
	life, err := l.History(t.Context(), "", before.ID)
	if err != nil || len(life) != 2 || life[1].Reason != "its folder was renamed" || life[1].What != "seen" {
		t.Errorf("its life is %+v, %v", life, err)
	}
}
