package pixelz

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// jsonType is the type that every request must have (docs.pixelz.com, Request
// Header).
const jsonType = "application/json; charset=UTF-8"

// get asks. What is looked for in the reply has one of marks. The login stands in the query, as the API wants it.
func (a *account) get(ctx context.Context, r rest.Request, marks ...string) (reply, error) {
	query := url.Values{}
	maps.Copy(query, r.Query)
	for name, value := range a.auth {
		query.Set(name, value)
	}
	r.Method, r.Query = http.MethodGet, query
	return a.exchange(ctx, r, marks)
}

// send tells. The login stands in the body.
func (a *account) send(ctx context.Context, r rest.Request, body map[string]any, marks ...string) (reply, error) {
	all := maps.Clone(body)
	if all == nil {
		all = map[string]any{}
	}
	for name, value := range a.auth {
		all[name] = value
	}
	r, err := r.JSON(all)
	if err != nil {
		return reply{}, err
	}
	r.Header.Set("Content-Type", jsonType)
	return a.exchange(ctx, r, marks)
}

// exchange returns what came with HTTP success, which says nothing yet: failures
// come with 200 too, and the caller judges.
func (a *account) exchange(ctx context.Context, r rest.Request, marks []string) (reply, error) {
	answer, err := a.api.Do(ctx, r)
	if err != nil {
		return reply{}, err
	}
	said, err := parse(answer.Body, marks...)
	if answer.Status == http.StatusNotFound && err != nil {
		return reply{}, nil // a web page: it is nobody's answer
	}
	if err != nil {
		return reply{}, fmt.Errorf("what Pixelz answered to %s %s cannot be read: %w; it will be tried again", r.Method, r.Path, err)
	}
	return said, nil
}

// Words by which an ErrorCode and its Message are understood, without regard to
// case. No list of codes is published: all of these are unverified, but for the
// meaning that a code other than NoError or 0 is a failure (official client).
var (
	saysNotThere = regexp.MustCompile(`(?i)not.?found|not.?exist|doesn.?t.?exist|no.?such|invalid.?(image)?.?ticket`)
	saysOther    = regexp.MustCompile(`(?i)contact|account|template`)
	saysDenied   = regexp.MustCompile(`(?i)api.?key|contact.?(not|email|api)|invalid.?contact|authent|authoriz|credential|\blog.?in\b|e.?mail|account.?(is.?)?(closed|suspend|lock|disabl|inactive)|credit|balance|payment`)
	saysTooFast  = regexp.MustCompile(`(?i)too.?many|throttl|rate.?limit`)
	saysLater    = regexp.MustCompile(`(?i)time.?out|busy|unavailable|internal|server.?error|exception|unexpected|try.?again|maintenance|unknown.?error|duplicate|already`)
)

// notThere reports whether r says that there is no such order, and not that there
// is no such account.
func (r reply) notThere() bool {
	words := r.code + " " + r.said
	return r.faulty() && saysNotThere.MatchString(words) && !saysOther.MatchString(words) && !saysDenied.MatchString(words)
}

// restTime is how long the account waits when Pixelz asks for peace inside a
// success, where no time can be told.
const restTime = time.Minute

// refusal is the error of a reply that is a failure, or nil: denied, throttled
// and later by its words, and otherwise Pixelz does not want what it was given.
func (a *account) refusal(what string, r reply) error {
	if !r.faulty() {
		return nil
	}
	said := a.words(r)
	switch words := r.code + " " + r.said; {
	case saysTooFast.MatchString(words):
		return &connectors.ThrottledError{Until: time.Now().Add(restTime), Reason: "Pixelz asked for fewer requests (" + said + ")"}
	case saysLater.MatchString(words):
		return fmt.Errorf("there is trouble at Pixelz with %s (%s): it will be tried again", what, said)
	case saysDenied.MatchString(words):
		return connectors.Denied("account %s: Pixelz refused the login or the account (%s): check email and key, and the account's balance", a.name, said)
	}
	return connectors.Rejected("Pixelz refused %s (%s): correct what it names, then retry", what, said)
}

// words are what Pixelz said, for a person: one line, no secret.
func (a *account) words(r reply) string {
	text := r.code
	if r.said != "" {
		text += ": " + r.said
	}
	return a.oneLine(text)
}

// queryOf finds what of an address may sign it.
var queryOf = regexp.MustCompile(`(://[^\s?]+\?)\S+`)

// oneLine makes what Pixelz wrote fit for a message.
func (a *account) oneLine(s string) string {
	const most = 200
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(queryOf.ReplaceAllString(a.clean(s), "$1…"), "?"))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
