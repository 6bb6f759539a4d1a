package preview

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"
)

// Bounds of a child's memory, in bytes: what the collector keeps to, and what the
// system allows at most.
const (
	softMemory = mostMemory + 128<<20
	hardMemory = mostMemory + 768<<20
)

// Serve is the child's side of a Worker: it draws the picture in the plain file
// in, with the longest edge that args has as its only word, and writes to out
// the JPEG, or why there is none. The error is out's or that of a wrong call.
//
// It binds the whole process, which is to end after it: one thread of work, low
// priority, bounded memory where the system has such a bound (Linux, Windows),
// and an end, with exit code 1, if the parent does not end it after twice the
// time that a picture may take.
func Serve(args []string, in *os.File, out io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("a preview wants its longest edge and nothing else, not %d words", len(args))
	}
	edge, err := strconv.Atoi(args[0])
	if err != nil {
		return fmt.Errorf("a preview's longest edge is a number, not %q", args[0])
	}
	stop := time.AfterFunc(2*timeLimit, func() { os.Exit(1) })
	defer stop.Stop()
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(softMemory)
	confine()
	b, err := makeOf(in, edge)
	switch {
	case errors.Is(err, ErrNone):
		b = []byte(answerNone)
	case err != nil:
		b = []byte(answerError + err.Error())
	}
	_, err = out.Write(b)
	return err
}

func makeOf(in *os.File, edge int) ([]byte, error) {
	info, err := in.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("this is not a plain file")
	}
	return Make(in, info.Size(), edge)
}
