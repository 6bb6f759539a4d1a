package grandshooting

import "strings"

// mostEdits is how unlike a name may be and still be worth showing.
const mostEdits = 3

// nearest is the name with the fewest letters to add, drop or change to make
// word, regardless of case; empty if none is near. Of equals it is the first.
func nearest(word string, names []string) string {
	best, found := min(mostEdits, len(word)/2)+1, ""
	word = strings.ToLower(word)
	for _, name := range names {
		if name == "" {
			continue
		}
		if d := edits(word, strings.ToLower(name), best); d < best {
			best, found = d, name
		}
	}
	return found
}

// edits is the Levenshtein distance of a and b in bytes, or limit if it is not
// below that.
func edits(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal, least := row[0], i+1
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
			least = min(least, row[j+1])
		}
		if least >= limit {
			return limit
		}
	}
	return min(row[len(b)], limit)
}
