// Package picture looks inside a file: does it look whole, what kind of file is
// it, what did the photographer say about it, how large is it, and does it open?
//
// A file that is still being written can rest for seconds, and a copy that
// reserved its full size looks finished in a listing from the first moment. Most
// picture formats say where they end; Look reads that, and only that, usually a
// few kilobytes. It proves no pixel: a hole in the middle of a file whose two
// ends are there is seen by Opens alone, which reads all of it.
package picture

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// A Verdict says how a file looks from the inside.
type Verdict int

const (
	Unknown Verdict = iota // the format does not tell, or tells nothing certain
	Whole                  // everything the format announces is there
	Torn                   // something it announces is missing; look again later
)

func (v Verdict) String() string {
	switch v {
	case Unknown:
		return "unknown"
	case Whole:
		return "whole"
	case Torn:
		return "torn"
	}
	return fmt.Sprintf("Verdict(%d)", int(v))
}

// Look judges the file at path by its content; its name says nothing. It keeps
// no other program from writing, renaming or deleting the file, never waits for
// a pipe's other end, and does not follow a final symbolic link where the system
// can refuse to (elsewhere it does). What is not a plain file is Unknown.
//
// The reason completes "not sent yet: …" for a photographer; it is empty if and
// only if the file is Whole. A file that shrinks under the reader is Torn, not
// an error: errors are those of the disk, and the verdict is then Unknown.
func Look(path string) (v Verdict, reason string, err error) {
	f, err := Open(path)
	if err != nil {
		return Unknown, "the file cannot be opened", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Unknown, "the file cannot be read", err
	}
	if !info.Mode().IsRegular() {
		return Unknown, "this is not a plain file", nil
	}
	v, reason, err = Judge(f, info.Size())
	if err != nil {
		var whose *os.PathError
		if !errors.As(err, &whose) { // a PathError already names the file
			err = fmt.Errorf("look into %s: %w", path, err)
		}
	}
	return v, reason, err
}

// Judge is Look for the size bytes of r. It reads at most 64 MiB, and 256 MiB
// more of a JPEG whose end is not where it should be; a usual file costs some
// kilobytes. It keeps less than 1 MiB in memory and may be called at the same
// time on the same r.
func Judge(r io.ReaderAt, size int64) (Verdict, string, error) {
	if size <= 0 {
		return Torn, "the file is empty", nil
	}
	err := judge(&file{r: r, size: size, left: maxRead})
	var found finding
	switch {
	case err == nil:
		return Whole, "", nil
	case errors.As(err, &found):
		return found.verdict, found.reason, nil
	}
	return Unknown, "the file cannot be read", err
}

// judge returns nil for a whole file, a finding for any other verdict, and the
// reader's error.
func judge(f *file) error {
	head, err := f.at(0, int(min(f.size, emptyHead)))
	if err != nil {
		return err
	}
	if allZero(head) {
		return torn(emptyInside)
	}
	switch formatOf(head) {
	case formatJPEG:
		return judgeJPEG(f)
	case formatPNG:
		return judgePNG(f)
	case formatGIF:
		return judgeGIF(f)
	case formatPSD:
		return judgePSD(f)
	case formatZIP:
		return judgeZIP(f)
	case formatRAF:
		return judgeRAF(f)
	case formatRIFF:
		return judgeRIFF(f)
	case formatTIFF:
		return judgeTIFF(f)
	case formatBMFF:
		return judgeBMFF(f)
	}
	if begins(head) {
		return torn("the file has only just begun")
	}
	return unsure("this kind of file does not tell where it ends")
}
