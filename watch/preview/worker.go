package preview

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/watch/picture"
)

const (
	timeLimit  = 20 * time.Second
	mostAnswer = 16 << 20 // bytes of a preview; 4096 pixels of noise are less
)

// A Worker draws previews in child processes, one for each picture, so that a
// picture made to harm costs a little time and nothing else: the child has low
// priority, bounded memory (Serve), 20 seconds, no environment and no path, only
// the open file; its memory goes back to the system when it ends. A Worker may be
// used at the same time; how many run at once is the caller's affair (see Cache).
type Worker struct {
	// Program is a command line that calls Serve with what follows it, usually
	// the agent's own path and the name of a hidden command.
	Program []string
}

// Make is the function Make for the file at path, done by a child. It keeps no
// other program from writing, renaming or deleting the file. When ctx ends the
// child is killed.
func (w Worker) Make(ctx context.Context, path string, edge int) ([]byte, error) {
	b, err := w.make(ctx, path, edge)
	if err != nil && !errors.Is(err, ErrNone) {
		return nil, fmt.Errorf("draw a preview of %s: %w", path, err)
	}
	return b, err
}

func (w Worker) make(ctx context.Context, path string, edge int) ([]byte, error) {
	f, err := picture.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("this is not a plain file")
	}
	limited, cancel := context.WithTimeoutCause(ctx, timeLimit, fmt.Errorf("it was given up after %s", timeLimit))
	defer cancel()
	child := exec.CommandContext(limited, w.Program[0], slices.Concat(w.Program[1:], []string{strconv.Itoa(edge)})...)
	child.Stdin, child.Env, child.WaitDelay = f, []string{}, time.Second
	answer, trouble := &bounded{most: mostAnswer}, &bounded{most: 4 << 10}
	child.Stdout, child.Stderr = answer, trouble
	child.SysProcAttr = background()
	err = child.Run()
	switch {
	case limited.Err() != nil:
		return nil, context.Cause(limited)
	case err != nil:
		first, _, _ := strings.Cut(strings.TrimSpace(string(trouble.b)), "\n")
		return nil, fmt.Errorf("it takes too much memory or is damaged in an unusual way (%w: %s)", err, first)
	}
	return read(answer.b)
}

// What a child answers that could draw nothing: a word, and perhaps why.
const (
	answerNone  = "none"
	answerError = "error "
)

// read tells a preview from an error.
func read(answer []byte) ([]byte, error) {
	why, failed := strings.CutPrefix(string(answer[:min(len(answer), 1<<10)]), answerError)
	switch {
	case isJPEG(answer):
		return answer, nil
	case string(answer) == answerNone:
		return nil, ErrNone
	case failed:
		return nil, errors.New(why)
	}
	return nil, errors.New("the preview came back damaged")
}

// isJPEG reports whether b begins and ends as a JPEG does.
func isJPEG(b []byte) bool {
	return len(b) > 4 && string(b[:3]) == "\xff\xd8\xff" && string(b[len(b)-2:]) == "\xff\xd9"
}

// bounded keeps the first bytes that are written and forgets the rest.
type bounded struct {
	b    []byte
	most int
}

func (w *bounded) Write(p []byte) (int, error) {
	w.b = append(w.b, p[:min(len(p), w.most-len(w.b))]...)
	return len(p), nil
}
