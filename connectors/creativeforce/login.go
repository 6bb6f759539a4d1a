package creativeforce

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

const (
	tokenLife   = time.Hour // "the tokens are valid for 1 hour" (guide, Step 2), where a reply does not say
	tokenTime   = 30 * time.Second
	tokenPause  = time.Minute // before a token that still holds is renewed again
	usedOfToken = 0.9
)

// A login gets tokens by the Client Credentials Flow (guide, Step 2) and makes
// the client that carries one. At most one request for a token is under way.
type login struct {
	account string
	conf    clientcredentials.Config
	http    *http.Client
	make    func(token string) (*rest.Client, error)
	secrets []string

	turn    chan struct{} // guards what follows
	now     *rest.Client  // nil before the first token
	token   string        // of now
	renew   time.Time     // 90 % of its life
	expires time.Time
}

// client returns one with a token that holds, and is not the refused one's; and
// that token, with the other secrets.
func (l *login) client(ctx context.Context, refused *rest.Client) (*rest.Client, []string, error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	client, err := l.current(ctx, refused)
	return client, append(slices.Clone(l.secrets), l.token), err
}

func (l *login) current(ctx context.Context, refused *rest.Client) (*rest.Client, error) {
	if l.now != nil && l.now == refused {
		l.now = nil
	}
	if l.now != nil && time.Now().Before(l.renew) {
		return l.now, nil
	}
	err := l.fetch(ctx)
	if err != nil && l.now != nil && time.Now().Before(l.expires) && !errors.Is(err, connectors.ErrDenied) {
		l.renew = time.Now().Add(tokenPause)
		return l.now, nil
	}
	return l.now, err
}

func (l *login) fetch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tokenTime)
	defer cancel()
	began := time.Now()
	token, err := l.conf.Token(context.WithValue(ctx, oauth2.HTTPClient, l.http))
	if err != nil {
		return l.explain(err)
	}
	life := tokenLife
	if !token.Expiry.IsZero() {
		life = token.Expiry.Sub(began)
	}
	client, err := l.make(token.AccessToken)
	if err != nil {
		return err
	}
	l.now, l.token, l.expires = client, token.AccessToken, began.Add(life)
	l.renew = began.Add(time.Duration(usedOfToken * float64(life)))
	return nil
}

// A code of OAuth: nothing else of a refusal is repeated, for it may hold what
// was sent.
var oauthCode = regexp.MustCompile(`^[a-z_]{1,40}$`)

func (l *login) explain(err error) error {
	var no *oauth2.RetrieveError
	if !errors.As(err, &no) || no.Response == nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address
		}
		return &hiddenError{l.clean(fmt.Sprintf("no token from %s: %v; it will be tried again", l.host(), err)), err}
	}
	status := no.Response.StatusCode
	said := fmt.Sprint(status)
	if oauthCode.MatchString(no.ErrorCode) {
		said = l.clean(fmt.Sprintf("%d: %s", status, no.ErrorCode))
	}
	switch {
	case status == http.StatusTooManyRequests:
		return &connectors.ThrottledError{Until: time.Now().Add(tokenPause), Reason: l.host() + " asked for fewer requests for tokens"}
	case status >= 500 || status == http.StatusRequestTimeout || status < 300:
		return fmt.Errorf("%s gave no token (%s); it will be tried again", l.host(), said)
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed || status == http.StatusUnsupportedMediaType || status < 400:
		return connectors.Denied("account %s: %s gives no tokens (%s): check token_url", l.account, l.host(), said)
	}
	return connectors.Denied("account %s: the login was refused by %s (%s): check client_id, client_secret and scope", l.account, l.host(), said)
}

func (l *login) host() string {
	u, err := url.Parse(l.conf.TokenURL)
	if err != nil {
		return "token_url"
	}
	return u.Host
}

func (l *login) clean(s string) string {
	for _, secret := range l.secrets {
		s = strings.ReplaceAll(s, secret, "***")
	}
	return s
}

// A hiddenError is err without its secrets.
type hiddenError struct {
	text string
	err  error
}

func (e *hiddenError) Error() string { return e.text }
func (e *hiddenError) Unwrap() error { return e.err }
