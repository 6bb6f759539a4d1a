package grandshooting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"github.com/studio-agent/studio-agent/connectors/rest"
)

const (
	pageSize = 100 // "a pagination of 100"
	// farthest is the largest offset that is answered (public).
	farthest = 10_000
)

// A listing is a list that comes in pages.
type listing struct {
	path  string // "/picture"
	key   string // the id of a row: "picture_id"
	query url.Values
	from  int // rows to leave out
}

// errEnough ends a listing early; pages returns nil for it.
var errEnough = errors.New("enough")

// pages calls each with every page. Lists of more rows than an offset reaches
// are read by key, where the platform does that; else they are an error,
// because half a list proves nothing. each may return errEnough.
func (c *Client) pages(ctx context.Context, l listing, each func(rows []json.RawMessage) error) error {
	err := c.eachPage(ctx, l, each)
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

func (c *Client) eachPage(ctx context.Context, l listing, each func([]json.RawMessage) error) error {
	for offset := l.from; ; {
		if offset > farthest {
			return fmt.Errorf("the list %s is longer than %d, the most that can be paged: ask for less", l.path, farthest)
		}
		rows, total, err := c.page(ctx, l, offset)
		if err != nil {
			return err
		}
		if total > farthest && offset == 0 {
			return c.eachByKey(ctx, l, total, each)
		}
		if len(rows) > 0 {
			if err := each(rows); err != nil {
				return err
			}
		}
		offset += len(rows)
		if len(rows) == 0 || (total >= 0 && offset >= total) || (total < 0 && len(rows) < pageSize) {
			return nil
		}
	}
}

// eachByKey asks for the rows after the last key, again and again (public, for
// v3). A platform that does not know it shows by rows that are not after that
// key, or by fewer rows than it counted.
func (c *Client) eachByKey(ctx context.Context, l listing, total int, each func([]json.RawMessage) error) error {
	tooLong := fmt.Errorf("the list %s has %d entries, and this platform pages only the first %d: ask for less", l.path, total, farthest)
	next := l
	last, seen := ID("0"), 0
	for {
		next.query = maps.Clone(l.query)
		if next.query == nil {
			next.query = url.Values{}
		}
		next.query.Set("sort_by", l.key)
		next.query.Set(l.key, "gt:"+string(last))
		rows, _, err := c.page(ctx, next, 0)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		for _, row := range rows {
			id := keyOf(row, l.key)
			if !last.Less(id) {
				return tooLong
			}
			last = id
		}
		seen += len(rows)
		if err := each(rows); err != nil {
			return err
		}
	}
	if seen < total {
		return tooLong
	}
	return nil
}

func keyOf(row json.RawMessage, key string) (id ID) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(row, &fields) != nil || json.Unmarshal(fields[key], &id) != nil {
		return ""
	}
	return id
}

// page reads one page; total is -1 if the platform does not say it.
func (c *Client) page(ctx context.Context, l listing, offset int) (rows []json.RawMessage, total int, err error) {
	r := rest.Request{Method: http.MethodGet, Path: l.path, Query: l.query}
	if offset > 0 {
		r.Header = http.Header{"Offset": {strconv.Itoa(offset)}}
	}
	reply, err := c.rest.Do(ctx, r)
	if err != nil {
		return nil, 0, err
	}
	if err := json.Unmarshal(reply.Body, &rows); err != nil {
		return nil, 0, fmt.Errorf("the list %s cannot be read: %w", l.path, err)
	}
	total, err = strconv.Atoi(reply.Header.Get("X-Total-Count"))
	if err != nil {
		total = -1
	}
	return rows, total, nil
}
