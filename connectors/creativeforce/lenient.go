package creativeforce

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A text may come as a number or a bool.
type text string

func (t *text) UnmarshalJSON(raw []byte) error {
	var s string
	switch {
	case json.Unmarshal(raw, &s) == nil: // null too
		*t = text(strings.TrimSpace(s))
	case len(raw) > 0 && raw[0] != '{' && raw[0] != '[':
		*t = text(raw)
	default:
		return errors.New("an object or a list where a text should be")
	}
	return nil
}

// texts may come as one text.
type texts []text

func (t *texts) UnmarshalJSON(raw []byte) error {
	var list []text
	if json.Unmarshal(raw, &list) == nil {
		*t = list
		return nil
	}
	var one text
	if err := one.UnmarshalJSON(raw); err != nil {
		return err
	}
	if *t = nil; one != "" {
		*t = texts{one}
	}
	return nil
}

// A number may come as text; what is none, or none that can be held, is 0.
type number float64

func (n *number) UnmarshalJSON(raw []byte) error {
	f, err := strconv.ParseFloat(strings.Trim(string(raw), `" `), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		f = 0
	}
	*n = number(f)
	return nil
}

// whole is the number as a count; what is negative or absurd is 0.
func (n number) whole() int64 {
	if n < 0 || n > 1<<50 {
		return 0
	}
	return int64(n)
}

// A yes may come as text or number.
type yes bool

func (y *yes) UnmarshalJSON(raw []byte) error {
	switch strings.ToLower(strings.Trim(string(raw), `" `)) {
	case "true", "1", "yes":
		*y = true
	default:
		*y = false
	}
	return nil
}

func first(all ...text) string {
	for _, t := range all {
		if t != "" {
			return string(t)
		}
	}
	return ""
}

// A shapeError says that a reply is not what was expected.
type shapeError struct{ text string }

func (e *shapeError) Error() string { return e.text }

func odd(format string, args ...any) error { return &shapeError{fmt.Sprintf(format, args...)} }

// decode reads a reply. Its own words are not repeated: they may hold addresses
// that are as good as passwords.
func decode(what string, raw []byte, into any) error {
	err := json.Unmarshal(raw, into)
	if err != nil {
		return odd("Creative Force answered %s in a shape that is not understood (%d bytes)", what, len(raw))
	}
	return nil
}

// headers may come as an object or as a list of names and values.
type headers map[string]string

func (h *headers) UnmarshalJSON(raw []byte) error {
	*h = headers{}
	var object map[string]text
	var list []struct{ Key, Name, Value text }
	switch {
	case json.Unmarshal(raw, &object) == nil:
		for name, value := range object {
			(*h)[name] = string(value)
		}
	case json.Unmarshal(raw, &list) == nil:
		for _, item := range list {
			if name := first(item.Key, item.Name); name != "" {
				(*h)[name] = string(item.Value)
			}
		}
	default:
		return errors.New("headers of no known shape")
	}
	return nil
}

func (h headers) names() []string { return slices.Sorted(maps.Keys(h)) }
