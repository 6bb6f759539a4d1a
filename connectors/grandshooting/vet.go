package grandshooting

import (
	"context"
	"path"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// vet holds a photo whose bench takes no uploads, or whose name says no product
// of the catalogue. Without names in agent.yaml the catalogue is not read.
func (a *account) vet(ctx context.Context, p connectors.Photo) (batch string, err error) {
	if err := checkName(p.Name); err != nil {
		return "", err
	}
	t, err := a.target(p.Bench)
	if err != nil {
		return "", err
	}
	if _, err := a.benches.find(ctx, t, time.Time{}); err != nil {
		return "", err
	}
	if t.names == nil {
		return "", nil
	}
	name := path.Base(p.Name)
	m := t.names.FindStringSubmatch(name)
	if m == nil {
		return "", connectors.Rejected("the name does not fit names of bench %s: %s does not match %s", p.Bench, name, t.names)
	}
	ref := m[t.names.SubexpIndex("ref")]
	found, near, err := a.catalogue.find(ctx, ref)
	switch {
	case err != nil:
		return "", err
	case found:
		return "", nil
	case near != "":
		return "", connectors.Rejected("no reference %s in the catalogue. Nearest: %s", ref, near)
	}
	return "", connectors.Rejected("no reference %s in the catalogue", ref)
}
