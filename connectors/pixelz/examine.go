package pixelz

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// examine tells what the account can do. It orders nothing and uploads nothing.
func (a *account) examine(ctx context.Context, tell func(connectors.Finding)) error {
	say := func(what string, health connectors.Health, text, advice string) {
		tell(connectors.Finding{What: what, Health: health, Text: text, Advice: advice})
	}
	for _, step := range []struct {
		what string
		do   func(context.Context) (connectors.Health, string, string, error)
	}{
		{"log in", a.examineLogin}, {"templates", a.examineTemplates},
		{"upload", a.examineUpload}, {"orders", a.examineOrders}, {"callback", a.examineCallback},
	} {
		health, text, advice, err := step.do(ctx)
		if err != nil {
			say(step.what, connectors.Broken, err.Error(), "")
			return fmt.Errorf("%s: %w", step.what, err)
		}
		say(step.what, health, text, advice)
	}
	return nil
}

func (a *account) examineLogin(ctx context.Context) (connectors.Health, string, string, error) {
	r, err := a.contact(ctx)
	if err != nil {
		return 0, "", "", err
	}
	text := "email and key are right"
	for _, f := range r.rows {
		text += a.oneLine(fmt.Sprintf("; balance %s %s", f.text("contactaccountbalance"), f.text("currency", "contactcurrency")))
	}
	return connectors.Fine, text, "", nil
}

func (a *account) examineTemplates(ctx context.Context) (connectors.Health, string, string, error) {
	list, err := a.listTemplates(ctx)
	if err != nil {
		return 0, "", "", err
	}
	if a.template == "" {
		return connectors.Odd, "there is " + names(list, ""), "a task must name one; say template to have a default", nil
	}
	id, err := choose(list, a.template)
	switch {
	case err != nil:
		return connectors.Odd, err.Error(), "", nil
	case id == "":
		return connectors.Odd, fmt.Sprintf("there is no %q, only %s", a.template, names(list, a.template)), "correct template; until then a task must name one", nil
	}
	return connectors.Fine, fmt.Sprintf("%s is number %s, of %d", a.template, id, len(list)), "", nil
}

// examineUpload asks for a place to put a photo, and leaves it empty.
func (a *account) examineUpload(ctx context.Context) (connectors.Health, string, string, error) {
	if a.upload == uploadURL {
		return connectors.Fine, "photos go by their address at a platform", "", nil
	}
	at, err := a.presign(ctx, "studio-agent-doctor.jpg")
	if errors.Is(err, errLacks) {
		a.remember(true)
		return connectors.Odd, "the account has no direct uploads", "only photos that Grand Shooting has can be ordered; ask Pixelz to enable presigned URLs", nil
	}
	if err != nil {
		return 0, "", "", err
	}
	u, err := a.web.parse(at.put)
	if err != nil {
		return 0, "", "", fmt.Errorf("the address to upload to: %w", err)
	}
	a.remember(false)
	return connectors.Fine, "direct, to " + u.Host, "", nil
}

func (a *account) examineOrders(ctx context.Context) (connectors.Health, string, string, error) {
	start := time.Now()
	list, err := a.list(ctx)
	if err != nil {
		return 0, "", "", err
	}
	for _, im := range list {
		for _, final := range im.finals {
			if _, err := a.web.source(final); err != nil {
				return connectors.Odd, err.Error(), "until then no retouch of that kind can be fetched", nil
			}
		}
	}
	return connectors.Fine, fmt.Sprintf("%d in %d days, read in %s", len(list), a.history, time.Since(start).Round(10*time.Millisecond)), "", nil
}

func (a *account) examineCallback(context.Context) (connectors.Health, string, string, error) {
	if a.callback == "" {
		return connectors.Fine, "none: finished pictures are noticed at the next poll", "", nil
	}
	u, err := url.Parse(a.callback)
	if err != nil {
		return 0, "", "", errors.New("its address cannot be read")
	}
	u.RawQuery = ""
	return connectors.Fine, fmt.Sprintf("%s, with a key; whether Pixelz reaches it shows with the first order", u), "", nil
}
