package pixelz

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

const (
	templatesFor = 5 * time.Minute  // a list is good for
	templatesNew = 10 * time.Second // younger ones are not read anew for an unknown name
	mostNamed    = 10               // of the templates that an error names
)

// templates are those of the account, as read last. They are made in Pixelz' web
// portal.
type templates struct {
	turn chan struct{} // held while they are read
	list []connectors.Template
	read time.Time
}

func newTemplates() *templates { return &templates{turn: make(chan struct{}, 1)} }

// listTemplates reads them anew.
func (a *account) listTemplates(ctx context.Context) ([]connectors.Template, error) {
	return a.knownTemplates(ctx, 0)
}

// knownTemplates returns a list that is at most that old.
func (a *account) knownTemplates(ctx context.Context, age time.Duration) ([]connectors.Template, error) {
	select {
	case a.templates.turn <- struct{}{}:
		defer func() { <-a.templates.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if time.Since(a.templates.read) < age {
		return a.templates.list, nil
	}
	list, err := a.readTemplates(ctx)
	if err != nil {
		return nil, later("reading the templates", err)
	}
	a.templates.list, a.templates.read = list, time.Now()
	return list, nil
}

// readTemplates: TemplateId and TemplateName (SOAP samples, GetTemplates); Id,
// Name and IsDeleted are what a single template has there.
func (a *account) readTemplates(ctx context.Context) (list []connectors.Template, err error) {
	r, err := a.get(ctx, rest.Request{Path: "/Templates"}, "templateid", "id")
	if err == nil {
		err = a.refusal("the list of templates", r)
	}
	if err == nil && len(r.rows) == 0 && !r.list && !r.fine() {
		err = errors.New("the answer is no list")
	}
	if err != nil {
		return nil, err
	}
	for _, f := range r.rows {
		t := connectors.Template{ID: f.text("templateid", "id"), Name: a.oneLine(f.text("templatename", "name"))}
		if t.ID != "" && !strings.EqualFold(f.text("isdeleted"), "true") {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(x, y connectors.Template) int {
		return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.ID, y.ID))
	})
	return list, nil
}

// templateOf finds the template of a photo, by ID or name. A name that is not
// known is looked for in a new list, for somebody may just have made it.
func (a *account) templateOf(ctx context.Context, p connectors.Photo) (id string, err error) {
	wanted := cmp.Or(strings.TrimSpace(p.Template), a.template)
	if wanted == "" {
		return "", connectors.Rejected("nothing says how it is to be retouched: name a template when the task is created, or template in account %s", a.name)
	}
	var list []connectors.Template
	for _, age := range []time.Duration{templatesFor, templatesNew} {
		if list, err = a.knownTemplates(ctx, age); err != nil {
			return "", err
		}
		if id, err := choose(list, wanted); id != "" || err != nil {
			return id, err
		}
	}
	return "", connectors.Rejected("Pixelz account %s has no template %q; it has %s", a.name, wanted, names(list, wanted))
}

// choose is the template of that ID or name, or none. Case matters only where it
// tells two apart.
func choose(list []connectors.Template, wanted string) (id string, err error) {
	for _, same := range []func(connectors.Template) bool{
		func(t connectors.Template) bool { return t.ID == wanted },
		func(t connectors.Template) bool { return t.Name == wanted },
		func(t connectors.Template) bool { return strings.EqualFold(t.Name, wanted) },
	} {
		var found []string
		for _, t := range list {
			if same(t) {
				found = append(found, t.ID)
			}
		}
		switch len(found) {
		case 0:
			continue
		case 1:
			return found[0], nil
		}
		return "", connectors.Rejected("several templates are named %q: use the number of one of them, %s", wanted, strings.Join(found, " or "))
	}
	return "", nil
}

// names lists templates for a person, those first that look like wanted.
func names(list []connectors.Template, wanted string) string {
	if len(list) == 0 {
		return "none at all: templates are made in Pixelz' web portal"
	}
	list = slices.Clone(list)
	start := strings.ToLower(wanted[:min(3, len(wanted))])
	slices.SortStableFunc(list, func(x, y connectors.Template) int {
		return cmp.Compare(unlike(x.Name, start), unlike(y.Name, start))
	})
	var all []string
	for _, t := range list[:min(mostNamed, len(list))] {
		all = append(all, fmt.Sprintf("%s (%s)", t.Name, t.ID))
	}
	if more := len(list) - len(all); more > 0 {
		all = append(all, fmt.Sprintf("%d more", more))
	}
	return strings.Join(all, ", ")
}

func unlike(name, start string) int {
	if strings.Contains(strings.ToLower(name), start) {
		return 0
	}
	return 1
}
