package grandshooting

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// labels are the colours of "Set tags".
const labels = "transparent white yellow orange red pink purple blue green"

// mark sets rating and label of p's picture, and for a select the status
// "selected". What is deselected gets the status of a capture back, unless it is
// at retouch already: that is refused, after rating and label are set. Other
// photos keep their status: a person may have chosen them on the platform. It
// asks for the picture if r does not name it.
func (a *account) mark(ctx context.Context, p connectors.Photo, r connectors.Receipt) error {
	t, err := a.target(p.Bench)
	if err != nil {
		return err
	}
	if r.ID == "" {
		found, err := a.Find(ctx, []connectors.Photo{p})
		if err != nil {
			return err
		}
		if r = found[0]; r.Zero() {
			return fmt.Errorf("%s is not seen on the platform yet; it is marked when it is", p.Name)
		}
	}
	if tags := a.tagsOf(p); len(tags) > 0 {
		if err := a.send(ctx, http.MethodPut, r.ID, "tag", tags); err != nil {
			return err
		}
	}
	switch {
	case p.Deselected:
		return a.deselect(ctx, t, p.Name, ID(r.ID))
	case p.Role == connectors.Select:
		return a.setStatus(ctx, t.step, ID(r.ID), statusSelected)
	}
	return nil
}

// deselect takes a picture back that is selected and not at retouch.
func (a *account) deselect(ctx context.Context, t target, name string, id ID) error {
	var pic Picture
	if err := a.client.get(ctx, "/picture/"+url.PathEscape(string(id)), &pic); err != nil {
		return err
	}
	if pic.Status != statusSelected {
		return nil
	}
	if err := checkStatus(t.step, statusLive); err != nil {
		return err
	}
	all, err := a.benches.production(ctx, t)
	if err != nil {
		return err
	}
	if err := a.orders.lock(ctx); err != nil { // no order may come in between
		return err
	}
	defer a.orders.unlock()
	atEdit, err := a.atEdit(ctx, retouching(all), []ID{id})
	if err != nil {
		return later("looking at what is at retouch already", err)
	}
	j, err := a.orders.recall(all[0].Root)
	if err != nil {
		return err
	}
	if atEdit[id] || j.knows(id) {
		return connectors.Rejected("%s is at retouch already and cannot be deselected any more: tell the retoucher, or refuse it on the platform", name)
	}
	return a.setStatus(ctx, t.step, id, statusLive)
}

func (a *account) setStatus(ctx context.Context, step int, id ID, status int) error {
	if err := checkStatus(step, status); err != nil {
		return err
	}
	return a.send(ctx, http.MethodPost, string(id), "picturestatus", map[string]any{"picturestatus": status})
}

// tagsOf is what "Set tags" is asked to set. A select without stars leaves the
// rating alone; the mark of a capture is about rating and label, so it may also
// take the stars away. A rejection (-1) has no counterpart and is no stars.
func (a *account) tagsOf(p connectors.Photo) map[string]any {
	tags := map[string]any{}
	if p.Rating > 0 || p.Role != connectors.Select || p.Deselected {
		tags["rating"] = min(max(p.Rating, 0), 5)
	}
	label := strings.ToLower(p.Label)
	switch {
	case label == "":
	case slices.Contains(strings.Fields(labels), label):
		tags["label"] = label
	default:
		a.log.Warn("Label unknown to Grand Shooting, not set", "name", p.Name, "label", p.Label)
	}
	return tags
}

func (a *account) send(ctx context.Context, method, picture, what string, body any) error {
	r, err := rest.Request{Method: method, Path: "/picture/" + url.PathEscape(picture) + "/" + what}.JSON(body)
	if err != nil {
		return err
	}
	_, err = a.client.rest.Do(ctx, r)
	return err
}

// statusesOf are those that a picture may have on a bench of that step ("Set
// picturestatus").
func statusesOf(step int) []int {
	switch step {
	case captureStep:
		return []int{5, 10, 30}
	case firstRetouchStep, secondRetouchStep:
		return []int{30, 35}
	case exportStep:
		return []int{31, 40, 50, 51, 52, 55, 80}
	}
	return nil
}

// checkStatus says why a picture on a bench of that step cannot get status.
func checkStatus(step, status int) error {
	allowed := statusesOf(step)
	if allowed == nil || slices.Contains(allowed, status) { // an unknown step is the platform's to judge
		return nil
	}
	return connectors.Rejected("a picture on a bench of step %d cannot get status %d, only one of %s",
		step, status, strings.Trim(fmt.Sprint(allowed), "[]"))
}
