package grandshooting

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/studio-agent/studio-agent/connectors"
)

// chosen lists the pictures of a capture bench that have the status "SELECTED,
// Image in the Live selected for retouching" ("Picture status"), have none on a
// retouching bench, and were not ordered from here. Whoever set that status: a
// person on the platform, or this agent's mark.
func (a *account) chosen(ctx context.Context, bench string) ([]connectors.Receipt, error) {
	t, err := a.target(bench)
	if err != nil {
		return nil, err
	}
	if t.step != captureStep {
		return nil, connectors.Rejected("bench %s sends to step %d, where every picture counts as selected: selects on the platform need step %d", bench, t.step, captureStep)
	}
	all, err := a.benches.production(ctx, t)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(all, func(b Bench) bool { return int(b.Step) == t.step })
	if at < 0 {
		return nil, connectors.Rejected("bench %s: production %s has no bench of step %d: correct production in agent.yaml", bench, t.production, t.step)
	}
	l := pictureListing(all[at].ID, nil)
	l.query.Set("picturestatus", strconv.Itoa(statusSelected))
	pics, err := a.all(ctx, l)
	if err == nil {
		pics, err = a.unordered(ctx, all, pics)
	}
	if err != nil {
		return nil, a.outdated(ctx, fmt.Errorf("listing what is selected in production %s: %w", all[0].Root, err))
	}
	var receipts []connectors.Receipt
	for _, pic := range pics {
		receipts = append(receipts, connectors.Receipt{ID: string(pic.ID), Name: sentName(pic), Link: pic.Thumbnail, Size: int64(pic.Filesize)})
	}
	return receipts, nil
}

// unordered are those of pics, on a bench of a production, that are selected and
// that no order is known of.
func (a *account) unordered(ctx context.Context, production []Bench, pics []Picture) ([]Picture, error) {
	if err := a.orders.lock(ctx); err != nil {
		return nil, err
	}
	defer a.orders.unlock()
	j, err := a.orders.recall(production[0].Root)
	if err != nil {
		return nil, err
	}
	pics = slices.DeleteFunc(pics, func(pic Picture) bool { return pic.Status != statusSelected || j.knows(pic.ID) })
	if len(pics) == 0 {
		return nil, nil
	}
	var ids []ID
	for _, pic := range pics {
		ids = append(ids, pic.ID)
	}
	atEdit, err := a.atEdit(ctx, retouching(production), ids)
	return slices.DeleteFunc(pics, func(pic Picture) bool { return atEdit[pic.ID] }), err
}
