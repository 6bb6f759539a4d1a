// Package rest makes single HTTP exchanges for the connectors: at the pace that
// a key allows, with errors that mean what package connectors says, with no
// secret in them, and without a time limit on what still moves.
//
// What a reply means: 2xx is success. 401 is connectors.ErrDenied; 403 and 404
// are ErrDenied where Request.Probe is set and ErrRejected else; 400, 405, 413,
// 415 and 422 are ErrRejected. 429 pauses the key for all its accounts and 423
// the account for five minutes, both by a connectors.ThrottledError. 408, 425,
// 5xx, whatever else, and a broken connection are plain errors: try later. The
// connector decides what a 404 means; StatusOf tells it.
package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
)

const (
	// BulkyBytes is the size of a body above which it counts as bulky.
	BulkyBytes = 64 << 20
	// ReplyBytes bounds a reply that is kept in memory.
	ReplyBytes = 64 << 20
)

// Config is what an account brings along. No field but Hosts and HTTP may be
// left out.
type Config struct {
	Account string      // as named in agent.yaml, for messages
	Base    string      // the URL that all paths are joined to
	Header  http.Header // sent with every request: credentials, Accept
	Secrets []string    // taken out of every error
	Login   string      // the options to check after a 401, such as "token"
	// Hosts are the other hosts that a GET may be redirected to (host or
	// host:port), without the headers of this account.
	Hosts []string
	HTTP  *http.Client // nil means http.DefaultClient; its Timeout is not used
	Limit *Limiter
}

// A Client makes exchanges with one remote. It may be used from several
// goroutines.
type Client struct {
	account, login string
	base           *url.URL
	header         http.Header
	secrets, hosts []string
	http           *http.Client
	limit          *Limiter
}

// New checks c and returns its client. It does not touch the network.
func New(c Config) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(c.Base, "/"))
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") || base.RawQuery != "" || base.User != nil {
		return nil, errors.New("url must look like https://host/v2, with no login and no question mark in it")
	}
	client := &Client{
		account: c.Account, login: c.Login, base: base, header: c.Header, hosts: c.Hosts, limit: c.Limit,
	}
	for _, s := range c.Secrets {
		if s != "" {
			client.secrets = append(client.secrets, s, url.QueryEscape(s), url.PathEscape(s))
		}
	}
	client.http = client.transport(c.HTTP)
	return client, nil
}

// transport adapts the given client: no redirect takes credentials away, no
// limit on the whole time, and as many idle connections as there are places, so
// that a backlog does not dial anew for each photo.
func (c *Client) transport(given *http.Client) *http.Client {
	if given == nil {
		given = http.DefaultClient
	}
	own := *given
	own.Timeout, own.Jar, own.CheckRedirect = 0, nil, c.redirect
	if std, ok := http.DefaultTransport.(*http.Transport); ok && own.Transport == nil {
		t := std.Clone()
		t.MaxIdleConnsPerHost = c.limit.max
		own.Transport = t
	}
	return &own
}

func (c *Client) redirect(req *http.Request, via []*http.Request) error {
	if via[0].Method != http.MethodGet || len(via) > 5 {
		return http.ErrUseLastResponse
	}
	if req.URL.Scheme != c.base.Scheme && req.URL.Scheme != "https" {
		return http.ErrUseLastResponse
	}
	if req.URL.Host == c.base.Host {
		return nil
	}
	if !slices.Contains(c.hosts, req.URL.Host) && !slices.Contains(c.hosts, req.URL.Hostname()) {
		return fmt.Errorf("it was redirected to %s: if that is right, add it to hosts of account %s", req.URL.Host, c.account)
	}
	for name := range c.header {
		req.Header.Del(name)
	}
	req.Header.Del("Referer")
	return nil
}

// A Request is one exchange to make.
type Request struct {
	Method string
	Path   string // below the base, escaped, starting with a slash
	Query  url.Values
	Header http.Header
	// Body is read once and never again; it is closed, if it is an io.Closer,
	// and not read any more once the exchange is over. Its error comes back
	// wrapped. Length is exactly its bytes.
	Body   io.Reader
	Length int64
	Probe  bool  // 403 and 404 are ErrDenied
	Accept []int // statuses that are no errors here, besides 2xx
	// Before is called when the turn has come, right before the request goes
	// out; its error is returned, wrapped, and nothing is sent.
	Before func() error
}

