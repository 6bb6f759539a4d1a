package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// A brief is what an artist reads of task.json.
type brief struct {
	TaskID          string
	Round           int
	Inputs          []string
	ExpectedOutputs []wantedOutput
	Annotations     []struct{ Type, Text string }

	folder string // JOB/PRODUCT
}

type wantedOutput struct {
	Name   string
	Due    bool
	Width  int
	Format string
}

// due are the outputs of this round.
func (b brief) due() (all []wantedOutput) {
	for _, o := range b.ExpectedOutputs {
		if o.Due {
			all = append(all, o)
		}
	}
	return all
}

// round names one for the artist.
func (b brief) round() string { return fmt.Sprint(b.TaskID, " ", b.Round) }

// ready are the tasks that are whole and were not worked on in their round.
func (a *artist) ready() (all []brief) {
	found, _ := filepath.Glob(filepath.Join(a.in, "*", "*", "task.json")) // its only error is a bad pattern
	for _, file := range found {
		var b brief
		raw, err := os.ReadFile(file)
		if err != nil || json.Unmarshal(raw, &b) != nil || a.worked[b.round()] {
			continue
		}
		folder, err := filepath.Rel(a.in, filepath.Dir(file))
		b.folder = filepath.ToSlash(folder)
		text := a.instructions(b)
		whole := err == nil && text != "" && (b.Round < 2 || strings.Contains(text, fmt.Sprintf("Round %d", b.Round)))
		for _, in := range b.Inputs {
			_, err := os.Stat(filepath.Join(filepath.Dir(file), in))
			whole = whole && err == nil
		}
		if whole && !isOff(text) && path.Base(b.folder) != yourProduct {
			all = append(all, b)
		}
	}
	return all
}

// instructions is what a person reads; empty if there are none.
func (a *artist) instructions(b brief) string {
	text, _ := os.ReadFile(filepath.Join(a.in, filepath.FromSlash(b.folder), "INSTRUCTIONS.html")) // none is nothing to read
	return string(text)
}

func isOff(instructions string) bool {
	return strings.Contains(instructions, "This task was cancelled.")
}
