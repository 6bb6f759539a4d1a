package pixelz

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
)

// Values of StatusId (official client, get-image-status). Others occur; what
// they mean is not documented.
const (
	statusStarted   = 60 // in production; from here on nothing is taken back
	statusDelivered = 80
	statusError     = 90 // unverified
)

// fields are those of a JSON object, by name in lower case.
type fields map[string]json.RawMessage

// A reply is what Pixelz answered, however it is wrapped: bare, or below names
// such as Images or GetImageStatusResult (SOAP samples; the wrapping of the JSON
// replies is unverified).
type reply struct {
	code string   // ErrorCode, a number or text; "" if there is none
	said string   // Message
	rows []fields // the objects that were looked for
	list bool     // there was a list, perhaps an empty one
}

const deepest = 4 // of the wrappings

// parse reads a reply in which the objects that have one of the fields, in lower
// case, are looked for.
func parse(raw []byte, marks ...string) (reply, error) {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(raw)) == 0 {
		return reply{}, nil
	}
	if !json.Valid(raw) {
		return reply{}, errors.New("it is not JSON")
	}
	var r reply
	r.take(raw, marks, 0, false)
	return r, nil
}

func (r *reply) take(raw json.RawMessage, marks []string, depth int, inList bool) {
	raw = bytes.TrimSpace(raw)
	if depth > deepest || len(raw) == 0 {
		return
	}
	switch raw[0] {
	case '[':
		var items []json.RawMessage
		json.Unmarshal(raw, &items) // is valid
		r.list = true
		for _, item := range items {
			r.take(item, marks, depth+1, true)
		}
	case '{':
		f := fieldsOf(raw)
		if !inList && r.code == "" {
			r.code, r.said = f.text("errorcode"), f.text("message", "errormessage")
		}
		if slices.ContainsFunc(marks, func(mark string) bool { return f[mark] != nil }) {
			r.rows = append(r.rows, f)
			return
		}
		for _, name := range slices.Sorted(maps.Keys(f)) {
			r.take(f[name], marks, depth+1, inList)
		}
	}
}

func fieldsOf(raw json.RawMessage) fields {
	var all map[string]json.RawMessage
	json.Unmarshal(raw, &all) // is valid
	f := fields{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		f[strings.ToLower(name)] = all[name]
	}
	return f
}

// fine reports whether Pixelz says that all went well. Neither fine nor faulty is
// a reply that does not say.
func (r reply) fine() bool { return strings.EqualFold(r.code, "NoError") || r.code == "0" }

func (r reply) faulty() bool { return r.code != "" && !r.fine() }

// text is the first of the named fields that says something: text, a number,
// true or false.
func (f fields) text(names ...string) string {
	for _, name := range names {
		if s := scalar(f[name]); s != "" {
			return s
		}
	}
	return ""
}

func scalar(raw json.RawMessage) string {
	var s string
	switch raw = bytes.TrimSpace(raw); {
	case len(raw) == 0 || raw[0] == '{' || raw[0] == '[' || raw[0] == 'n':
		return ""
	case raw[0] == '"':
		json.Unmarshal(raw, &s) // is valid
	default:
		s = string(raw)
	}
	return strings.TrimSpace(s)
}

// texts reads one text or several, wrapped or not.
func texts(raw json.RawMessage, depth int) (all []string) {
	var items []json.RawMessage
	switch raw = bytes.TrimSpace(raw); {
	case len(raw) == 0 || depth > deepest:
	case raw[0] == '[':
		json.Unmarshal(raw, &items) // is valid
	case raw[0] == '{':
		f := fieldsOf(raw)
		for _, name := range slices.Sorted(maps.Keys(f)) {
			items = append(items, f[name])
		}
	default:
		if s := scalar(raw); s != "" {
			all = append(all, s)
		}
	}
	for _, item := range items {
		all = append(all, texts(item, depth+1)...)
	}
	return all
}

// An image is an order as Pixelz tells it (SOAP samples, GetImageStatus and
// GetImagesList).
type image struct {
	ticket     string
	customerID string // customerImageId; "" for what was not ordered by an API
	status     int    // 0 if it cannot be read
	statusName string
	failure    string
	finals     []string // addresses of the finished pictures
}

// ticketForm is what goes into a path (official client). A ticket of nothing but
// zeros is none.
var ticketForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func isTicket(s string) bool { return ticketForm.MatchString(s) && strings.Trim(s, "0-") != "" }

// images are the orders of a reply; those without a ticket are left out.
func (r reply) images() (all []image) {
	for _, f := range r.rows {
		status, _ := strconv.Atoi(f.text("statusid"))
		im := image{
			ticket: strings.ToLower(f.text("imageticket")), customerID: f.text("customerimageid"),
			status: status, statusName: f.text("statusname"), failure: f.text("errormessage"),
			finals: texts(f["finalimagesurl"], 0),
		}
		if isTicket(im.ticket) {
			all = append(all, im)
		}
	}
	return all
}

// stage says how far im is. Failure is StatusId 90, a status name with error or
// fail in it, or an ErrorMessage (unverified), unless the picture is there after
// all. What is unknown is being worked on.
func (im image) stage() connectors.Stage {
	name := strings.ToLower(im.statusName)
	switch {
	case im.status == statusError, strings.Contains(name, "error"), strings.Contains(name, "fail"):
		return connectors.Failed
	case im.status == statusDelivered && len(im.finals) > 0:
		return connectors.Ready
	case im.failure != "":
		return connectors.Failed
	}
	return connectors.Working
}

// below reports whether im is surely not finished: after a rejection the status
// begins anew.
func (im image) below() bool { return im.status > 0 && im.status < statusDelivered }

// content tells the finished pictures of im from other ones. Host and query of
// an address do not count: they may change with each look.
func (im image) content() string {
	sum := sha256.New()
	for _, final := range im.finals {
		if u, err := url.Parse(final); err == nil {
			final = u.Path
		}
		sum.Write([]byte(final + "\n"))
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}
