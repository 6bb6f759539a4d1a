package creativeforce

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
)

// benchOptions are a bench's keys.
type benchOptions struct {
	// Jobs are the names of the jobs (editorial: projects) whose tasks come to this
	// bench, with * and ?, regardless of case. It is needed where several benches
	// import from one account; the one without takes the rest.
	Jobs []string `yaml:"jobs"`
}

// A bench imports tasks.
type bench struct {
	name string
	jobs []string // in small letters; none means all that no other takes
}

func newBenches(all []connectors.Bench) (benches []bench, err error) {
	var rest string
	for _, b := range all {
		var opt benchOptions
		if err := b.Decode(&opt); err != nil {
			return nil, fmt.Errorf("bench %s: %w", b.Name, err)
		}
		if !b.Imports {
			continue
		}
		own := bench{name: b.Name}
		for _, pattern := range opt.Jobs {
			if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
				return nil, fmt.Errorf("bench %s: jobs: %q is no pattern: write names with * and ?", b.Name, pattern)
			}
			own.jobs = append(own.jobs, strings.ToLower(pattern))
		}
		if len(own.jobs) == 0 {
			if rest != "" {
				return nil, fmt.Errorf("benches %s and %s both import all tasks: write jobs under all but one of them", rest, b.Name)
			}
			rest = b.Name
		}
		benches = append(benches, own)
	}
	slices.SortFunc(benches, func(x, y bench) int { return strings.Compare(x.name, y.name) })
	return benches, nil
}

// benchOf is where the tasks of a job are worked on: the first bench that names
// it, or the one that takes the rest; empty if there is none.
func (a *account) benchOf(job string) (rest string) {
	job = strings.ReplaceAll(strings.ToLower(job), "/", " ")
	for _, b := range a.benches {
		if len(b.jobs) == 0 {
			rest = b.name
		}
		for _, pattern := range b.jobs {
			if ok, err := path.Match(strings.ReplaceAll(pattern, "/", " "), job); ok && err == nil {
				return b.name
			}
		}
	}
	return rest
}
