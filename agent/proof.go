package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A diskFile is one file below a folder.
type diskFile struct{ name, sha string }

// filesIn reads every file below dir. A folder that is not there has none.
func filesIn(dir string) ([]diskFile, error) {
	var all []diskFile
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		all = append(all, diskFile{filepath.ToSlash(name), digestOf(content)})
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return all, err
}

// A row of the proof is one bench at one account.
type row struct {
	bench, account       string
	disk, held, versions int
	lost, doubled, torn  int
	faults               []string // each in words
}

func (r *row) fault(counter *int, format string, args ...any) {
	*counter++
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

// prove compares what must be at an account of a bench with what is there: each
// finished content and each file on disk once, and nothing else.
func prove(bench, account string, shots []shot, disk []diskFile, holds []holding) row {
	r := row{bench: bench, account: account, disk: len(disk)}
	here := map[string][]holding{}
	for _, h := range holds {
		if slices.Contains(h.benches, bench) && !neighbours(bench, h, shots) {
			here[h.sha] = append(here[h.sha], h)
		}
	}
	wanted := map[string]bool{}
	for _, s := range shots {
		if s.bench != bench || wanted[s.sha] {
			continue
		}
		wanted[s.sha] = true
		if s.done.IsZero() {
			continue // still being written: it may be there or not
		}
		if len(here[s.sha]) == 0 {
			r.fault(&r.lost, "%s is lost: %s does not have this content", s.name, account)
		} else if s.selected && !slices.ContainsFunc(here[s.sha], func(h holding) bool { return h.selected }) {
			r.fault(&r.lost, "%s is selected on the bench, but not at %s", s.name, account)
		}
	}
	for _, f := range disk {
		missing := len(here[f.sha]) == 0 && wanted[f.sha] // told already
		if !missing && !slices.ContainsFunc(here[f.sha], func(h holding) bool { return h.current }) {
			r.fault(&r.lost, "%s is on disk as it is now, but %s does not show it so", f.name, account)
		}
		wanted[f.sha] = true
	}
	r.judge(here, wanted)
	return r
}

// neighbours reports whether h is of another bench that uses the same place.
func neighbours(bench string, h holding, shots []shot) bool {
	other := false
	for _, s := range shots {
		if s.sha == h.sha && s.bench == bench {
			return false
		}
		other = other || s.sha == h.sha && slices.Contains(h.benches, s.bench)
	}
	return other
}

// judge counts what an account has of a bench.
func (r *row) judge(here map[string][]holding, wanted map[string]bool) {
	for _, sha := range sortedKeys(here) {
		times := 0
		for _, h := range here[sha] {
			times += h.times
			if h.current {
				r.held++
			}
		}
		r.versions++
		name := here[sha][0].name
		switch {
		case !wanted[sha]:
			r.fault(&r.torn, "%s at %s is torn or strange: nobody has finished such a content here", name, r.account)
		case times > 1:
			r.fault(&r.doubled, "%s was stored %d times at %s", name, times, r.account)
		}
	}
}

// A proof is the whole comparison.
type proof struct {
	rows    []row
	delays  []time.Duration // from last byte to arrival, the shortest first
	remarks []string
}

// ok reports whether there is something to prove, and nothing against it.
func (p proof) ok() bool {
	versions := 0
	for _, r := range p.rows {
		if len(r.faults) > 0 {
			return false
		}
		versions += r.versions
	}
	return versions > 0
}

func (p proof) print(out io.Writer) {
	width := len("The proof")
	for _, r := range p.rows {
		width = max(width, len(r.bench)+len(" → ")+len(r.account))
	}
	const columns = "%*s  %13s  %8s  %4s  %7s  %4s\n"
	fmt.Fprintf(out, "\n%-*s"+columns, width, "The proof", 9, "on disk", "at the remote", "versions", "lost", "doubled", "torn")
	for _, r := range p.rows {
		label := r.bench + " → " + r.account
		fmt.Fprintf(out, "%s%s"+columns, label, strings.Repeat(" ", width-len([]rune(label))), 9, fmt.Sprint(r.disk),
			fmt.Sprint(r.held), fmt.Sprint(r.versions), fmt.Sprint(r.lost), fmt.Sprint(r.doubled), fmt.Sprint(r.torn))
	}
	fmt.Fprintln(out)
	for _, text := range p.remarks {
		fmt.Fprintln(out, text)
	}
	if n := len(p.delays); n > 0 {
		fmt.Fprintf(out, "From the last byte on disk to the remote: half within %s, all within %s\n", short(p.delays[n/2]), short(p.delays[n-1]))
	}
	for _, r := range p.rows {
		for _, text := range r.faults {
			fmt.Fprintf(out, "%s %s: %s\n", signNeeds, r.bench, text)
		}
	}
	fmt.Fprintf(out, "\n%s\n", p.verdict())
}

// verdict is the one sentence that counts.
func (p proof) verdict() string {
	var held, versions, lost, doubled, torn int
	for _, r := range p.rows {
		held, versions = held+r.held, versions+r.versions
		lost, doubled, torn = lost+r.lost, doubled+r.doubled, torn+r.torn
	}
	switch {
	case p.ok():
		return fmt.Sprintf("%s Proven by SHA-256: %s in %s, each delivered once and byte for byte; 0 lost, 0 doubled, 0 torn.",
			signFine, count(held, "picture"), count(versions, "version"))
	case lost+doubled+torn == 0:
		return signNeeds + " Nothing is proven: no picture has arrived."
	}
	return fmt.Sprintf("%s Not proven: %d lost, %d doubled, %d torn.", signNeeds, lost, doubled, torn)
}
