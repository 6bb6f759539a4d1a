package creativeforce

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/studio-agent/studio-agent/connectors"
)

// A spot is the expected output that a photo is.
type spot struct {
	task   *task
	output output
}

func (s spot) batch() string { return s.task.batch() }

// name is the output's in the folder.
func (s spot) name() string { return s.task.folder + "/" + s.output.disk }

// spotOf finds the expected output that p is: in the task of its batch or its
// folder JOB/PRODUCT, else by its name alone, if that is expected once. The error
// wraps connectors.ErrRejected if there is none. The spot of an error has its task
// if that is known.
func (a *account) spotOf(ctx context.Context, p connectors.Photo) (spot, error) {
	if err := connectors.CheckName(p.Name); err != nil {
		return spot{}, err
	}
	k, named, err := a.taskOf(p)
	if err == nil && !named {
		if err = a.lookAgain(ctx); err == nil { // its folder may be of a new task
			k, named, err = a.taskOf(p)
		}
	}
	if err != nil {
		return spot{}, err
	}
	if !named {
		return a.among(p)
	}
	return a.within(ctx, k, p)
}

// within finds the output of one task. Before nobody expects it, the platform is
// asked.
func (a *account) within(ctx context.Context, k key, p connectors.Photo) (s spot, err error) {
	for _, age := range []time.Duration{fresh, 0} {
		if s.task, err = a.read(ctx, k, age); err != nil {
			return spot{}, err
		}
		if s.output, err = s.task.expects(path.Base(p.Name)); err == nil {
			return s, nil
		}
	}
	return s, connectors.Rejected("%s: %w", s.task.title(), err)
}

// lookAgain reads the list, unless that was done a moment ago.
func (a *account) lookAgain(ctx context.Context) error {
	a.desk.mu.Lock()
	looked := a.desk.looked
	a.desk.mu.Unlock()
	if time.Since(looked) < lookGap {
		return ctx.Err()
	}
	return a.look(ctx)
}

// taskOf tells the task of a photo by its batch or its folder.
func (a *account) taskOf(p connectors.Photo) (k key, ok bool, err error) {
	if k, _, ok = parseBatch(p.Batch); ok {
		return k, true, nil
	}
	parts := strings.Split(path.Dir(p.Name), "/")
	for i := range len(parts) - 1 {
		owner, err := a.memory.Recall(folderKey(parts[i] + "/" + parts[i+1]))
		if err != nil {
			return k, false, fmt.Errorf("the folder of a task cannot be read from the ledger: %w", err)
		}
		if k, _, ok := parseBatch(owner + "-1"); ok {
			return k, true, nil
		}
	}
	return k, false, nil
}

// among looks for the output in all tasks that are known.
func (a *account) among(p connectors.Photo) (spot, error) {
	var found []spot
	var names []string
	for _, t := range a.desk.tasks() {
		if !t.wanted() {
			continue
		}
		if o, err := t.expects(path.Base(p.Name)); err == nil {
			found = append(found, spot{t, o})
		}
		for _, o := range t.due() {
			names = append(names, t.folder+"/"+o.disk)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return spot{}, connectors.Rejected("no task expects %s%s", path.Base(p.Name), nearestOf(p.Name, names))
	}
	var where []string
	for _, s := range found {
		where = append(where, s.task.folder)
	}
	return spot{}, connectors.Rejected("several tasks expect %s: put it into the folder of one, %s", path.Base(p.Name), strings.Join(where, " or "))
}

// expects finds the output with that name: letter for letter, else regardless of
// how accents are spelled, else regardless of case; each only if it is the only
// one. The extension must be of the expected format.
func (t *task) expects(name string) (output, error) {
	ext := extOf(name)
	for _, same := range []func(a, b string) bool{
		func(a, b string) bool { return a == b },
		func(a, b string) bool { return norm.NFC.String(a) == norm.NFC.String(b) },
		func(a, b string) bool { return fold(a) == fold(b) },
	} {
		var found []output
		for _, o := range t.outputs {
			for _, expected := range []string{o.disk, o.name} {
				stem := strings.TrimSuffix(expected, extOf(expected))
				if same(stem, strings.TrimSuffix(name, ext)) || same(expected, name) {
					found = append(found, o)
					break
				}
			}
		}
		right := slices.DeleteFunc(slices.Clone(found), func(o output) bool { return !fits(o, name) })
		switch {
		case len(right) == 1:
			return right[0], nil
		case len(right) > 1:
			return output{}, fmt.Errorf("%d expected outputs are called %s", len(right), name)
		case len(found) > 0:
			return output{}, fmt.Errorf("%s is wanted, not %s: save it in that format", found[0].disk, name)
		}
	}
	var names []string
	for _, o := range t.due() {
		names = append(names, o.disk)
	}
	if len(names) == 0 {
		return output{}, errors.New("no output is expected")
	}
	return output{}, fmt.Errorf("nobody expects %s%s", name, nearestOf(name, names))
}

// fits reports whether a file has the extension that is expected, or any if none
// is.
func fits(o output, name string) bool {
	want := extOf(o.disk)
	return want == "" || formatOf(want) == formatOf(extOf(name)) || o.name == name && o.spec.Format == ""
}

// nearestOf names what may have been meant: the nearest, at most three.
func nearestOf(name string, expected []string) string {
	const most = 3
	if len(expected) == 0 {
		return ""
	}
	base := fold(path.Base(name))
	far := map[string]int{}
	for _, e := range expected {
		far[e] = edits(base, fold(path.Base(e)))
	}
	expected = slices.Clone(expected)
	slices.SortStableFunc(expected, func(x, y string) int { return far[x] - far[y] })
	more := ""
	if n := len(expected) - most; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return "; expected are " + strings.Join(expected[:min(most, len(expected))], ", ") + more
}

// edits is how many letters must be added, dropped or changed to make b of a; of
// long names only the beginning counts.
func edits(a, b string) int {
	const longest = 64
	x, y := []rune(a), []rune(b)
	x, y = x[:min(len(x), longest)], y[:min(len(y), longest)]
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			change := diagonal
			if x[i] != y[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
