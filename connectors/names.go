package connectors

import (
	"fmt"
	"io/fs"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckName says why a photo's name cannot travel to a remote that keeps it as
// a path, or nil. It refuses what escapes a folder, what some system a vendor
// may use cannot store (Windows: reserved names, ':' and other signs, trailing
// dots and spaces), and what breaks line protocols. The error is a sentence for
// a photographer and wraps ErrRejected.
func CheckName(name string) error {
	if !utf8.ValidString(name) {
		return Rejected("the name %q is not valid UTF-8; rename the file", name)
	}
	if !fs.ValidPath(name) || name == "." {
		return Rejected("the name %q leaves its folder", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if err := checkPart(part); err != nil {
			return Rejected("the name %q cannot be sent: %w; rename the file", name, err)
		}
	}
	return nil
}

func checkPart(part string) error {
	if len(part) > 255 {
		return fmt.Errorf("it is longer than 255 bytes")
	}
	for _, r := range part {
		if unicode.IsControl(r) {
			return fmt.Errorf("it holds a control character (%U)", r)
		}
		if strings.ContainsRune(`\:*?"<>|`, r) {
			return fmt.Errorf("it holds a %q, which Windows cannot store", r)
		}
	}
	if strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ") {
		return fmt.Errorf("it ends with a dot or a space, which Windows drops")
	}
	if reservedOnWindows(part) {
		return fmt.Errorf("the name %s is reserved by Windows", part)
	}
	return nil
}

func reservedOnWindows(part string) bool {
	stem, _, _ := strings.Cut(part, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	if n := len([]rune(stem)); n == 4 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")) {
		return strings.ContainsAny(stem[3:], "123456789¹²³")
	}
	return false
}
