// Package pixelz orders retouching from Pixelz, Platform API, and brings it
// back. What it knows is public: the vendor's own tools
// (github.com/Pixelz-Inc/pixelz-ai-tools, "official client"), docs.pixelz.com and
// the sample messages at api.pixelz.com/soap.asmx ("SOAP samples"). What none of
// them states is marked "unverified".
//
// An order costs money, and a repeated one costs it twice. So each order carries
// the ID of its job as customerImageId, and nothing is ordered before Pixelz was
// asked for an order of that ID and said that it has none.
package pixelz

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// Factory makes the connectors of type pixelz.
var Factory = connectors.Factory{Type: "pixelz", New: New}

// New checks the options of an account.
func New(setup connectors.Setup) (connectors.Connector, error) {
	a, err := newAccount(setup)
	if err != nil {
		return connectors.Connector{}, err
	}
	return a.connector(), nil
}

func (a *account) connector() connectors.Connector {
	c := connectors.Connector{
		Out: a, In: a, Workers: a.workers, Looks: true,
		Probe: a.probe, Examine: a.examine, Rate: a.api.Rate,
		Templates: a.listTemplates, Reject: a.reject, Withdraw: a.withdraw,
	}
	if a.hookKey != "" {
		c.Hook = hook{a.hookKey}
	}
	return c
}

// account is one login.
type account struct {
	name     string
	api      *rest.Client
	web      web // where pictures are put and fetched
	auth     map[string]string
	secrets  []string
	template string // name or ID; may be empty
	upload   string
	history  int    // days
	link     string // with {ticket}; empty for none
	callback string // address with its key; empty for none
	hookKey  string
	workers  int
	largest  int64 // bytes of a photo

	templates *templates
	book      *book
	memory    connectors.Memory
	log       *slog.Logger
}

// probe asks for the account's own data ("GET Contact", a cheap check of the
// login).
func (a *account) probe(ctx context.Context) error {
	_, err := a.contact(ctx)
	return err
}

func (a *account) contact(ctx context.Context) (reply, error) {
	r, err := a.get(ctx, rest.Request{Path: "/Contact", Probe: true}, "contactaccountbalance")
	if err == nil {
		err = a.refusal("the account's data", r)
	}
	return r, later("asking for the account's data", err)
}

// pageOf is where a person sees an order.
func (a *account) pageOf(ticket string) string {
	return strings.ReplaceAll(a.link, "{ticket}", ticket)
}

// later turns a refusal into "ask again later": what Pixelz does not tell is not
// this photo's fault. A refused login stays one.
func later(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, connectors.ErrRejected):
		return fmt.Errorf("%s: %v", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// clean takes the secrets out of s.
func (a *account) clean(s string) string {
	for _, secret := range a.secrets {
		s = strings.ReplaceAll(s, secret, "***")
	}
	return s
}
