package pixelz

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// Find asks for the orders of ps, one question each.
func (a *account) Find(ctx context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
	receipts := make([]connectors.Receipt, len(ps))
	for i, p := range ps {
		found, err := a.lookUp(ctx, p.ID)
		if err != nil {
			return nil, later("looking for the order of "+p.Name, err)
		}
		if found != nil {
			receipts[i] = a.receipt(p, found.ticket)
		}
	}
	return receipts, nil
}

// lookUp asks for the order with that customerImageId ("GET Image" with the
// literal nonticket). Nil means that Pixelz surely has none.
func (a *account) lookUp(ctx context.Context, id string) (*image, error) {
	return a.ask(ctx, rest.Request{Path: "/Image/nonticket", Query: url.Values{"customerImageId": {id}}},
		func(im image) bool { return im.customerID == id || im.customerID == "" },
		func(im image) bool { return im.customerID == id })
}

// image asks for the order with that ticket. Nil means that Pixelz surely has
// none.
func (a *account) image(ctx context.Context, ticket string) (*image, error) {
	same := func(im image) bool { return im.ticket == ticket }
	return a.ask(ctx, rest.Request{Path: "/Image/" + url.PathEscape(ticket)}, same, same)
}

// ask asks for one order. How Pixelz says that there is none is unverified: a
// failure that says so, or a success without an order. Anything else may mean one
// thing or the other, and the list of orders decides.
func (a *account) ask(ctx context.Context, r rest.Request, answers, listed func(image) bool) (*image, error) {
	r.Accept = []int{http.StatusNotFound}
	said, err := a.get(ctx, r, "imageticket")
	switch {
	case err != nil:
		return nil, err
	case said.faulty() && !said.notThere():
		return nil, a.refusal("the question for an order", said)
	case !said.faulty():
		if i := slices.IndexFunc(said.images(), answers); i >= 0 {
			return &said.images()[i], nil
		}
	}
	if len(said.images()) == 0 && (said.faulty() || said.fine()) {
		return nil, nil
	}
	all, err := a.list(ctx)
	if i := slices.IndexFunc(all, listed); err == nil && i >= 0 {
		return &all[i], nil
	}
	return nil, err
}

const (
	perPage   = 100   // the most that a page can have
	mostPages = 5_000 // more are a mistake of the remote
)

// list returns the orders of the account ("GET Images"), the oldest first, as far
// back as history says. It is all of them or an error. The last page is the one
// that brings nothing new, for how many a page holds is Pixelz' matter.
func (a *account) list(ctx context.Context) (all []image, err error) {
	known := map[string]bool{}
	from := time.Now().AddDate(0, 0, -a.history).UTC().Format(time.DateOnly)
	for page := 1; page <= mostPages; page++ {
		r, err := a.get(ctx, rest.Request{Path: "/Images", Query: url.Values{
			"fromDate": {from}, "sortBy": {"id"}, "isDescending": {"false"},
			"page": {strconv.Itoa(page)}, "imagesPerPage": {strconv.Itoa(perPage)},
		}}, "imageticket")
		if err == nil {
			err = a.refusal("the list of orders", r)
		}
		if err == nil && !r.list && !r.fine() && len(r.rows) == 0 {
			err = errors.New("the answer is no list")
		}
		if err != nil {
			return nil, later(fmt.Sprintf("reading page %d of the orders", page), err)
		}
		before := len(all)
		for _, im := range r.images() {
			if !known[im.ticket] {
				known[im.ticket] = true
				all = append(all, im)
			}
		}
		if len(all) == before {
			return all, nil
		}
	}
	return nil, fmt.Errorf("the list of orders has more than %d pages", mostPages)
}
