package ledger

import (
	"path"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Stem is what a photo and its retouch have in common, whatever systems their
// names have passed: the last element of a slash-separated name, without its
// extension, in NFC and lower case. A name that is all extension is its own.
func Stem(name string) string {
	base := path.Base(name)
	if stem := strings.TrimSuffix(base, path.Ext(base)); stem != "" {
		base = stem
	}
	return norm.NFC.String(strings.ToLower(norm.NFC.String(base)))
}
