package pixelz

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// reject sends a delivered retouch back ("PUT Image/Reject"), which costs nothing,
// and which Pixelz takes for 30 days (support.pixelz.com, 205006357).
func (a *account) reject(ctx context.Context, r connectors.Refusal) error {
	comment := strings.TrimSpace(r.Comment)
	if comment == "" {
		return connectors.Rejected("say what is wrong: Pixelz gives the comment to the retoucher")
	}
	body := map[string]any{"comment": comment}
	if r.Markup != "" {
		u, err := a.web.parse(r.Markup)
		if err != nil {
			return connectors.Rejected("the picture with the marks must be at a public https address: %w", err)
		}
		body["markupImageUrl"] = u.String()
	}
	id, err := parseRetouchID(r.Retouch)
	if err != nil || id.ticket != r.Photo.ID {
		return connectors.Rejected("%q is no retouch of %s from Pixelz", r.Retouch, r.Photo.Name)
	}
	if err := a.mayReject(ctx, id); err != nil {
		return err
	}
	answer, err := a.send(ctx, rest.Request{Method: http.MethodPut, Path: "/Image/Reject/" + url.PathEscape(id.ticket)}, body, "imageticket")
	if err == nil {
		err = a.refusal("the rejection", answer)
	}
	if errors.Is(err, connectors.ErrRejected) {
		return fmt.Errorf("%w; it takes rejections for 30 days", err)
	}
	if err == nil {
		err = a.book.refused(id, time.Now())
	}
	return err
}

// mayReject says why a retouch cannot be sent back: it is not delivered, or it is
// not the newest.
func (a *account) mayReject(ctx context.Context, id retouchID) error {
	im, err := a.image(ctx, id.ticket)
	if err != nil {
		return later("asking how it stands", err)
	}
	e, err := a.book.entry(id.ticket)
	switch {
	case err != nil:
		return err
	case im == nil:
		return connectors.Rejected("Pixelz does not have order %s any more", id.ticket)
	case e.Refused:
		return connectors.Rejected("it has been sent back already, and Pixelz has not begun on it yet")
	case im.status != statusDelivered:
		return connectors.Rejected("only what is delivered can be sent back, and at Pixelz it is %s", a.standing(*im))
	case !e.is(*im) || e.version() != id.version:
		return connectors.Rejected("another version has come back since: look at that one")
	}
	return nil
}

// withdraw takes an order back ("DELETE Image"), which Pixelz allows until
// production begins.
func (a *account) withdraw(ctx context.Context, photo connectors.Receipt) error {
	if !isTicket(photo.ID) {
		return connectors.Rejected("%q names no order at Pixelz", photo.ID)
	}
	im, err := a.image(ctx, photo.ID)
	switch {
	case err != nil:
		return later("asking how it stands", err)
	case im == nil:
		return nil
	case im.status >= statusStarted && im.status != statusError:
		return connectors.Rejected("it is too late to take %s back: at Pixelz it is %s", photo.Name, a.standing(*im))
	}
	r, err := a.send(ctx, rest.Request{
		Method: http.MethodDelete, Path: "/Image/" + url.PathEscape(photo.ID), Accept: []int{http.StatusNotFound},
	}, nil, "imageticket")
	if err != nil || r.fine() {
		return err
	}
	if im, err = a.image(ctx, photo.ID); im == nil || err != nil {
		return err
	}
	if err := a.refusal("to take it back", r); err != nil {
		return err
	}
	return fmt.Errorf("it is not clear whether Pixelz has taken %s back, which it still lists: ask again", photo.Name)
}

// standing is how an order stands, for a person.
func (a *account) standing(im image) string {
	switch name := a.oneLine(im.statusName); {
	case name != "":
		return fmt.Sprintf("%s (status %d)", name, im.status)
	default:
		return fmt.Sprintf("at status %d", im.status)
	}
}
