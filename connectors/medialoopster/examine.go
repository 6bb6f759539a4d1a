package medialoopster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// examine tells whether medialoopster is up, takes the login, and has what the
// benches need. It changes nothing there.
func (a *account) examine(ctx context.Context, tell func(connectors.Finding)) error {
	say := func(what string, health connectors.Health, text, advice string) {
		tell(connectors.Finding{What: what, Health: health, Text: text, Advice: advice})
	}
	fail := func(what string, err error) error {
		say(what, connectors.Broken, err.Error(), "")
		return fmt.Errorf("%s: %w", what, err)
	}
	if _, err := a.exchange(ctx, rest.Request{Method: http.MethodGet, Path: "/ping/", Probe: true}); err != nil {
		return fail("reach", err)
	}
	if a.plain {
		say("reach", connectors.Odd, "it answers, but the login travels unencrypted", "use an address with https:// if the server has one")
	} else {
		say("reach", connectors.Fine, "it answers", "")
	}
	if err := a.login(ctx); err != nil {
		return fail("log in", err)
	}
	say("log in", connectors.Fine, "the login is right", "")
	devices, err := a.devices(ctx)
	if err != nil {
		return fail("devices", err)
	}
	if len(a.benches) == 0 {
		say("projects", connectors.Odd, "no bench keeps projects with this account", "say projects: {folder, account, production} at a bench")
	}
	for _, b := range a.benches {
		if err := a.examineBench(ctx, b, devices, say); err != nil {
			return fail("production of "+b.name, err)
		}
	}
	return nil
}

func (a *account) examineBench(ctx context.Context, b bench, devices []device, say func(string, connectors.Health, string, string)) error {
	say("folder of "+b.name, connectors.Fine, fmt.Sprintf("%s is %s there", b.folder, b.server), "")
	switch p, err := a.findProduction(ctx, b.production); {
	case errors.Is(err, connectors.ErrRejected):
		say("production of "+b.name, connectors.Broken, err.Error(), "")
	case err != nil:
		return err
	default:
		say("production of "+b.name, connectors.Fine, fmt.Sprintf("%s is number %s", a.oneLine(string(p.Name)), p.ID), "")
	}
	d, ok := deviceOf(devices, b.server)
	if !ok {
		say("device of "+b.name, connectors.Broken, "no device that this login sees holds "+b.server,
			"correct paths of account "+a.name+", or have a device made for that folder: projects are only taken there")
		return nil
	}
	say("device of "+b.name, connectors.Fine, fmt.Sprintf("%s (%s)", a.oneLine(string(d.Name)), a.oneLine(string(d.Path))), "")
	return nil
}

// deviceOf is the device whose folder holds another.
func deviceOf(devices []device, folder string) (best device, ok bool) {
	for _, d := range devices {
		path := strings.TrimSuffix(string(d.Path), "/") + "/"
		if strings.HasPrefix(folder+"/", path) && len(d.Path) > len(best.Path) {
			best, ok = d, true
		}
	}
	return best, ok
}
