package watch

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
)

func TestHintsCoalesce(t *testing.T) {
	h := NewHints("")
	for range 3 {
		h.Look("a")
		h.Look("a/b")
	}
	<-h.wake
	dirs, all := h.take()
	if len(dirs) != 2 || all {
		t.Errorf("take() = %v, %v, want a and a/b", dirs, all)
	}
	if dirs, all := h.take(); len(dirs) != 0 || all {
		t.Errorf("second take() = %v, %v, want nothing", dirs, all)
	}
	select {
	case <-h.wake:
		t.Error("more than one token for one set")
	default:
	}
}

func TestTooManyHintsMeanAll(t *testing.T) {
	h := NewHints("")
	for i := range maxHints + 10 {
		h.Look(fmt.Sprint(i))
	}
	if dirs, all := h.take(); len(dirs) > maxHints || !all {
		t.Errorf("take() = %d folders, all %v, want %d at most, and all", len(dirs), all, maxHints)
	}
}

func TestHintNames(t *testing.T) {
	root := filepath.Clean("/studio/captures")
	sep := string(filepath.Separator)
	tests := []struct {
		root, path, want string
		ok               bool
	}{
		{root, root, ".", true},
		{root, root + sep + "a", "a", true},
		{root, root + sep + "a" + sep + "b\nc", "a/b\nc", true},
		{root, root + "2" + sep + "a", "", false},
		{sep, sep + "a", "a", true},
	}
	for _, tt := range tests {
		got, ok := NewHints(tt.root).relative(tt.path)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("relative(%q) below %q = %q, %v, want %q, %v", tt.path, tt.root, got, ok, tt.want, tt.ok)
		}
	}
}

func TestHintsEnd(t *testing.T) {
	h := NewHints(t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- h.Run(ctx) }()
	if err := h.Arm("."); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v, want context.Canceled", err)
	}
	if err := h.Arm("."); !errors.Is(err, errEnded) {
		t.Errorf("Arm after the end = %v, want %v", err, errEnded)
	}
	h.Disarm(".")
}
