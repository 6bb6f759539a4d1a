package creativeforce

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/studio-agent/studio-agent/connectors"
)

// Acknowledge starts each task of which all inputs have landed ("Start task"),
// after it was read anew: only one that is To Do is started. "Already started" is
// success, whatever it looks like.
func (a *account) Acknowledge(ctx context.Context, rts []connectors.Retouch) error {
	landed := map[string][]string{} // assets by batch
	for _, rt := range rts {
		id, _, ok := parseRetouchID(rt.ID)
		if !ok {
			continue // another remote's
		}
		landed[id.batch] = append(landed[id.batch], rt.ID)
	}
	if a.opt.Start == startOnOpen {
		return nil
	}
	for _, batch := range slices.Sorted(maps.Keys(landed)) {
		if err := a.acknowledge(ctx, batch, landed[batch]); err != nil {
			return err
		}
	}
	return nil
}

func (a *account) acknowledge(ctx context.Context, batch string, ids []string) error {
	k, _, _ := parseBatch(batch)
	t, err := a.read(ctx, k, 0)
	if notThere(err) {
		return nil // called off
	}
	if err != nil {
		return err
	}
	if t.batch() != batch || t.status != ready {
		return nil
	}
	var sent submission
	if submitted, err := a.recall(submissionKey(batch), &sent); err != nil || submitted {
		return err // it shows late: a start could open it again
	}
	whole, err := a.allLanded(t, ids)
	if err != nil || !whole {
		return err
	}
	return a.start(ctx, t)
}

// allLanded adds to what has landed of a batch and says whether that is all: the
// engine tells of what waited for a person later, and alone.
func (a *account) allLanded(t *task, ids []string) (bool, error) {
	key, before := "landed "+t.batch(), []string{}
	if _, err := a.recall(key, &before); err != nil {
		return false, err
	}
	all := append(slices.Clone(before), ids...)
	for _, in := range t.inputs {
		if !slices.Contains(all, in.id(t)) {
			slices.Sort(all)
			all = slices.Compact(all)
			if slices.Equal(all, before) {
				return false, nil
			}
			return false, a.keep(key, all)
		}
	}
	if len(before) > 0 {
		return true, a.memory.Keep(key, "")
	}
	return true, nil
}

func (a *account) start(ctx context.Context, t *task) error {
	_, err := a.gateway.do(ctx, call{method: http.MethodPut, path: pathStart, kind: t.kind, id: t.id})
	if err == nil {
		a.desk.touch(t.id)
		a.log.Info("Task started", "task", t.title(), "round", t.round, "inputs", len(t.inputs))
		return nil
	}
	now, err2 := a.read(ctx, t.key, 0)
	if err2 == nil && now.status != ready {
		return nil
	}
	return later(fmt.Sprintf("starting task %s", t.title()), err)
}
