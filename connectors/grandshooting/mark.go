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
// "selected". Other photos keep their status: a person may have chosen them on
// the platform. It asks for the picture if r does not name it.
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
	if p.Role != connectors.Select {
		return nil
	}
	if err := checkStatus(t.step, statusSelected); err != nil {
		return err
	}
	return a.send(ctx, http.MethodPost, r.ID, "picturestatus", map[string]any{"picturestatus": statusSelected})
}

// tagsOf is what "Set tags" is asked to set. A select without stars leaves the
// rating alone; the mark of a capture is about rating and label, so it may also
// take the stars away. A rejection (-1) has no counterpart and is no stars.
func (a *account) tagsOf(p connectors.Photo) map[string]any {
	tags := map[string]any{}
	if p.Rating > 0 || p.Role != connectors.Select {
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
