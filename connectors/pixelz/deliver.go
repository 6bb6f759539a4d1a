package pixelz

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

const (
	// mostBytes of a photo: what the official client takes.
	mostBytes = 2 << 30
	// A deadline must be 24 hours ahead (official client, upload-image). The rest
	// is for clocks that differ and for the way there.
	leastTime = 24*time.Hour + 10*time.Minute
	timeForm  = "2006-01-02 15:04:05" // UTC
)

// Deliver orders the retouching of p: it brings the photo to where Pixelz can
// read it, asks once more whether it was ordered before, and orders it
// ("POST Image").
//
// The receipt is Verified: Pixelz has given a ticket for the order, and a look at
// the order could only say the same. Whether Pixelz could read the picture shows
// in the order's status, which Pending tells.
func (a *account) Deliver(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error), publish func() error) (connectors.Receipt, error) {
	if err := connectors.CheckName(p.Name); err != nil {
		return connectors.Receipt{}, err
	}
	switch {
	case p.Size == 0:
		return connectors.Receipt{}, connectors.Rejected("%s is empty", p.Name)
	case p.Size > a.largest:
		return connectors.Receipt{}, connectors.Rejected("%s has %.1f GB, and Pixelz takes no more than 2 GB: make it smaller", p.Name, float64(p.Size)/(1<<30))
	}
	template, err := a.templateOf(ctx, p)
	if err != nil {
		return connectors.Receipt{}, err
	}
	address, err := a.addressOf(ctx, p, open)
	if err != nil {
		return connectors.Receipt{}, err
	}
	found, err := a.lookUp(ctx, p.ID)
	if err != nil {
		return connectors.Receipt{}, later("asking whether it was ordered before", err)
	}
	if found == nil {
		return a.order(ctx, p, template, address, publish)
	}
	return a.receipt(p, found.ticket), nil
}

// order places it. Once the request is out only a clear answer is one: anything
// else leaves open whether Pixelz has the order, and Find is asked.
func (a *account) order(ctx context.Context, p connectors.Photo, template, address string, publish func() error) (connectors.Receipt, error) {
	body := map[string]any{"templateId": template, "imageURL": address, "customerImageId": p.ID}
	for name, value := range map[string]string{"customerFolder": p.Bench, "comment": p.Comment, "imageCallbackURL": a.callback} {
		if value != "" {
			body[name] = value
		}
	}
	if time.Until(p.Deadline) >= leastTime {
		body["imageDeadlineDateTimeUTC"] = p.Deadline.UTC().Format(timeForm)
	}
	r, err := a.send(ctx, rest.Request{Method: http.MethodPost, Path: "/Image", Before: publish}, body, "imageticket")
	if err != nil {
		return connectors.Receipt{}, err
	}
	ticket, err := a.ticketOf(r)
	if err != nil {
		return connectors.Receipt{}, err
	}
	return a.receipt(p, ticket), nil
}

// ticketOf judges the answer to an order, which comes with 200 either way: a
// ticket and no other code than NoError is success, another code is a refusal.
func (a *account) ticketOf(r reply) (string, error) {
	images := r.images()
	switch {
	case r.faulty() && len(images) > 0:
		return "", fmt.Errorf("the order was answered with a ticket and with a failure (%s): Pixelz is asked what is true", a.words(r))
	case r.faulty():
		return "", a.refusal("the order", r)
	case len(images) == 0:
		return "", errors.New("the order was answered without a ticket: Pixelz is asked whether it has it")
	}
	return images[0].ticket, nil
}

// receipt is that of an order that Pixelz has. It keeps the photo's name for its
// retouch, which Pixelz may call otherwise.
func (a *account) receipt(p connectors.Photo, ticket string) connectors.Receipt {
	if err := a.book.ordered(ticket, p.Name, time.Now()); err != nil {
		a.log.Warn("The name of an order could not be kept; its retouch comes under the name that Pixelz gives it", "name", p.Name, "ticket", ticket, "error", err)
	}
	return connectors.Receipt{ID: ticket, Name: p.Name, Link: a.pageOf(ticket), Size: p.Size, Verified: true}
}
