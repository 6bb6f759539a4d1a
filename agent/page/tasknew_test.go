package page

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// shoot takes n photos at packshot-1, a second apart.
func (r *rig) shoot(n int) {
	r.t.Helper()
	var jobs []ledger.Job
	for i := range n {
		jobs = append(jobs, r.sent("", fmt.Sprintf("day1/IMG_%04d.jpg", i), ledger.Done, func(j *ledger.Job) {
			j.Account, j.Role, j.Created = "gs", connectors.Capture, longAgo.Add(time.Duration(i)*time.Second)
		}))
	}
	if err := r.ledger.Accept(longAgo, ledger.Acceptance{Jobs: jobs}); err != nil {
		r.t.Fatal(err)
	}
}

func TestTheFourStepsOfANewTask(t *testing.T) {
	r := newDesk(t)
	page := r.get("/tasks/new")
	wants(t, page, `href="/tasks/new?bench=packshot-1"`, `href="/tasks/new?bench=packshot-2"`, "Choose a bench")
	lacks(t, page, "<form id=")
	wants(t, r.get("/tasks/new?bench=packshot-1"), "packshot-1 has no photos yet")
	wants(t, r.get("/tasks/new?bench=packshot-2"), "No retoucher works for packshot-2")
	r.shoot(3)
	page = r.get("/tasks/new?bench=packshot-1")
	wants(t, page, "External retouch", `name="account" value="nas"`, `name="account" value="retouch"`, "Choose an integration first", "IMG_0002.jpg")
	lacks(t, page, `value="getonly"`, `value="gs"`)
	if strings.Index(page, "IMG_0002") > strings.Index(page, "IMG_0000") {
		t.Error("the newest must come first")
	}
	page = r.get("/tasks/new?bench=packshot-1&account=retouch&names=day1/IMG_0001.jpg&names=elsewhere.jpg&template=Green+BG&comment=soft&deadline=never")
	wants(t, page, `value="retouch" required checked`, `name="template" value="Green BG" required checked`, `value="day1/IMG_0001.jpg" checked`, `value="elsewhere.jpg" checked`, ">soft</textarea>")
	lacks(t, page, `value="day1/IMG_0002.jpg" checked`)
	wants(t, r.get("/tasks/new/templates?bench=packshot-1&account=nas"), "nas takes no templates")
	lacks(t, r.get("/tasks/new/templates?bench=packshot-1&account=nas"), "<html")
}

func TestPhotosComeInPages(t *testing.T) {
	r := newDesk(t)
	r.shoot(150)
	page, seen := r.get("/tasks/new?bench=packshot-1"), 0
	wants(t, page, `formmethod="get"`)
	more := regexp.MustCompile(`class="sentinel" data-more="([^"]+)"`)
	for n := 0; ; n++ {
		seen += strings.Count(page, `class="tile shot"`)
		m := more.FindStringSubmatch(page)
		if m == nil {
			break
		}
		r.shoot(151 + n) // one more is taken meanwhile
		page = r.get(strings.ReplaceAll(m[1], "&amp;", "&"))
	}
	if seen != 150 {
		t.Errorf("%d photos on all pages, want 150", seen)
	}
}

func TestPlacesInAList(t *testing.T) {
	p := ledger.Place{Created: longAgo, ID: "ab-c"}
	if got := placeOf(afterOf(p)); !got.Created.Equal(p.Created) || got.ID != p.ID {
		t.Errorf("%+v", got)
	}
	for _, text := range []string{"", "x", "x-y", "-1-y", "0-"} {
		if !placeOf(text).Zero() {
			t.Errorf("%q is a place", text)
		}
	}
}

// wished is what people asked for.
func wished(r *rig) string {
	return strings.ReplaceAll(strings.Join(r.asked, ";"), " map[", "map[")
}

func TestATaskIsMadeByAForm(t *testing.T) {
	r := newDesk(t)
	w := r.send(http.MethodPost, "/do/create", url.Values{"bench": {"packshot-1"}, "account": {"retouch"}, "template": {"Green BG"}, "comment": {"soft"},
		"deadline": {"2026-11-24T18:00:00Z"}, "title": {""}, "names": {"a.jpg", "b.jpg"}, "back": {"/tasks"}})
	if want := "createmap[account:retouch bench:packshot-1 comment:soft deadline:2026-11-24T18:00:00Z names:a.jpg\nb.jpg template:Green BG title:]"; wished(r) != want {
		t.Errorf("asked %q, want %q", r.asked, want)
	}
	if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || to != "/tasks?said=done" {
		t.Errorf("%d, to %s", w.Code, to)
	}
}

