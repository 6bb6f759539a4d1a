package ftp

import "strconv"

// Replies that are hoped for (RFC 959, section 4.2; RFC 3659, sections 3 and 4).
const (
	replyFile    = 213 // SIZE; MFMT, and MDTM with a time
	replyDone    = 250
	replyPending = 350
	replyNoFile  = 550
)

// sealAtOnce dates the temporary file, has the server tell its size, and looks
// whether the final name is free, all in one exchange. Unless each reply is the one
// hoped for it says no, and has done nothing that cannot be done again: it is then
// found out step by step what is the matter. The first photo of each session goes
// step by step as well: by that it is known that the server keeps times.
func (d *delivery) sealAtOnce() (sealed bool, _ error) {
	p, known := d.photo, d.book.profile()
	if !d.keepsTimes || p.ModTime.IsZero() || !p.Replaces.Zero() || known.NoSize || known.NoTogether || !d.heard.has("SIZE") {
		return false, nil
	}
	date, look := "MDTM ", "SIZE "
	if d.heard.has("MFMT") {
		date = "MFMT "
	}
	if d.conn.IsTimePreciseInList() {
		look = "MLST "
	}
	answers, err := d.together(date+p.ModTime.UTC().Format(stamp)+" "+d.temp, "SIZE "+d.temp, look+d.final())
	if err != nil {
		return false, err
	}
	return answers[0].code == replyFile &&
		answers[1] == reply{replyFile, strconv.FormatInt(p.Size, 10)} &&
		answers[2].code == replyNoFile, nil
}

const stamp = "20060102150405" // of a time, in UTC (RFC 3659, section 2.3)

// renameAtOnce is rename in one exchange. To a server that refuses RNFR, the RNTO
// that follows means nothing (RFC 959, section 4.1.3).
func (s *session) renameAtOnce(from, to string) error {
	answers, err := s.together("RNFR "+from, "RNTO "+to)
	if err != nil {
		return err
	}
	for i, want := range []int{replyPending, replyDone} {
		if a := answers[i]; a.code != want {
			return &refusal{verb: [...]string{"RNFR", "RNTO"}[i], code: a.code, text: a.text}
		}
	}
	return nil
}
