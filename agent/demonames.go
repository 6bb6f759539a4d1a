package main

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/watch"
)

// A namer finds file names that a bench takes: right for its include, exclude
// and names.
type namer struct {
	rnd   *rand.Rand
	used  map[string]bool
	learn func(ref string) // makes a product known that a name speaks of
}

// extensions are tried in this order. What a demo picture is called has no
// influence on what is in it.
var extensions = [...]string{".jpg", ".jpeg", "", ".tif", ".cr3", ".nef", ".arw", ".dng", ".png", ".mp4"}

const nameTries = 300

// name returns a fresh name for a hot folder; an error says why there is none.
func (n *namer) name(bench config.Bench, f config.HotFolder) (string, error) {
	var opt struct {
		Names string `yaml:"names"`
	}
	if bench.Name != "" { // a mirror has no bench
		if err := bench.Decode(&opt); err != nil {
			return "", err
		}
	}
	pattern, err := regexp.Compile(opt.Names)
	if err != nil {
		return "", err
	}
	shape, err := syntax.Parse(opt.Names, syntax.Perl)
	if err != nil {
		return "", err
	}
	skip := watch.Skip{Include: f.Include, Exclude: f.Exclude}
	for _, ext := range extensions {
		for range nameTries {
			stem := fmt.Sprintf("DEMO_%04d", 1+n.rnd.IntN(9999))
			if opt.Names != "" {
				stem = spell(shape, n.rnd)
			}
			name := stem + ext
			m := pattern.FindStringSubmatch(name)
			if n.used[name] || m == nil || strings.Trim(name, ".") == "" || skip.Reason(name, false) != "" {
				continue
			}
			n.used[name] = true
			if i := pattern.SubexpIndex("ref"); i >= 0 {
				n.learn(m[i])
			}
			return name, nil
		}
	}
	return "", fmt.Errorf("the demo finds no file name that fits its include, exclude and names")
}

// spell writes something that an expression may match: anchors and word
// boundaries are left to luck.
func spell(re *syntax.Regexp, rnd *rand.Rand) string {
	times := 1
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return string(fromClass(re.Rune, rnd))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return string(rune('0' + rnd.IntN(10)))
	case syntax.OpAlternate:
		return spell(re.Sub[rnd.IntN(len(re.Sub))], rnd)
	case syntax.OpStar, syntax.OpPlus:
		times = 1 + rnd.IntN(4)
	case syntax.OpQuest:
		times = rnd.IntN(2)
	case syntax.OpRepeat:
		times = max(re.Min, 1)
		if re.Max == 0 {
			times = 0
		}
	}
	var b strings.Builder
	for range times {
		for _, sub := range re.Sub {
			b.WriteString(spell(sub, rnd))
		}
	}
	return b.String()
}

// fromClass draws a character, a harmless one if the class has any. ranges are
// pairs of the first and the last.
func fromClass(ranges []rune, rnd *rand.Rand) rune {
	const harmless = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	allowed := slices.DeleteFunc([]rune(harmless), func(r rune) bool {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= r && r <= ranges[i+1] {
				return false
			}
		}
		return true
	})
	if len(allowed) > 0 {
		return allowed[rnd.IntN(len(allowed))]
	}
	if len(ranges) == 0 {
		return '0'
	}
	i := 2 * rnd.IntN(len(ranges)/2)
	return ranges[i] + rune(rnd.IntN(int(min(ranges[i+1]-ranges[i], 25)+1)))
}
