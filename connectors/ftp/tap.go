package ftp

import (
	"bytes"
	"strconv"
	"strings"
)

// A tap listens to the control connection for what the library does not tell: the
// last verb and, until the login is over, the last reply code and the lines of
// FEAT. It keeps no arguments.
type tap struct {
	rest     []byte // of a line that has not ended yet
	verb     string
	code     int
	features []string
	sated    bool // the login is over
}

// command hears one, or the first of some that are sent together.
func (t *tap) command(p []byte) {
	verb, _, _ := bytes.Cut(bytes.TrimRight(p, "\r\n"), []byte(" "))
	if len(verb) >= 3 && len(verb) <= 4 && string(verb) != "QUIT" { // else the rest of a long one
		t.verb = string(verb)
	}
}

// replies hears them in any pieces.
func (t *tap) replies(p []byte) {
	if t.sated {
		return
	}
	for piece := range bytes.Lines(p) {
		t.rest = append(t.rest, piece...)
		if len(t.rest) > 8<<10 || piece[len(piece)-1] == '\n' {
			t.line(strings.TrimRight(string(t.rest), "\r\n"))
			t.rest = t.rest[:0]
		}
	}
}

func (t *tap) line(line string) {
	if len(line) >= 4 && (line[3] == ' ' || line[3] == '-') {
		if code, err := strconv.Atoi(line[:3]); err == nil && code >= 100 {
			t.code = code
			return
		}
	}
	if rest, indented := strings.CutPrefix(line, " "); indented && t.verb == "FEAT" {
		t.features = append(t.features, strings.TrimSpace(rest))
	}
}

// has reports whether FEAT names a feature, or any for "".
func (t *tap) has(feature string) bool {
	for _, f := range t.features {
		if name, _, _ := strings.Cut(strings.ToUpper(f), " "); name == feature || feature == "" {
			return true
		}
	}
	return false
}
