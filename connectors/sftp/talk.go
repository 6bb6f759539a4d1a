package sftp

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/pkg/sftp"
)

// A talk is some questions that are sent together, and their answers.
type talk struct {
	lane    *lane
	sheet   *[]byte
	out     []byte // not sent yet; written on the sheet
	asked   int
	answers chan answer
}

// sheets are what questions are written on: one after the other uses them.
var sheets = sync.Pool{New: func() any { return new([]byte) }}

// talk begins one of so many questions at most. It ends with wait.
func (l *lane) talk(most int) *talk {
	sheet := sheets.Get().(*[]byte)
	return &talk{lane: l, sheet: sheet, out: (*sheet)[:0], answers: make(chan answer, most)}
}

// ask adds a question: its kind and, after its id, strings and numbers.
func (t *talk) ask(kind byte, more ...any) {
	id := t.lane.expect(question{t.answers, t.asked})
	t.asked++
	at := len(t.out)
	t.out = append(t.out, 0, 0, 0, 0, kind)
	t.out = binary.BigEndian.AppendUint32(t.out, id)
	for _, m := range more {
		switch m := m.(type) {
		case string:
			t.out = binary.BigEndian.AppendUint32(t.out, uint32(len(m)))
			t.out = append(t.out, m...)
		case []byte:
			t.out = binary.BigEndian.AppendUint32(t.out, uint32(len(m)))
			t.out = append(t.out, m...)
		case uint32:
			t.out = binary.BigEndian.AppendUint32(t.out, m)
		case uint64:
			t.out = binary.BigEndian.AppendUint64(t.out, m)
		}
	}
	binary.BigEndian.PutUint32(t.out[at:], uint32(len(t.out)-at-4))
}

// askWrite adds the question to write the n bytes that fill gives. If it fails,
// nothing is asked.
func (t *talk) askWrite(handle string, offset int64, n int, fill func([]byte) error) error {
	at, head := len(t.out), 4+1+4+4+len(handle)+8+4
	t.out = slices.Grow(t.out, head+n)
	if err := fill(t.out[at+head : at+head+n]); err != nil {
		return err
	}
	t.ask(packetWrite, handle, uint64(offset), uint32(n))
	t.out = t.out[:at+head+n]
	binary.BigEndian.PutUint32(t.out[at:], uint32(head+n-4))
	return nil
}

// send sends what was asked since the last time.
func (t *talk) send() error {
	if len(t.out) == 0 {
		return nil
	}
	err := t.lane.send(t.out)
	t.out = t.out[:0]
	return err
}

// wait sends what was asked and returns all answers, in the order of the
// questions. The error is that of a connection that broke.
func (t *talk) wait() ([]answer, error) {
	err := t.send()
	*t.sheet = t.out
	sheets.Put(t.sheet)
	if err != nil {
		return nil, err
	}
	all := make([]answer, t.asked)
	for range all {
		a := <-t.answers
		if a.kind == 0 {
			return nil, sftp.ErrSSHFxConnectionLost
		}
		all[a.place] = a
	}
	return all, nil
}

// ask asks one question.
func (l *lane) ask(kind byte, more ...any) (answer, error) {
	t := l.talk(1)
	t.ask(kind, more...)
	answers, err := t.wait()
	if err != nil {
		return answer{}, err
	}
	return answers[0], nil
}

// order asks one question that is answered by a status.
func (l *lane) order(kind byte, more ...any) error {
	a, err := l.ask(kind, more...)
	if err != nil {
		return err
	}
	return a.err()
}

// status is an answer's code, or not ok if it is no status.
func (a answer) status() (code uint32, ok bool) {
	if a.kind != packetStatus || len(a.body) < 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(a.body), true
}

func (a answer) is(code uint32) bool {
	got, ok := a.status()
	return ok && got == code
}

// err is what a status says, in the terms of the library; nil if all went well.
func (a answer) err() error {
	code, ok := a.status()
	switch {
	case !ok:
		return fmt.Errorf("the server's answer is of an unexpected kind, %d", a.kind)
	case code == codeOK:
		return nil
	case code == codeNoFile:
		return fs.ErrNotExist
	case code == codeDenied:
		return fs.ErrPermission
	}
	r := refusal{code: code}
	if len(a.body) >= 8 {
		r.words = string(a.body[8 : 8+min(len(a.body)-8, int(binary.BigEndian.Uint32(a.body[4:])))])
	}
	return r
}

// A refusal is a status with the server's words, which the library would keep to
// itself.
type refusal struct {
	code  uint32
	words string
}

func (r refusal) Error() string {
	return fmt.Sprintf("the server refused it: %q (code %d)", r.words, r.code)
}
func (r refusal) Unwrap() error { return &sftp.StatusError{Code: r.code} }

// handle is that of an opened file.
func (a answer) handle() (string, bool) {
	if a.kind != packetHandle || len(a.body) < 4 || int(binary.BigEndian.Uint32(a.body)) != len(a.body)-4 {
		return "", false
	}
	return string(a.body[4:]), true
}

// stat reads size and time, in seconds since 1970, of a file (section 5).
func (a answer) stat() (size int64, seconds uint32, ok bool) {
	const hasSize, hasOwner, hasMode, hasTimes = 1, 2, 4, 8
	if a.kind != packetAttrs || len(a.body) < 4 {
		return 0, 0, false
	}
	flags, b := binary.BigEndian.Uint32(a.body), a.body[4:]
	if flags&hasSize == 0 || len(b) < 8 {
		return 0, 0, false
	}
	size, b = int64(binary.BigEndian.Uint64(b)), b[8:]
	skip := 0
	if flags&hasOwner != 0 {
		skip += 8
	}
	if flags&hasMode != 0 {
		skip += 4
	}
	if flags&hasTimes == 0 {
		return size, 0, true
	}
	if len(b) < skip+8 {
		return 0, 0, false
	}
	return size, binary.BigEndian.Uint32(b[skip+4:]), true
}
