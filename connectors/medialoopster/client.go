package medialoopster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// How the body of a create may be written: "either form-data or raw data"
// (Create Project Asset).
const (
	bodyJSON = "json"
	bodyForm = "form"
)

const (
	perPage   = 100
	mostPages = 500 // of one list
)

// errNotThere is in the chain of a 404.
var errNotThere = errors.New("medialoopster does not have it")

// exchange makes one exchange. What medialoopster has against a request is told in
// its own words, field by field. A redirect is not followed where something is to
// be done: 301 and 302 would turn it into a question.
func (a *account) exchange(ctx context.Context, r rest.Request) (rest.Reply, error) {
	if !r.Probe {
		r.Accept = append(r.Accept, http.StatusBadRequest, http.StatusNotFound, http.StatusUnprocessableEntity)
	}
	if r.Method != http.MethodGet {
		r.Accept = append(r.Accept, http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect)
	}
	reply, err := a.api.Do(ctx, r)
	switch {
	case err != nil:
		return rest.Reply{}, err
	case reply.Status/100 == 2:
		return reply, nil
	case reply.Status/100 == 3:
		return rest.Reply{}, fmt.Errorf("medialoopster answered %s %s with a redirect (%d to %s), and nothing was done: correct url of account %s (https, host, no slash missing)",
			r.Method, r.Path, reply.Status, whither(reply.Header), a.name)
	}
	said := a.words(reply)
	if reply.Status == http.StatusNotFound {
		return rest.Reply{}, connectors.Rejected("%w (%s)", errNotThere, said)
	}
	return rest.Reply{}, connectors.Rejected("medialoopster refused it (%s): correct what it names, then retry", said)
}

// whither is where a redirect leads, without what could be secret in it.
func whither(h http.Header) string {
	u, err := url.Parse(h.Get("Location"))
	if err != nil || u.Host == "" {
		return "another path"
	}
	return u.Scheme + "://" + u.Host
}

// words are what a refusal says, for a person.
func (a *account) words(reply rest.Reply) string {
	var all []string
	for _, p := range decodeProblems(reply.Body) {
		all = append(all, p.String())
	}
	if len(all) == 0 {
		return fmt.Sprintf("%d %s", reply.Status, http.StatusText(reply.Status))
	}
	return fmt.Sprintf("%d: %s", reply.Status, a.oneLine(strings.Join(all, "; ")))
}

// oneLine makes what medialoopster wrote fit for a message: no secret, printable,
// on one line.
func (a *account) oneLine(s string) string {
	const most = 300
	for _, secret := range a.secrets {
		s = strings.ReplaceAll(s, secret, "***")
	}
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// list reads a list, page by page. wanted says what the filter in query asks for:
// a server that does not know the filter answers with more, and what is not
// wanted is left out. nil wants all.
func list[T any](ctx context.Context, a *account, path string, query url.Values, wanted func(T) bool) (all []T, err error) {
	var previous []byte
	for offset, pages := 0, 0; ; pages++ {
		if pages == mostPages {
			return nil, fmt.Errorf("medialoopster has more of %s than %d pages: nobody could look through all of them", path, mostPages)
		}
		asked := url.Values{"limit": {strconv.Itoa(perPage)}, "offset": {strconv.Itoa(offset)}}
		for key, values := range query {
			asked[key] = values
		}
		reply, err := a.exchange(ctx, rest.Request{Method: http.MethodGet, Path: path, Query: asked})
		if err != nil {
			return nil, err
		}
		page, err := decodeList[T](reply.Body)
		if err != nil {
			return nil, unreadable(path, err)
		}
		if bytes.Equal(reply.Body, previous) {
			return all, nil // it knows no offset, so the first page was all
		}
		previous = reply.Body
		offset += len(page)
		before := len(all)
		for _, item := range page {
			if wanted == nil || wanted(item) {
				all = append(all, item)
			}
		}
		if len(page) == 0 || whole(reply, offset) {
			return all, nil
		}
		if len(query) > 0 && len(all)-before == len(page) && len(page) < perPage {
			return all, nil // the filter works, and so few are all
		}
	}
}

// whole reports whether a list says that it ends here. Its length stands in
// X-Total-Count (facts.md, 5.1: the maker's Python package).
func whole(reply rest.Reply, have int) bool {
	total, err := strconv.Atoi(reply.Header.Get("X-Total-Count"))
	return err == nil && have >= total
}

func unreadable(path string, err error) error {
	return fmt.Errorf("what medialoopster answered to %s cannot be read (%w); it will be tried again", path, err)
}

// A field is one of a body, in order.
type field struct {
	name  string
	value any // text or a whole number
}

// withFields gives r a body of fields: an object, or form-data.
func (a *account) withFields(r rest.Request, fields []field) (rest.Request, error) {
	if !a.form {
		object := map[string]any{}
		for _, f := range fields {
			object[f.name] = f.value
		}
		return r.JSON(object)
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, f := range fields {
		if err := w.WriteField(f.name, fmt.Sprint(f.value)); err != nil {
			return r, err
		}
	}
	if err := w.Close(); err != nil {
		return r, err
	}
	r.Header = http.Header{"Content-Type": {w.FormDataContentType()}}
	r.Body, r.Length = bytes.NewReader(body.Bytes()), int64(body.Len())
	return r, nil
}

// later turns a refusal into "ask again later": what is no fault of this file.
func later(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, connectors.ErrRejected):
		return fmt.Errorf("%s: %v", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// namesOf lists at most five.
func namesOf(all []string) string {
	slices.Sort(all)
	if n := len(all); n > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:5], ", "), n-5)
	}
	return strings.Join(all, ", ")
}