func TestDeadlinesAreAheadAndAsTheAgentReadsThem(t *testing.T) {
	now := time.Date(2026, 11, 22, 19, 0, 0, 0, time.Local)
	all := deadlines(now, now.AddDate(0, 0, 1).Add(-time.Hour).Format(time.RFC3339))
	if all[0].Value != "" || len(all) != 6 {
		t.Fatalf("%+v", all)
	}
	for _, d := range all[1:] {
		at, err := time.Parse(time.RFC3339, d.Value)
		if err != nil || !at.After(now) || d.Chosen != (d.Text == "Mon 23 Nov, 18:00") {
			t.Errorf("%+v, %v", d, err)
		}
	}
}

func TestTemplatesAreAskedForOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c templateCache
		asked, fail := 0, true
		from := connectors.Connector{Templates: func(ctx context.Context) ([]connectors.Template, error) {
			if asked++; fail {
				<-ctx.Done()
				return nil, errors.New("no answer")
			}
			return []connectors.Template{{Name: "Green BG"}}, nil
		}}
		ask := func() templates { return c.of(t.Context(), "retouch", from) }
		begun := time.Now()
		if got := ask(); got.Trouble != "no answer" || !got.Listed || time.Since(begun) != templatesWithin {
			t.Errorf("a vendor that does not answer: %+v after %v", got, time.Since(begun))
		}
		fail = false
		for _, step := range []struct {
			wait time.Duration
			want int
		}{{0, 2}, {templatesFor - time.Second, 2}, {time.Second, 3}} {
			time.Sleep(step.wait)
			if got := ask(); len(got.List) != 1 || asked != step.want {
				t.Errorf("after %v: %+v, asked %d times, want %d", step.wait, got, asked, step.want)
			}
		}
		if got := c.of(t.Context(), "nas", connectors.Connector{}); got.Listed || got.Trouble != "" {
			t.Errorf("an account without templates: %+v", got)
		}
	})
}

func TestAVendorThatDoesNotTellItsTemplatesHoldsNobodyUp(t *testing.T) {
	r := newDesk(t)
	r.shoot(1)
	r.server.Connector = func(string) connectors.Connector {
		return connectors.Connector{Out: someDestination{}, Templates: func(context.Context) ([]connectors.Template, error) { return nil, errors.New("it is down") }}
	}
	wants(t, r.get("/tasks/new?bench=packshot-1&account=retouch"), "retouch did not tell its templates: it is down", `<input id="new-template" name="template"`)
}

func TestTheTemplateOfTheAccountIsChosenAlready(t *testing.T) {
	for name, test := range map[string]struct {
		own, query string
		err        error
		want       string
	}{
		"by its name":         {`"Green BG"`, "", nil, `name="template" value="Green BG" required checked`},
		"by its ID":           {`"7"`, "", nil, `name="template" value="Green BG" required checked`},
		"another one is said": {`"7"`, "&template=White", nil, `value="White" required checked`},
		"one that is gone":    {`"Blue"`, "", nil, `value="Green BG" required>`},
		"not told":            {`"Blue"`, "", errors.New("out of reach"), `name="template" maxlength="200" value="Blue"`},
		"none":                {`""`, "", nil, `value="Green BG" required>`},
	} {
		r := newRigOf(t, `
name: studio-3
accounts: {retouch: {type: folder, put: %[1]s/in, get: %[1]s/out, template: `+test.own+`}}
benches: [{name: packshot-1, captures: {folder: %[1]s/captures, to: [retouch]}, imports: {folder: %[1]s/retouched, from: [retouch]}}]
`)
		r.server.Connector = func(string) connectors.Connector {
			return connectors.Connector{Out: someDestination{}, Templates: func(context.Context) ([]connectors.Template, error) {
				return []connectors.Template{{ID: "7", Name: "Green BG"}, {ID: "8", Name: "White"}}, test.err
			}}
		}
		page := r.get("/tasks/new/templates?bench=packshot-1&account=retouch" + test.query)
		if !strings.Contains(page, test.want) {
			t.Errorf("%s: no %s in\n%s", name, test.want, page)
		}
	}
}

func TestPhotosThatAreAwaitedCanBeOrderedAgain(t *testing.T) {
	r := newDesk(t)
	wants(t, r.get("/tasks/new?bench=packshot-1"), `name="again" value="yes">`, "they are paid twice")
	r.send(http.MethodPost, "/do/create", url.Values{"account": {"retouch"}, "names": {"a.jpg"}, "again": {"yes"}})
	if len(r.asked) != 1 || r.asked[0] != "createmap[account:retouch again:yes names:a.jpg]" {
		t.Errorf("asked %q", r.asked)
	}
}
