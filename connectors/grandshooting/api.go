package grandshooting

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Steps of a production (benchsteptype, "Productions and Benches").
const (
	captureStep       = 10
	firstRetouchStep  = 20
	secondRetouchStep = 30
	exportStep        = 40
)

// Values of picturestatus ("Picture status").
const (
	statusLive     = 10 // "NOT SELECTED, Image in the Live with default status"
	statusSelected = 30 // "SELECTED, Image in the Live selected for retouching"
	statusRefused  = 35 // "REFUSED, Image refused by the retouchers"
)

// archivedFrom is the benchstatus from which on a bench takes nothing (public,
// v3: 35 archiving, 40 archived, 50 flushed).
const archivedFrom = 35

// An ID names something on the platform. It comes as a number or as text
// (public); empty means none.
type ID string

// UnmarshalJSON accepts 12, "12" and null.
func (id *ID) UnmarshalJSON(raw []byte) error {
	text, err := scalar(raw)
	*id = ID(text)
	return err
}

// MarshalJSON writes a number where id is one, as the document has it.
func (id ID) MarshalJSON() ([]byte, error) {
	if id != "" && id[0] != '0' && strings.Trim(string(id), "0123456789") == "" {
		return []byte(id), nil
	}
	return json.Marshal(string(id))
}

// Less says that id was given out before other: shorter numbers are smaller.
func (id ID) Less(other ID) bool {
	if len(id) != len(other) {
		return len(id) < len(other)
	}
	return id < other
}

// number is a whole number that may come as text; null and "" are 0.
type number int64

func (n *number) UnmarshalJSON(raw []byte) error {
	text, err := scalar(raw)
	if err != nil || text == "" {
		*n = 0
		return err
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != float64(int64(f)) {
		return fmt.Errorf("%q is no whole number", text)
	}
	*n = number(f)
	return nil
}

func scalar(raw []byte) (string, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return "", nil
	}
	switch raw[0] {
	case '"':
		var text string
		err := json.Unmarshal(raw, &text)
		return strings.TrimSpace(text), err
	case '{', '[', 't', 'f':
		return "", fmt.Errorf("%.20s is neither a number nor text", raw)
	}
	return string(raw), nil
}

// Bench is a step of a production ("Load bench of a production").
type Bench struct {
	ID        ID     `json:"bench_id"`
	Parent    ID     `json:"parent_id"` // empty for the first bench
	Root      ID     `json:"root_id"`   // the first bench: the production
	Smalltext string `json:"smalltext"`
	Step      number `json:"benchsteptype"`
	Status    number `json:"benchstatus"` // 0 if not given
}

// Picture is one entry of a picture list ("List pictures").
type Picture struct {
	ID        ID     `json:"picture_id"`
	Bench     ID     `json:"bench_id"`
	Root      ID     `json:"bench_root_id"`
	Parent    ID     `json:"parent_id"`     // on an earlier bench; empty for none
	Step      number `json:"benchsteptype"` // 0 if not given
	Status    number `json:"picturestatus"`
	Created   string `json:"date_cre"` // documented as a filter; empty if not given
	Path      string `json:"path"`
	Smalltext string `json:"smalltext"` // the file name as uploaded
	Filesize  number `json:"filesize"`
	Hash      string `json:"hash"`
	Thumbnail string `json:"thumbnail"`
}

// reference is one entry of the catalogue ("List references").
type reference struct {
	ID   ID       `json:"reference_id"`
	Ref  string   `json:"ref"`
	EAN  string   `json:"ean"`
	EANs []string `json:"eans"`
}

// decodeBenches reads a list of productions: an array of arrays, though a
// single production has come as a flat array too (public).
func decodeBenches(raw []byte) ([]Bench, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("the platform's list of productions cannot be read: %w", err)
	}
	var all []Bench
	for _, item := range list {
		if bytes.HasPrefix(item, []byte("[")) {
			inner, err := decodeBenches(item)
			if err != nil {
				return nil, err
			}
			all = append(all, inner...)
			continue
		}
		var b Bench
		if err := json.Unmarshal(item, &b); err != nil {
			return nil, fmt.Errorf("a bench in the platform's list cannot be read: %w", err)
		}
		if b.Root == "" {
			b.Root = b.ID
		}
		if b.ID != "" {
			all = append(all, b)
		}
	}
	return all, nil
}

// decodePictures reads the rows of a picture list. Rows without an id, and
// those in the trash, are left out.
func decodePictures(rows []json.RawMessage) ([]Picture, error) {
	var all []Picture
	for _, row := range rows {
		var p Picture
		if err := json.Unmarshal(row, &p); err != nil {
			return nil, fmt.Errorf("a picture in the platform's list cannot be read: %w", err)
		}
		if p.ID != "" && !inTrash(p.Path) {
			all = append(all, p)
		}
	}
	return all, nil
}

// inTrash: a deleted file is "prefixed with __TRASH" (Delete a picture).
func inTrash(path string) bool {
	return slices.ContainsFunc(strings.Split(path, "/"), func(part string) bool {
		return strings.HasPrefix(part, "__TRASH")
	})
}

// decodeUpload reads an upload's reply, which may be anything (documented as
// "string"): the picture's id if it names one, and an error if it says that the
// file failed in spite of the success code (public, for uploads by URL).
func decodeUpload(raw []byte) (ID, error) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	var id ID
	for _, item := range list {
		var entry struct {
			ID     ID     `json:"picture_id"`
			Status string `json:"status"`
		}
		if json.Unmarshal(item, &entry) != nil {
			continue
		}
		if strings.EqualFold(entry.Status, "ERROR") {
			return "", errors.New("the platform took the file and then reported an error for it")
		}
		id = entry.ID
	}
	if len(list) != 1 {
		return "", nil
	}
	return id, nil
}
