package picture

import (
	"encoding/xml"
	"math"
	"slices"
	"strconv"
	"strings"
)

// properties are the texts under each name that counts, in the order of the file.
type properties map[string][]string

// Names that count.
const (
	propRating     = nsXMP + " Rating"
	propLabel      = nsXMP + " Label"
	propSubject    = nsDC + " subject"
	propHierarchy  = nsLightroom + " hierarchicalSubject"
	propColorClass = nsMechanic + " ColorClass"
	propTagged     = nsMechanic + " Tagged"
	propPercent    = nsMicrosoft + " Rating"
)

func (p properties) add(n xml.Name, text string) {
	name := strings.TrimSuffix(n.Space, "/") + " " + n.Local
	if name != propPercent {
		name = n.Space + " " + n.Local
	}
	switch name {
	case propRating, propLabel, propSubject, propHierarchy, propColorClass, propTagged, propPercent:
		p[name] = append(p[name], strings.TrimSpace(text))
	}
}

// first returns the first text of name that is not empty.
func (p properties) first(name string) string {
	for _, text := range p[name] {
		if text != "" {
			return text
		}
	}
	return ""
}

func (p properties) tags() Tags {
	rating, rated := p.rating()
	others := len(p)
	for _, name := range [...]string{propRating, propPercent} {
		if _, there := p[name]; there {
			others--
		}
	}
	return Tags{Rating: rating, Label: p.label(), Keywords: p.keywords(), Given: rated || others > 0}
}

// rating returns the stars, and whether any program gave some, be it none at all.
func (p properties) rating() (stars int, given bool) {
	if v, err := strconv.ParseFloat(p.first(propRating), 64); err == nil && v >= -1 && v <= 5 {
		return int(math.Round(v)), true
	}
	// Windows writes 1, 25, 50, 75 and 99 and reads what lies between as the
	// nearest (System.Rating, Windows property system).
	v, err := strconv.Atoi(p.first(propPercent))
	if err != nil || v < 0 || v > 100 {
		return 0, false
	}
	if v == 0 {
		return 0, true
	}
	return min((v+12)/25+1, 5), true
}

func (p properties) label() string {
	if text := p.first(propLabel); text != "" {
		return colour(text)
	}
	classes := [...]string{"", "winner", "winner alt", "superior", "superior alt", "typical", "typical alt", "extras", "trash"}
	if n, err := strconv.Atoi(p.first(propColorClass)); err == nil && n > 0 && n < len(classes) {
		return classes[n]
	}
	if strings.EqualFold(p.first(propTagged), "true") {
		return "tagged"
	}
	return ""
}

// keywords are those of dc:subject, then the leaves of Lightroom's hierarchy,
// "Season|Winter", that are not among them.
func (p properties) keywords() []string {
	var all []string
	seen := map[string]bool{"": true}
	leaves := slices.Clone(p[propHierarchy])
	for i, text := range leaves {
		leaves[i] = strings.TrimSpace(text[strings.LastIndex(text, "|")+1:])
	}
	for _, text := range slices.Concat(p[propSubject], leaves) {
		if !seen[text] {
			seen[text] = true
			all = append(all, text)
		}
	}
	return all
}
