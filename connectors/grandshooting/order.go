package grandshooting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// perOrder is the most pictures that one edit call names.
const perOrder = 50

// commit sends the pictures of a batch, which all lie on one bench, to edit, as
// the bench's edit says ("Send picture to edit", bulk). A picture that has one
// on a retouching bench already, or was ordered before, is left out. A batch of
// a bench without edit needs nothing.
//
// After an unknown outcome the error is an ordinary one until the retouching
// benches have shown nothing of the order for as long as doubt; what they show
// counts as ordered, and only the rest is ordered again.
func (a *account) commit(ctx context.Context, _ string, delivered []connectors.Receipt, publish func() error) error {
	var pictures []ID
	var missing []string
	for _, r := range delivered {
		switch id := ID(r.ID); {
		case id == "":
			missing = append(missing, r.Name)
		case !slices.Contains(pictures, id):
			pictures = append(pictures, id)
		}
	}
	if len(missing) > 0 {
		return &connectors.IncompleteError{Missing: missing}
	}
	if len(pictures) == 0 {
		return nil
	}
	where, err := a.wayOf(ctx, pictures[0])
	if err != nil || where.route == nil {
		return err
	}
	if err := a.orders.lock(ctx); err != nil {
		return err
	}
	defer a.orders.unlock()
	return a.order(ctx, where, pictures, sync.OnceValue(publish))
}

// order does what commit promises; the caller holds the turn.
func (a *account) order(ctx context.Context, where way, pictures []ID, publish func() error) error {
	j, err := a.orders.recall(where.root)
	if err != nil {
		return err
	}
	atEdit, err := a.atEdit(ctx, where.retouching, pictures)
	if err != nil {
		return a.outdated(ctx, later("looking at what is at retouch already", err))
	}
	todo, until, changed := j.sift(pictures, atEdit, time.Now())
	if changed {
		if err := a.orders.keep(where.root, j); err != nil {
			return err
		}
	}
	if !until.IsZero() {
		return fmt.Errorf("it is not known whether the platform took the order for retouching; it is made again if the retouching bench shows nothing of it until %s", until.Format("15:04:05"))
	}
	for some := range slices.Chunk(todo, perOrder) {
		if err := a.ask(ctx, where, j, some, publish); err != nil {
			return err
		}
		a.log.Info("Pictures sent to edit", "production", where.root, "pictures", len(some))
	}
	return nil
}

// ask makes one edit call, noted in j before it goes out.
func (a *account) ask(ctx context.Context, where way, j *journal, pictures []ID, publish func() error) error {
	r, err := rest.Request{Method: http.MethodPost, Path: "/picture/edit/bulk"}.JSON(where.route.fields(pictures))
	if err != nil {
		return err
	}
	begun := false
	r.Before = func() error {
		j.begin(pictures, time.Now())
		if err := a.orders.keep(where.root, j); err != nil {
			return err
		}
		err := publish()
		begun = err == nil
		return err
	}
	_, err = a.client.rest.Do(ctx, r)
	switch {
	case err == nil:
		j.confirm(pictures)
	case begun && !refused(err):
		return fmt.Errorf("it is not known whether the platform took the order for retouching (%w); that shows on the retouching bench by %s",
			err, time.Now().Add(doubt).Format("15:04:05"))
	default:
		j.forget(pictures)
	}
	return errors.Join(err, a.orders.keep(where.root, j))
}

// refused says that an exchange has certainly changed nothing.
func refused(err error) bool {
	var throttled *connectors.ThrottledError
	return errors.Is(err, connectors.ErrRejected) || errors.Is(err, connectors.ErrDenied) || errors.As(err, &throttled)
}

// A way is where pictures go from a capture bench.
type way struct {
	root       ID
	route      *route
	retouching []Bench
}

// wayOf finds the bench of agent.yaml that a picture was sent from, by the bench
// it lies on. What several benches of agent.yaml send to one bench of the
// platform cannot be told apart there: they must go the same way.
func (a *account) wayOf(ctx context.Context, picture ID) (way, error) {
	var pic Picture
	if err := a.client.get(ctx, "/picture/"+url.PathEscape(string(picture)), &pic); err != nil {
		return way{}, err
	}
	var found way
	from, known := "", false
	for _, name := range slices.Sorted(maps.Keys(a.targets)) {
		t := a.targets[name]
		all, err := a.benches.production(ctx, t)
		if err != nil && !errors.Is(err, connectors.ErrRejected) {
			return way{}, err
		}
		if !slices.ContainsFunc(all, func(b Bench) bool { return b.ID == pic.Bench && int(b.Step) == t.step }) {
			continue
		}
		known = true
		switch {
		case t.edit == nil:
		case found.route == nil:
			found, from = way{all[0].Root, t.edit, retouching(all)}, name
		case *found.route != *t.edit:
			return way{}, connectors.Rejected("benches %s and %s send to one production with different edit, and its pictures show no difference: write the same edit under both", from, name)
		}
	}
	switch {
	case !known:
		return way{}, connectors.Rejected("picture %s lies on bench %s of the platform, which no bench of account %s sends to: it was not ordered", picture, pic.Bench, a.client.account)
	case found.route != nil && len(found.retouching) == 0: // "only if an edit bench exist"
		return way{}, connectors.Rejected("bench %s: production %s has no retouching bench, so nothing can be sent to edit: add one on the platform", from, found.root)
	}
	return found, nil
}

// retouching are those benches of a production that retouches come to.
func retouching(all []Bench) (some []Bench) {
	for _, b := range all {
		if b.Step == firstRetouchStep || b.Step == secondRetouchStep {
			some = append(some, b)
		}
	}
	return some
}

// atEdit says which pictures have one on these benches that was made from them.
func (a *account) atEdit(ctx context.Context, benches []Bench, pictures []ID) (map[ID]bool, error) {
	there := map[ID]bool{}
	for _, b := range benches {
		lists := []listing{pictureListing(b.ID, nil)}
		if len(pictures) <= few {
			lists = nil
			for _, id := range pictures {
				l := pictureListing(b.ID, nil)
				l.query.Set("parent_id", string(id))
				lists = append(lists, l)
			}
		}
		for _, l := range lists {
			pics, err := a.all(ctx, l)
			if err != nil {
				return nil, err
			}
			for _, pic := range pics {
				there[pic.Parent] = true
			}
		}
	}
	return there, nil
}

// all reads all pages of a list of pictures.
func (a *account) all(ctx context.Context, l listing) (pics []Picture, err error) {
	err = a.client.pages(ctx, l, func(rows []json.RawMessage) error {
		some, err := decodePictures(rows)
		pics = append(pics, some...)
		return err
	})
	return pics, err
}
