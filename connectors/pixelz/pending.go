package pixelz

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// Pending lists the orders of the account, of as many days as history says. An
// order with several finished pictures is as many retouches.
func (a *account) Pending(ctx context.Context) ([]connectors.Retouch, error) {
	list, err := a.list(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := a.book.all(list, time.Now(), a.history)
	if err != nil {
		return nil, err
	}
	var all []connectors.Retouch
	for i, im := range list {
		all = append(all, a.retouches(im, entries[i])...)
	}
	return all, nil
}

// retouches says what im is, given what is noted of it.
func (a *account) retouches(im image, e entry) (all []connectors.Retouch) {
	rt := connectors.Retouch{
		ID: retouchID{im.ticket, e.version(), 0}.String(), Name: cmp.Or(e.Name, im.ticket),
		Answers: im.ticket, Stage: im.stage(), Link: a.pageOf(im.ticket), Reason: a.oneLine(im.failure), Size: -1, Final: true,
	}
	switch rt.Stage {
	case connectors.Failed:
		rt.ID += "/failed" // what may still come has another name than this
		rt.Reason = a.oneLine(cmp.Or(im.failure, im.statusName, fmt.Sprintf("status %d", im.status)))
	case connectors.Ready:
		if e.Refused {
			rt.Stage = connectors.Working // Pixelz has not begun yet
			break
		}
		for i, name := range e.called(im) {
			rt.ID, rt.Name = retouchID{im.ticket, e.version(), i}.String(), name
			all = append(all, rt)
		}
		return all
	}
	return []connectors.Retouch{rt}
}

// A retouchID names one finished picture of one version of an order.
type retouchID struct {
	ticket  string
	version int // 1, and one more after each rejection
	picture int // 0 for the first
}

func (id retouchID) String() string {
	if id.picture == 0 {
		return fmt.Sprintf("%s/%d", id.ticket, id.version)
	}
	return fmt.Sprintf("%s/%d/%d", id.ticket, id.version, id.picture+1)
}

func parseRetouchID(s string) (id retouchID, err error) {
	parts := strings.Split(s, "/")
	if len(parts) < 2 || len(parts) > 3 || !isTicket(parts[0]) {
		return id, fmt.Errorf("%q names no retouch from Pixelz", s)
	}
	id.ticket = parts[0]
	id.version, err = strconv.Atoi(parts[1])
	if err == nil && len(parts) == 3 {
		id.picture, err = strconv.Atoi(parts[2])
		id.picture--
	}
	if err != nil || id.picture < 0 || id.String() != s {
		return id, fmt.Errorf("%q names no retouch from Pixelz", s)
	}
	return id, nil
}

// Fetch downloads a finished picture, after a look whether it still is the one
// that was listed.
func (a *account) Fetch(ctx context.Context, rt connectors.Retouch, w io.Writer) error {
	id, err := parseRetouchID(rt.ID)
	if err != nil {
		return fmt.Errorf("%s: %w", rt.Name, err)
	}
	im, err := a.image(ctx, id.ticket)
	if err != nil {
		return later("asking for "+rt.Name, err)
	}
	e, err := a.book.entry(id.ticket)
	if err != nil {
		return err
	}
	if im == nil || !e.is(*im) || e.version() != id.version || id.picture >= len(im.finals) {
		return fmt.Errorf("%s is not ready at Pixelz any more: %w", rt.Name, connectors.ErrChanged)
	}
	from, err := a.web.source(im.finals[id.picture])
	if err != nil {
		return fmt.Errorf("%s: %w", rt.Name, err)
	}
	return plain("fetching "+rt.Name, a.web.fetch(ctx, from, w))
}

// Acknowledge has nothing to tell: Pixelz keeps what it has delivered.
func (a *account) Acknowledge(context.Context, []connectors.Retouch) error { return nil }

// baseOf is the last part of an address's path.
func baseOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return path.Base(u.Path)
}

// nameHere undoes what nameThere did to a name, of which Pixelz may have made
// anything. What is no name at all becomes the ticket.
func nameHere(name string, im image) string {
	if len(im.customerID) >= 8 {
		name = strings.TrimPrefix(name, im.customerID[:8]+"-")
	}
	if connectors.CheckName(name) != nil {
		return im.ticket
	}
	return name
}
