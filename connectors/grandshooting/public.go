package grandshooting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// publicFor is how long a public address works: a vendor that first reads it
// after a weekend still can. The platform gives at most 604,800 s (public, v3).
const publicFor = 72 * time.Hour

// public asks for an address at which anybody can read a picture ("POST
// /picture/{id}/publicurl", public, v3). That v2 has it is unverified, and so is
// what it answers. No picturestatus goes along: it would be set anew at every
// use of the address.
//
// The error wraps connectors.ErrRejected where the platform hands out none.
func (a *account) public(ctx context.Context, photo connectors.Receipt) (string, error) {
	if photo.ID == "" {
		return "", fmt.Errorf("%s is not seen on the platform yet; its public address is asked for when it is", photo.Name)
	}
	r, err := rest.Request{Method: http.MethodPost, Path: "/picture/" + url.PathEscape(photo.ID) + "/publicurl"}.
		JSON(map[string]any{"validity": int(publicFor.Seconds())})
	if err != nil {
		return "", err
	}
	reply, err := a.client.rest.Do(ctx, r)
	status, _ := rest.StatusOf(err)
	switch {
	case errors.Is(err, connectors.ErrRejected) || status == http.StatusNotImplemented:
		return "", connectors.Rejected("Grand Shooting hands out no public address of picture %s (%w): ask them to open the call publicurl to account %s, or choose a vendor that takes uploads", photo.ID, err, a.client.account)
	case err != nil:
		return "", err
	}
	text := addressIn(reply.Body)
	at, err := url.Parse(text)
	switch {
	case text == "" || err != nil:
		return "", connectors.Rejected("Grand Shooting's answer holds no public address of picture %s that can be read", photo.ID)
	case !a.client.outside.trusts(at):
		return "", connectors.Rejected("Grand Shooting's public address of picture %s begins with %s://%s and not with https: it is not handed on", photo.ID, at.Scheme, at.Host)
	}
	return text, nil
}

// addressIn finds the address in an answer: plain text, JSON text, or a field of
// an object. The names of the field are unverified.
func addressIn(raw []byte) string {
	var text string
	var fields map[string]json.RawMessage
	switch {
	case json.Unmarshal(raw, &text) == nil:
		return strings.TrimSpace(text)
	case json.Unmarshal(raw, &fields) == nil:
		for _, name := range []string{"publicurl", "public_url", "publicUrl", "url"} {
			if json.Unmarshal(fields[name], &text) == nil && text != "" {
				return strings.TrimSpace(text)
			}
		}
		return ""
	}
	return strings.TrimSpace(string(raw))
}
