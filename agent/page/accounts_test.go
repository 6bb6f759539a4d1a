package page

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/inbound"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestAccounts(t *testing.T) {
	r := newStudio(t)
	if err := r.ledger.SetPause(ledger.Pause{Account: "gs", At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	r.beat(time.Now(), func(l *overview.Live) {
		l.Sources[0].Held = []string{"900 files lay at acme"}
		l.Sources[0].Note = "the account lists nothing since 14:02"
		l.Sources[0].Unfetched = []inbound.Waiting{{Name: "old.tif", Reason: "no bench claims it"}}
	})
	page := r.get("/accounts")
	for id, parts := range map[string][]string{
		"account-gs":  {"grandshooting", "works", "20 today", "8 on the way", "3 of 4 transfers at once", "Paused until somebody resumes", `action="/do/resume"`, `value="gs"`},
		"account-nas": {`class="sign waiting"`, "cannot be reached: no route to host; next try", "since ", "Try again now", "0 of 2 transfers at once", `action="/do/pause"`},
		"account-acme": {`class="sign needs"`, "looked at", "12 files there, 5 at retouch", "900 files lay at acme", "Release", "lists nothing since 14:02",
			"old.tif: no bench claims it", `action="/accounts/acme/examine"`},
	} {
		wants(t, blockOf(t, page, id), parts...)
	}
	lacks(t, blockOf(t, page, "account-gs"), "Examine", `action="/do/pause"`)
	empty := newRig(t).get("/accounts")
	wants(t, empty, "The agent does not say how this account is.")
}

func TestAnExaminationShowsWhatItFindsAsItComes(t *testing.T) {
	r := newStudio(t)
	b := r.open(r.serve(), "/accounts")
	goOn := make(chan struct{})
	r.server.Examine = func(ctx context.Context, account string, tell func(connectors.Finding)) error {
		if _, ok := ctx.Deadline(); !ok || account != "acme" {
			t.Errorf("account %s, with a time limit: %v", account, ok)
		}
		tell(connectors.Finding{What: "log in", Text: "<b>ed25519"})
		<-goOn
		tell(connectors.Finding{What: "odd names", Health: connectors.Broken, Text: "é is lost", Advice: "set utf8: off"})
		return errors.New("the server hung up")
	}
	ended := make(chan string)
	go func() {
		w := r.send(http.MethodPost, "/accounts/acme/examine", url.Values{"back": {"/accounts"}})
		ended <- w.Header().Get("Location")
	}()
	b.block("account-acme", "&lt;b&gt;ed25519")
	wants(t, r.get("/accounts"), "Being examined", "disabled")
	if w := r.send(http.MethodPost, "/accounts/acme/examine", nil); !strings.Contains(w.Header().Get("Location"), "failed=1") {
		t.Errorf("a second one at the same time leads to %q", w.Header().Get("Location"))
	}
	close(goOn)
	if got := <-ended; got != "/accounts?failed=1&said=the+examination+of+account+acme+broke+off" {
		t.Errorf("it leads to %q", got)
	}
	wants(t, b.block("account-acme", "the server hung up")["account-acme"], "Examined", "log in", "odd names", "→ set utf8: off", `class="sign failed"`)
	if w := r.send(http.MethodPost, "/accounts/gs/examine", nil); w.Code != http.StatusNotFound {
		t.Errorf("where there is nothing to examine: %d", w.Code)
	}
}
