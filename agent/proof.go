package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
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

// A row of the proof is one bench at one account, or what has come back from
// there.
type row struct {
	bench, account       string
	back                 bool
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
	wanted := map[string]int{} // how often
	for _, s := range shots {
		if s.bench != bench || wanted[s.sha] > 0 {
			continue
		}
		wanted[s.sha] = 1 + s.again
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
		missing := len(here[f.sha]) == 0 && wanted[f.sha] > 0 // told already
		if !missing && !slices.ContainsFunc(here[f.sha], func(h holding) bool { return h.current }) {
			r.fault(&r.lost, "%s is on disk as it is now, but %s does not show it so", f.name, account)
		}
		wanted[f.sha] = max(1, wanted[f.sha])
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
func (r *row) judge(here map[string][]holding, wanted map[string]int) {
	for _, sha := range sortedKeys(here) {
		times, most := 0, 0
		for _, h := range here[sha] {
			times, most = times+h.times, max(most, h.times)
			if h.current {
				r.held++
			}
		}
		r.versions++
		name := here[sha][0].name
		switch {
		case wanted[sha] == 0:
			r.fault(&r.torn, "%s at %s is torn or strange: nobody has finished such a content here", name, r.account)
		case times > wanted[sha] || most > 1:
			r.fault(&r.doubled, "%s was stored %d times at %s", name, times, r.account)
		case times < wanted[sha]:
			r.fault(&r.lost, "%s was ordered %d times, and %s has %d orders", name, wanted[sha], r.account, times)
		}
	}
}

// A proof is the whole comparison.
type proof struct {
	rows    []row
	back    []row           // what has come back; disk counts what was sent
	delays  []time.Duration // from last byte to arrival, the shortest first
	home    []time.Duration // the same of what has come back
	remarks []string
	tasks   bool // what has come back are not retouches but the pictures of tasks
}

// ok reports whether there is something to prove, and nothing against it.
func (p proof) ok() bool {
	versions := 0
	for _, r := range slices.Concat(p.rows, p.back) {
		if len(r.faults) > 0 {
			return false
		}
		versions += r.versions
	}
	return versions > 0
}

func (r row) label() string {
	name, arrow := r.bench, " → "
	if isMirror(name) { // its title is long
		name = "mirror " + path.Base(filepath.ToSlash(name))
	}
	if r.back {
		arrow = " ← "
	}
	return name + arrow + r.account
}

func (p proof) print(out io.Writer) {
	width := len("The way back")
	for _, r := range slices.Concat(p.rows, p.back) {
		width = max(width, len([]rune(r.label())))
	}
	table(out, width, "The proof", "on disk", "at the remote", p.rows)
	if len(p.back) > 0 {
		title, sent := "The way back", "sent back"
		if p.tasks {
			title, sent = "The tasks", "handed out"
		}
		table(out, width, title, sent, "landed", p.back)
	}
	fmt.Fprintln(out)
	for _, text := range p.remarks {
		fmt.Fprintln(out, text)
	}
	printDelays(out, "From the last byte on disk to the remote", p.delays)
	from := "From the retoucher's last byte"
	if p.tasks {
		from = "From handing out"
	}
	printDelays(out, from+" to the import folder", p.home)
	for _, r := range slices.Concat(p.rows, p.back) {
		for _, text := range r.faults {
			fmt.Fprintf(out, "%s %s: %s\n", signNeeds, r.bench, text)
		}
	}
	fmt.Fprintf(out, "\n%s\n", p.verdict())
}

func table(out io.Writer, width int, title, here, there string, rows []row) {
	const columns = "%*s  %13s  %8s  %4s  %7s  %4s\n"
	fmt.Fprintf(out, "\n%-*s"+columns, width, title, 11, here, there, "versions", "lost", "doubled", "torn")
	for _, r := range rows {
		fmt.Fprintf(out, "%s%s"+columns, r.label(), strings.Repeat(" ", width-len([]rune(r.label()))), 11, fmt.Sprint(r.disk),
			fmt.Sprint(r.held), fmt.Sprint(r.versions), fmt.Sprint(r.lost), fmt.Sprint(r.doubled), fmt.Sprint(r.torn))
	}
}

func printDelays(out io.Writer, what string, delays []time.Duration) {
	if n := len(delays); n > 0 {
		fmt.Fprintf(out, "%s: half within %s, all within %s\n", what, short(delays[n/2]), short(delays[n-1]))
	}
}

// verdict is the one sentence that counts.
func (p proof) verdict() string {
	out, home := sum(p.rows), sum(p.back)
	lost, doubled, torn := out.lost+home.lost, out.doubled+home.doubled, out.torn+home.torn
	switch {
	case p.ok() && p.tasks:
		return fmt.Sprintf("%s Proven by SHA-256: %s of tasks, each landed once, and %s in %s, each submitted once, all byte for byte; 0 lost, 0 doubled, 0 torn.",
			signFine, count(home.versions, "picture"), count(out.held, "output"), count(out.versions, "version"))
	case p.ok() && home.versions > 0:
		return fmt.Sprintf("%s Proven by SHA-256: %s in %s, each delivered once, and %s in %s, each landed once, all byte for byte; 0 lost, 0 doubled, 0 torn.",
			signFine, count(out.held, "picture"), count(out.versions, "version"), retouchCount(home.held), count(home.versions, "version"))
	case p.ok():
		return fmt.Sprintf("%s Proven by SHA-256: %s in %s, each delivered once and byte for byte; 0 lost, 0 doubled, 0 torn.",
			signFine, count(out.held, "picture"), count(out.versions, "version"))
	case lost+doubled+torn == 0:
		return signNeeds + " Nothing is proven: no picture has arrived."
	}
	return fmt.Sprintf("%s Not proven: %d lost, %d doubled, %d torn.", signNeeds, lost, doubled, torn)
}

func retouchCount(n int) string {
	if n == 1 {
		return "1 retouch"
	}
	return fmt.Sprintf("%d retouches", n)
}

func sum(rows []row) (s row) {
	for _, r := range rows {
		s.held, s.versions = s.held+r.held, s.versions+r.versions
		s.lost, s.doubled, s.torn = s.lost+r.lost, s.doubled+r.doubled, s.torn+r.torn
	}
	return s
}
