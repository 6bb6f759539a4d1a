package grandshooting

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

const (
	namesPerCall = 50 // keeps a query string well below 8 KiB
	queryBytes   = 4 << 10
	// few names are asked for one by one without looking for a cheaper way.
	few = 3
)

// What this account's platform does with a repeated smalltext in a list call.
// Public for v3 ("any of them"), unverified for v2, so it is found out.
const (
	repeatsUnknown int32 = iota
	repeatsWork
	repeatsFail
)

// Find asks for all photos of a bench together, by file name, and judges what
// comes back. A list that cannot be read to its end is an error.
func (a *account) Find(ctx context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
	out := make([]connectors.Receipt, len(ps))
	groups := map[string][]int{}
	var order []string
	for i, p := range ps {
		if groups[p.Bench] == nil {
			order = append(order, p.Bench)
		}
		groups[p.Bench] = append(groups[p.Bench], i)
	}
	for _, bench := range order {
		t, err := a.target(bench)
		if err != nil {
			return nil, err
		}
		var names []string
		for _, i := range groups[bench] {
			names = append(names, path.Base(ps[i].Name))
		}
		pics, err := a.picturesOf(ctx, t, names)
		if err != nil {
			return nil, err
		}
		group := groups[bench]
		a.judgeAll(group, ps, pics, out)
	}
	return out, nil
}

// picturesOf lists the pictures with one of these names on t's bench. If the
// platform does not know the bench, the productions are read anew, once.
func (a *account) picturesOf(ctx context.Context, t target, names []string) ([]Picture, error) {
	slices.Sort(names)
	names = slices.Compact(names)
	bench, err := a.benches.find(ctx, t, time.Time{})
	if err != nil {
		return nil, err
	}
	pics, err := a.picturesNamed(ctx, bench.ID, names)
	if !benchIsWrong(err) {
		return pics, err
	}
	if bench, err = a.benches.find(ctx, t, bench.read); err != nil {
		return nil, err
	}
	return a.picturesNamed(ctx, bench.ID, names)
}

func (a *account) picturesNamed(ctx context.Context, bench ID, names []string) ([]Picture, error) {
	if len(names) > 1 && a.repeats.Load() != repeatsFail {
		pics, ok, err := a.askTogether(ctx, bench, names)
		if ok || err != nil {
			return pics, err
		}
	}
	return a.askApart(ctx, bench, names)
}

// askTogether asks for many names in one call; ok is false if the platform does
// not answer such a call.
func (a *account) askTogether(ctx context.Context, bench ID, names []string) (pics []Picture, ok bool, err error) {
	for chunk := range chunks(names) {
		found, err := a.list(ctx, bench, chunk)
		unknown := a.repeats.Load() == repeatsUnknown && len(chunk) > 1
		if status, _ := rest.StatusOf(err); unknown && status == http.StatusBadRequest && !benchIsWrong(err) {
			a.setRepeats(repeatsFail)
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		if unknown && distinct(found, chunk) < 2 {
			all, err := a.control(ctx, bench, chunk)
			if err != nil {
				return nil, false, err
			}
			if a.repeats.Load() == repeatsFail {
				return nil, false, nil
			}
			found = append(found, all...)
		} else if unknown {
			a.setRepeats(repeatsWork)
		}
		pics = append(pics, found...)
	}
	return pics, true, nil
}

// control finds out whether a repeated smalltext is answered when an answer
// leaves that open: it takes two names that are on the bench and asks for both.
// A bench of one page needs no such question: control returns what it has of
// names.
func (a *account) control(ctx context.Context, bench ID, names []string) ([]Picture, error) {
	rows, total, err := a.client.page(ctx, pictureListing(bench, nil), 0)
	if err != nil {
		return nil, err
	}
	pics, err := decodePictures(rows)
	if err != nil {
		return nil, err
	}
	if len(rows) < pageSize && total <= len(rows) {
		return slices.DeleteFunc(pics, func(p Picture) bool { return !slices.Contains(names, p.Smalltext) }), nil
	}
	var two []string
	for _, p := range pics {
		if !slices.Contains(two, p.Smalltext) && len(two) < 2 {
			two = append(two, p.Smalltext)
		}
	}
	verdict := repeatsFail
	if len(two) == 2 {
		found, err := a.list(ctx, bench, two)
		if err != nil {
			return nil, err
		}
		if distinct(found, two) == 2 {
			verdict = repeatsWork
		}
	}
	a.setRepeats(verdict)
	return nil, nil
}

func (a *account) setRepeats(verdict int32) {
	a.repeats.Store(verdict)
	a.log.Debug("Repeated smalltext in a list call tried out", "answered", verdict == repeatsWork)
}

// askApart asks name by name, or lists the whole bench where that is fewer
// calls.
func (a *account) askApart(ctx context.Context, bench ID, names []string) ([]Picture, error) {
	if len(names) > few {
		_, total, err := a.client.page(ctx, pictureListing(bench, nil), 0)
		if err != nil {
			return nil, err
		}
		if total >= 0 && total/pageSize < len(names) {
			return a.listOf(ctx, pictureListing(bench, nil), names)
		}
	}
	var pics []Picture
	for _, name := range names {
		found, err := a.list(ctx, bench, []string{name})
		if err != nil {
			return nil, err
		}
		pics = append(pics, found...)
	}
	return pics, nil
}

func (a *account) list(ctx context.Context, bench ID, names []string) ([]Picture, error) {
	return a.listOf(ctx, pictureListing(bench, names), names)
}

// listOf reads all pages of l and keeps the pictures with one of these names.
func (a *account) listOf(ctx context.Context, l listing, names []string) ([]Picture, error) {
	var all []Picture
	err := a.client.pages(ctx, l, func(rows []json.RawMessage) error {
		pics, err := decodePictures(rows)
		for _, p := range pics {
			if slices.Contains(names, p.Smalltext) {
				all = append(all, p)
			}
		}
		return err
	})
	return all, err
}

func pictureListing(bench ID, names []string) listing {
	query := url.Values{"bench_id": {string(bench)}}
	if len(names) > 0 {
		query["smalltext"] = names
	}
	return listing{path: "/picture", key: "picture_id", query: query}
}

// chunks cuts names into what one call may ask.
func chunks(names []string) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		start, bytes := 0, 0
		for i, name := range names {
			cost := len("&smalltext=") + len(url.QueryEscape(name))
			if i > start && (i-start == namesPerCall || bytes+cost > queryBytes) {
				if !yield(names[start:i]) {
					return
				}
				start, bytes = i, 0
			}
			bytes += cost
		}
		if start < len(names) {
			yield(names[start:])
		}
	}
}

// distinct counts how many of names are in pics.
func distinct(pics []Picture, names []string) int {
	n := 0
	for _, name := range names {
		if slices.ContainsFunc(pics, func(p Picture) bool { return p.Smalltext == name }) {
			n++
		}
	}
	return n
}
