package ftp

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
)

// A refusal is a reply that stopped an operation.
type refusal struct {
	verb string // of the command; empty for the greeting
	code int
	text string // the server's own words
	err  error  // with whatever else went wrong then
}

func (r *refusal) Error() string {
	if r.verb == "" {
		return fmt.Sprintf("the server answers %d %s", r.code, r.text)
	}
	return fmt.Sprintf("the server answers %s with %d %s", r.verb, r.code, r.text)
}

func (r *refusal) Unwrap() error { return r.err }

// refused returns the refusal in err if its code is one of codes; no codes mean
// any.
func refused(err error, codes ...int) (*refusal, bool) {
	var r *refusal
	if !errors.As(err, &r) {
		return nil, false
	}
	for _, c := range codes {
		if r.code == c {
			return r, true
		}
	}
	return r, len(codes) == 0
}

// forGood reports a refusal that a repetition at once will not change.
func forGood(err error) bool {
	r, ok := refused(err)
	return ok && r.code >= 500
}

// told makes a refusal of what the library returns. It gives some errors without
// a code (USER); the tap has heard it.
func (t *tap) told(err error) error {
	if err == nil {
		return nil
	}
	verb, code := t.verb, t.code
	var reply *textproto.Error
	switch {
	case errors.As(err, &reply):
		return &refusal{verb, reply.Code, strings.TrimSpace(reply.Msg), err}
	case verb == "USER" && code >= 400:
		return &refusal{verb, code, strings.TrimSpace(err.Error()), err}
	}
	return err
}

// A stage is when a server said no; it changes what the reply means.
type stage int

const (
	entering stage = iota // connect and log in
	probing               // check, or doctor
	working               // one photo, one listing, one fetch
)

// judge says what an error means to the engine, as this table has it (RFC 959,
// section 4.2; RFC 2228, section 5; the rest is what servers do):
//
//	reply               entering   probing   working
//	421                 later      later     later; the connection is given up
//	425, 426            later      later     later
//	450, 451            later      later     later
//	452, 552            later      later     later: a person makes room, then it goes on by itself
//	430, 530, 332, 532  denied     denied    later: the login has run out, the next one tells
//	  530 "too many"    later      later     later; the pool shrinks
//	431, 521, 522, 533,
//	534, 535, 536       denied     denied    denied: encryption, and it is the same for all
//	550                 denied     denied    later: a folder is missing or closed, seldom for one photo alone
//	551, 553            denied     denied    later; rejected where the name is at fault (badName)
//	500 to 504          later      denied    later: the server lacks a command; doctor finds a way round
//	other               later      later     later
func judge(err error, when stage) error {
	r, ok := refused(err)
	if !ok || marked(err) {
		return err
	}
	if crowded(r) {
		return fmt.Errorf("the server has too many users at the moment: %w", err)
	}
	switch r.code {
	case 425:
		return fmt.Errorf("the server could not open a data connection; if it stays so, a firewall keeps passive ports closed: %w", err)
	case 452, 552:
		return fmt.Errorf("the server's disk or the account's quota is full; ask the vendor to make room, then it goes on by itself: %w", err)
	case 430, 530, 332, 532:
		if when != working {
			return connectors.Denied("the server refuses the login; correct user and password (too many wrong tries may lock the account), then run check: %w", err)
		}
	case 431, 521, 522, 533, 534, 535, 536:
		return connectors.Denied("the server refuses the encryption that is offered; try tls: explicit or tls: implicit, or ask the vendor: %w", err)
	case 550, 551, 553:
		if when != working {
			return connectors.Denied("the account may not do this; ask the vendor for the right, or correct the folder: %w", err)
		}
		return fmt.Errorf("the folder is missing or closed to this account: %w", err)
	case 500, 501, 502, 503, 504:
		if when == probing {
			return connectors.Denied("the server lacks a command; run doctor, which finds a way round: %w", err)
		}
	}
	return err
}

func marked(err error) bool {
	return errors.Is(err, connectors.ErrRejected) || errors.Is(err, connectors.ErrDenied)
}

// badName rejects a photo whose final name the server will not have, where its
// temporary file was welcome in the same folder.
func badName(err error, name string) error {
	if r, ok := refused(err, 551, 553, 501); ok {
		return connectors.Rejected("the server refuses the name %s (%d %s); rename the file", name, r.code, r.text)
	}
	return err
}

// crowded reports a server that has no place for another connection.
func crowded(r *refusal) bool {
	text := strings.ToLower(r.text)
	full := strings.Contains(text, "too many") || strings.Contains(text, "maximum") || strings.Contains(text, "connection limit")
	switch r.code {
	case 421:
		return full || r.verb == "" || r.verb == "USER" || r.verb == "PASS"
	case 530:
		return full && !strings.Contains(text, "attempt") && !strings.Contains(text, "fail")
	}
	return false
}

// brokenTLS reports what servers that fail at TLS 1.3 answer to a data
// connection.
func brokenTLS(err error) bool {
	if errors.Is(err, errShort) {
		return true
	}
	_, ok := refused(err, 425, 426, 522)
	return ok
}

// errShort says that the server has fewer or more bytes than were sent.
var errShort = errors.New("the server does not have what was sent")

// ended puts the end of ctx before what it has caused.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		return errors.Join(ctx.Err(), err)
	}
	return err
}
