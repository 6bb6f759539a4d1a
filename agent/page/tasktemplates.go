package page

import (
	"context"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

const (
	templatesWithin = 3 * time.Second // a page does not wait longer for a vendor
	templatesFor    = time.Minute     // they are asked for once
)

// templates is what can be ordered from an account.
type templates struct {
	List    []connectors.Template
	Listed  bool   // the account has templates; otherwise a text says what is wanted
	Trouble string // why they are not known
}

// named is the name of the template that has this name or ID; where they are not
// known, the name as it is.
func (t templates) named(template string) string {
	for _, known := range t.List {
		if template != "" && (known.Name == template || known.ID == template) {
			return known.Name
		}
	}
	if t.Trouble != "" {
		return template
	}
	return ""
}

// A templateCache remembers for a moment what can be ordered.
type templateCache struct {
	mu    sync.Mutex
	known map[string]askedTemplates
}

type askedTemplates struct {
	templates
	at time.Time
}

// of returns what can be ordered from an account. What went wrong is not
// remembered.
func (c *templateCache) of(ctx context.Context, account string, from connectors.Connector) templates {
	if from.Templates == nil {
		return templates{}
	}
	c.mu.Lock()
	before, ok := c.known[account]
	c.mu.Unlock()
	if ok && time.Since(before.at) < templatesFor {
		return before.templates
	}
	ctx, cancel := context.WithTimeout(ctx, templatesWithin)
	defer cancel()
	list, err := from.Templates(ctx)
	if err != nil {
		return templates{Listed: true, Trouble: err.Error()}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[string]askedTemplates{}
	}
	now := templates{List: list, Listed: true}
	c.known[account] = askedTemplates{now, time.Now()}
	return now
}
