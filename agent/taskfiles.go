package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

// locate finds the hot folder of a bench that a file lies in, and its name there.
// A name is absolute, or relative to the captures or selects folder of bench.
func locate(cfg *config.Config, bench, name string) (config.HotFolder, string, error) {
	local := filepath.FromSlash(name)
	if !filepath.IsAbs(local) && !filepath.IsLocal(local) {
		return config.HotFolder{}, "", fmt.Errorf("%s leaves the bench's folders", shown(name))
	}
	var found []config.HotFolder
	rel := local
	for _, f := range cfg.HotFolders() {
		if f.Role == config.MirrorRole || bench != "" && f.Bench != bench {
			continue
		}
		if filepath.IsAbs(local) {
			if r, err := filepath.Rel(f.Path, local); err == nil && filepath.IsLocal(r) {
				return f, filepath.ToSlash(r), nil
			}
		} else if _, err := os.Lstat(filepath.Join(f.Path, local)); err == nil && bench != "" {
			found, rel = append(found, f), local
		}
	}
	switch {
	case filepath.IsAbs(local):
		return config.HotFolder{}, "", fmt.Errorf("%s lies in no captures or selects folder%s", shown(name), ofBench(bench))
	case bench == "":
		return config.HotFolder{}, "", fmt.Errorf("of which bench is %s?", shown(name))
	case len(found) == 0:
		return config.HotFolder{}, "", fmt.Errorf("there is no %s in the captures or selects folder%s", shown(name), ofBench(bench))
	case len(found) > 1:
		return config.HotFolder{}, "", fmt.Errorf("%s lies in %s and in %s; give its whole path", shown(name), found[0].Path, found[1].Path)
	}
	return found[0], filepath.ToSlash(filepath.Clean(rel)), nil
}

func ofBench(bench string) string {
	if bench == "" {
		return ""
	}
	return " of bench " + bench
}

// delivery is the delivery of one file that a person orders. The error says, for
// that person, why it cannot be ordered.
func (a *agent) delivery(ctx context.Context, folder string, o outbound.Order) (ledger.Job, error) {
	folders := a.parts.folders()
	i := slices.IndexFunc(folders, func(h *hotFolder) bool { return h.Path == folder && h.Role != config.MirrorRole })
	if i < 0 {
		return ledger.Job{}, fmt.Errorf("%s lay in %s, which is not watched any more", shown(o.Name), folder)
	}
	for _, w := range folders[i].watch.Status().Waiting {
		if w.Name == o.Name {
			return ledger.Job{}, fmt.Errorf("%s is not finished yet: %s", shown(o.Name), w.Reason)
		}
	}
	return folders[i].enqueuer.Order(ctx, o)
}

// deliveries are those of the named files, for one task. All problems are told at
// once.
func (a *agent) deliveries(ctx context.Context, bench string, names []string, o outbound.Order) (jobs []ledger.Job, err error) {
	cfg := a.parts.config()
	var problems []string
	for _, name := range names {
		f, rel, err := locate(cfg, bench, name)
		if err == nil {
			o.Name = rel
			var j ledger.Job
			if j, err = a.delivery(ctx, f.Path, o); err == nil && !slices.ContainsFunc(jobs, func(o ledger.Job) bool { return o.ID == j.ID }) {
				jobs = append(jobs, j)
			}
		}
		if err != nil {
			problems = append(problems, err.Error())
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	if len(problems) > 0 {
		return nil, errors.New(listed(problems))
	}
	return jobs, nil
}

// awaited tells of each picture that a bench awaits from an account, by its file
// and by its content, in which task that is.
func (a *agent) awaited(ctx context.Context, account, bench string) (map[string]string, error) {
	tasks, err := a.ledger.Tasks(ctx, account, false)
	if err != nil {
		return nil, err
	}
	where := map[string]string{}
	for _, t := range tasks {
		if t.Bench != bench || t.Kind != ledger.OrderedTask {
			continue
		}
		_, pictures, err := a.taskAndPictures(ctx, ledger.Control{Args: map[string]string{"task": t.ID}})
		if err != nil {
			return nil, err
		}
		for _, p := range pictures {
			if !p.Settled() {
				for _, key := range identities(p.Out) {
					where[key] = fmt.Sprintf("%s (%s): %s", taskName(t), shown(t.Title), p.State)
				}
			}
		}
	}
	return where, nil
}

// identities are what makes two orders be of one picture.
func identities(j ledger.Job) []string {
	keys := []string{"file " + j.Path()}
	if j.Digests.SHA256 != "" {
		keys = append(keys, "content "+j.Digests.SHA256)
	}
	return keys
}

// twice finds pictures that would be ordered, and paid, a second time.
func twice(jobs []ledger.Job, awaited map[string]string) error {
	var problems []string
	mine := map[string]string{}
	for _, j := range jobs {
		for _, key := range identities(j) {
			if where := awaited[key]; where != "" {
				problems = append(problems, fmt.Sprintf("%s is in %s", shown(j.Name), where))
				break
			}
			if other := mine[key]; other != "" {
				problems = append(problems, fmt.Sprintf("%s and %s are one picture", shown(other), shown(j.Name)))
				break
			}
			mine[key] = j.Name
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("%s; to order it a second time all the same, say --again", listed(problems))
}
