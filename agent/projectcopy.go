package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

const (
	// copyDoubt is how long a copy of which nobody knows whether it was begun must
	// not show before it is taken not to have been.
	copyDoubt = 30 * time.Second
	copyLook  = 2 * time.Second // between two looks meanwhile
)

// copyProject has a project copied. It is asked for once: after an unknown outcome
// the account is only asked whether it is there.
func (a *agent) copyProject(ctx context.Context, c ledger.Control) (string, error) {
	account, api, of, err := a.oneProject(ctx, c)
	if err != nil {
		return "", err
	}
	copied, err := projectCopy(c, of)
	if err != nil {
		return "", err
	}
	earlier, err := a.begun(account, c)
	if err != nil {
		return "", err
	}
	if earlier != nil {
		return a.findCopy(ctx, account, api, c, copied, earlier.At)
	}
	if there, err := api.Show(ctx, copied.Path); err == nil {
		return "", fmt.Errorf("%s has project %s already: choose another folder for the copy", copied.Path, there.ID)
	} else if !errors.Is(err, connectors.ErrRejected) {
		return "", err
	}
	if err := a.begin(account, c, copied.Path); err != nil {
		return "", err
	}
	now := time.Now()
	p, err := api.Copy(ctx, copied)
	var throttled *connectors.ThrottledError
	switch {
	case err == nil:
		return begunCopy(account, p, copied), a.over(account, c)
	case errors.Is(err, connectors.ErrRejected), errors.Is(err, connectors.ErrDenied), errors.As(err, &throttled):
		return "", errors.Join(err, a.over(account, c))
	}
	a.log.Warn("Whether a copy was begun is not known; the account is asked for it", "account", account, "folder", copied.Path, "error", err)
	return a.findCopy(ctx, account, api, c, copied, now)
}

// projectCopy is the copy that a person wants, beside the original if nothing else
// is said.
func projectCopy(c ledger.Control, of connectors.Project) (connectors.ProjectCopy, error) {
	p := connectors.ProjectCopy{
		Of: of.ID, Name: c.Args["name"], Path: c.Args["folder"], Production: c.Args["production"],
		Description: c.Args["description"], Share: c.Args["share"] == "yes",
	}
	beside := filepath.Dir(filepath.FromSlash(of.Path))
	switch {
	case p.Name == "":
		return p, errors.New("the copy needs a name")
	case !filepath.IsAbs(p.Path) && of.Path == "":
		return p, fmt.Errorf("project %s lies on no known path of this machine (%s there): say the whole path of the copy's folder", of.ID, of.Root)
	case p.Path == "":
		p.Path = filepath.Join(beside, p.Name)
		if !filepath.IsLocal(p.Name) {
			return p, fmt.Errorf("%q cannot be a folder's name: say the folder of the copy", p.Name)
		}
	case !filepath.IsAbs(p.Path):
		p.Path = filepath.Join(beside, p.Path)
	}
	return p, nil
}

func begunCopy(account string, p connectors.Project, c connectors.ProjectCopy) string {
	return fmt.Sprintf("%s is being copied at %s, as project %s in %s", p.Name, account, p.ID, c.Path)
}

// findCopy looks for a copy that may have been begun at a time.
func (a *agent) findCopy(ctx context.Context, account string, api *connectors.Projects, c ledger.Control, copied connectors.ProjectCopy, at time.Time) (string, error) {
	for {
		p, err := api.Show(ctx, copied.Path)
		switch {
		case err == nil:
			return begunCopy(account, p, copied), a.over(account, c)
		case errors.Is(err, connectors.ErrRejected) && time.Since(at) > copyDoubt:
			return "", errors.Join(fmt.Errorf("%s was asked for the copy and gave no answer, and it does not show it (%w). It is not asked for again by itself: look there, and repeat it if nothing is there", account, err), a.over(account, c))
		case !errors.Is(err, connectors.ErrRejected) && time.Since(at) > 4*copyDoubt:
			return "", fmt.Errorf("whether the copy was begun is not known (%w): look at %s before you repeat it", err, account)
		}
		if !sleepFor(ctx, copyLook) {
			return "", ctx.Err()
		}
	}
}
