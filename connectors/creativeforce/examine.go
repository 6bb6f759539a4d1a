package creativeforce

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// mostSkew is how far clocks may be apart: tokens and signed addresses have times.
const mostSkew = time.Minute

// examine tries out the login and the list of each kind, and tells what the agent
// makes of what no document states. It changes nothing.
func (a *account) examine(ctx context.Context, tell func(connectors.Finding)) error {
	if _, _, err := a.gateway.login.client(ctx, nil); err != nil {
		return err
	}
	tell(connectors.Finding{What: "log in", Text: "a token from " + a.gateway.login.host()})
	for _, k := range a.kinds() {
		began := time.Now()
		reply, err := a.gateway.do(ctx, call{method: http.MethodGet, path: pathList, kind: k, probe: true, query: a.listQuery(1, a.opt.PageSize)})
		if err != nil {
			return a.unlisted(k, err)
		}
		rows, _, err := decodeList(reply.Body)
		if err != nil {
			return err
		}
		name, path := a.gateway.paths.of(k, pathList)
		f := connectors.Finding{What: string(k) + " tasks", Text: fmt.Sprintf("%d on the first page of %s, in %v", len(rows), path, time.Since(began).Round(time.Millisecond))}
		if path != defaultPaths()[name] && path != a.opt.Paths[name] {
			f.Health, f.Advice = connectors.Odd, fmt.Sprintf("the guide spells it otherwise: write paths: {%s: %s}", name, path)
		}
		tell(f)
		if k == a.kinds()[0] {
			tell(clock(reply.Header, time.Now()))
		}
	}
	tell(a.webhookFinding())
	return ctx.Err()
}

// clock compares with the platform's, which is told to the second.
func clock(header http.Header, now time.Time) connectors.Finding {
	theirs, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return connectors.Finding{What: "clock", Text: "the platform does not tell the time"}
	}
	skew := now.Sub(theirs).Round(time.Second)
	if skew.Abs() > mostSkew {
		return connectors.Finding{What: "clock", Health: connectors.Odd, Text: fmt.Sprintf("this machine's is %v off", skew), Advice: "set the clock: tokens and addresses are good for some time only"}
	}
	return connectors.Finding{What: "clock", Text: "right to the minute"}
}

func (a *account) webhookFinding() connectors.Finding {
	if a.hook == nil {
		return connectors.Finding{What: "webhook", Text: "none: tasks are asked for at every poll"}
	}
	return connectors.Finding{What: "webhook", Text: fmt.Sprintf("%s, HMAC %s; it only makes the next poll come sooner", a.opt.WebhookHeader, a.opt.WebhookHash)}
}
