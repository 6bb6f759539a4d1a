package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/studio-agent/studio-agent/connectors"
)

const (
	saidBytes  = 200             // of a remote's own words, in a message
	errorBytes = 64 << 10        // of an error's body that are read at all
	lockedFor  = 5 * time.Minute // after a 423
)

// A StatusError is a reply that is no success. It is in the chain of the error
// that Do returns, except under a connectors.ThrottledError.
type StatusError struct {
	Status int
	Said   string // the remote's own words, one line, no secret; may be empty
}

func (e *StatusError) Error() string {
	if e.Said == "" {
		return fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	}
	return fmt.Sprintf("%d: %s", e.Status, e.Said)
}

// StatusOf returns the HTTP status and the remote's words behind err, or 0.
func StatusOf(err error) (status int, said string) {
	var e *StatusError
	if errors.As(err, &e) {
		return e.Status, e.Said
	}
	return 0, ""
}

// refusal makes the error of a reply that is no success.
func (c *Client) refusal(r Request, resp *http.Response, t *ticket) error {
	head, _ := io.ReadAll(io.LimitReader(resp.Body, errorBytes)) // what came is said, if anything
	e := &StatusError{Status: resp.StatusCode, Said: oneLine(c.clean(words(head)), saidBytes)}
	if e.Status == http.StatusTooManyRequests {
		until := t.refused(retryAfter(resp.Header.Get("Retry-After")))
		return &connectors.ThrottledError{Until: until, Reason: fmt.Sprintf("%s asked for fewer requests (%v)", c.base.Host, e)}
	}
	t.answered()
	what := r.Method + " " + c.clean(r.Path)
	switch e.Status {
	case http.StatusUnauthorized:
		return connectors.Denied("account %s: the login was refused (%w): check %s", c.account, e, c.login)
	case http.StatusForbidden, http.StatusNotFound:
		if r.Probe {
			return connectors.Denied("account %s: %s is closed to this login (%w): check url and %s, or ask for the right on the platform", c.account, what, e, c.login)
		}
		return connectors.Rejected("%s was refused (%w): it is not there, or account %s may not use it", what, e, c.account)
	case http.StatusRequestEntityTooLarge:
		return connectors.Rejected("it is too large for %s (%w)", c.base.Host, e)
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return connectors.Rejected("%s refused it (%w): correct what it names, then retry", c.base.Host, e)
	case http.StatusLocked:
		return &connectors.ThrottledError{Until: time.Now().Add(lockedFor), Reason: fmt.Sprintf("%s is locked (%v)", c.base.Host, e)}
	}
	if e.Status < 400 {
		return fmt.Errorf("%s answered with a redirect (%w): check url of account %s", what, e, c.account)
	}
	return fmt.Errorf("%s is in trouble (%w): it will be tried again", c.base.Host, e)
}

// broken makes the error of an exchange that did not end with a reply. A
// url.Error is taken apart, because it carries the URL, which may hold secrets.
func (c *Client) broken(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	err = fmt.Errorf("no whole exchange with %s: %w; it will be tried again", c.base.Host, err)
	if text := err.Error(); c.clean(text) != text {
		return &cleanError{text: c.clean(text), err: err}
	}
	return err
}

// A cleanError is err without its secrets.
type cleanError struct {
	text string
	err  error
}

func (e *cleanError) Error() string { return e.text }
func (e *cleanError) Unwrap() error { return e.err }

// clean takes the secrets out of s.
func (c *Client) clean(s string) string {
	for _, secret := range c.secrets {
		s = strings.ReplaceAll(s, secret, "***")
	}
	return s
}

// words finds the words for a person in an error's body: those of the common
// JSON shapes, else all of the text. Secrets must be taken out of them before
// they are cut, or a part of one stays.
func words(body []byte) string {
	text := string(body)
	var plain string
	var shaped struct {
		Errors                        json.RawMessage
		Message, Error, Detail, Title any
	}
	switch {
	case json.Unmarshal(body, &plain) == nil:
		text = plain
	case json.Unmarshal(body, &shaped) == nil:
		found := messages(shaped.Errors)
		for _, v := range []any{shaped.Message, shaped.Error, shaped.Detail, shaped.Title} {
			if s, ok := v.(string); ok {
				found = append(found, s)
			}
		}
		if len(found) > 0 {
			text = strings.Join(found, "; ")
		}
	case bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")):
		return "a web page instead of an answer"
	}
	return text
}

// messages reads errors: [{"message"} or {"detail"} or "text", …].
func messages(raw json.RawMessage) (words []string) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	for _, item := range list {
		var text string
		var e struct{ Message, Detail string }
		if json.Unmarshal(item, &text) != nil && json.Unmarshal(item, &e) == nil {
			text = e.Message
			if text == "" {
				text = e.Detail
			}
		}
		if text != "" {
			words = append(words, text)
		}
	}
	return words
}

// oneLine makes s printable, on one line, and at most n bytes long.
func oneLine(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}

// retryAfter reads a Retry-After header, seconds or a date; 0 means none.
func retryAfter(header string) time.Duration {
	if seconds, err := strconv.ParseFloat(header, 64); err == nil && seconds > 0 && seconds < 1e9 {
		return time.Duration(seconds * float64(time.Second))
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}