// A Reply is a success.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON returns r with v as its body.
func (r Request) JSON(v any) (Request, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return r, fmt.Errorf("writing the request: %w", err)
	}
	r.Header = maps.Clone(r.Header)
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Body, r.Length = bytes.NewReader(raw), int64(len(raw))
	return r, nil
}

// Do makes the exchange and keeps the reply in memory, at most ReplyBytes.
func (c *Client) Do(ctx context.Context, r Request) (Reply, error) {
	var reply Reply
	err := c.exchange(ctx, r, func(resp *http.Response, body io.Reader) error {
		reply.Status, reply.Header = resp.StatusCode, resp.Header
		var err error
		reply.Body, err = io.ReadAll(io.LimitReader(body, ReplyBytes+1))
		if err == nil && len(reply.Body) > ReplyBytes {
			return fmt.Errorf("the reply is larger than %d MiB", ReplyBytes>>20)
		}
		return err
	})
	if err != nil {
		return Reply{}, err
	}
	return reply, nil
}

// Stream makes the exchange and copies the reply to w. A reply that ends early
// is an error; w has what came.
func (c *Client) Stream(ctx context.Context, r Request, w io.Writer) error {
	return c.exchange(ctx, r, func(_ *http.Response, body io.Reader) error {
		_, err := io.Copy(w, body)
		return err
	})
}

func (c *Client) exchange(ctx context.Context, r Request, take func(*http.Response, io.Reader) error) error {
	sent := newBody(r.Body)
	t, err := c.limit.start(ctx, r.Length > BulkyBytes, r.Before)
	if err != nil {
		sent.end()
		return fmt.Errorf("nothing was sent to %s: %w", c.base.Host, err)
	}
	defer t.done()
	err = c.roundTrip(ctx, r, sent, t, take)
	if failed := sent.end(); failed != nil {
		return failed // the cause of whatever came of it
	}
	return err
}

func (c *Client) roundTrip(ctx context.Context, r Request, sent *body, t *ticket, take func(*http.Response, io.Reader) error) error {
	first := replyTime
	if r.Body != nil {
		first = stallTime
	}
	watched, dog := watch(ctx, first)
	defer dog.stop()
	sent.dog = dog
	req, err := c.request(watched, r, sent)
	if err != nil {
		return c.broken(err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.broken(because(ctx, watched, err))
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 && !slices.Contains(r.Accept, resp.StatusCode) {
		return c.refusal(r, resp, t)
	}
	t.answered()
	dog.expect(stallTime)
	if err := take(resp, progressReader{resp.Body, dog}); err != nil {
		return c.broken(because(ctx, watched, err))
	}
	return nil
}

// because prefers the reason for a cancellation to its symptom.
func because(ctx, watched context.Context, err error) error {
	if ctx.Err() == nil && watched.Err() != nil {
		return context.Cause(watched)
	}
	if ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		return fmt.Errorf("%w (%w)", ctx.Err(), err)
	}
	return err
}

// paced makes what the transport sends by itself wait for its turn like the
// rest: it repeats a GET when a kept connection breaks before the answer, and
// follows redirects.
func (c *Client) paced(ctx context.Context) *httptrace.ClientTrace {
	tries := 0
	return &httptrace.ClientTrace{GetConn: func(string) {
		if tries++; tries > 1 {
			c.limit.again(ctx)
		}
	}}
}

func (c *Client) request(ctx context.Context, r Request, sent *body) (*http.Request, error) {
	target := c.base.String() + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, c.paced(ctx)), r.Method, target, nil)
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, c.header)
	maps.Copy(req.Header, r.Header)
	if r.Body != nil && r.Length > 0 {
		// No GetBody: the transport must not send anything twice by itself.
		req.Body, req.ContentLength = sent, r.Length
	}
	return req, nil
}
