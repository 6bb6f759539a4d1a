package medialoopster

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
)

// A mapping says that what this machine calls local is called server by
// medialoopster. Both are plain: slashes, no slash at the end.
type mapping struct{ local, server string }

// pathMap translates paths; the longest local prefix counts. medialoopster has no
// other way to know a file: every path is "as seen by medialoopster"
// (medialoopster-projectassets.txt, Create Project Asset).
type pathMap []mapping // the longest local prefix first

func newPathMap(paths map[string]string) (pathMap, error) {
	var m pathMap
	for from, to := range paths {
		local, err := plainPath(from)
		if err != nil {
			return nil, fmt.Errorf("paths: %q %w", from, err)
		}
		server := strings.TrimSuffix(to, "/")
		if !strings.HasPrefix(to, "/") || server != "" && path.Clean(server) != server {
			return nil, fmt.Errorf("paths: %q must be a path as medialoopster sees it, such as /srv/projects/", to)
		}
		if slices.ContainsFunc(m, func(o mapping) bool { return equal(o.local, local) }) {
			return nil, fmt.Errorf("paths: %q is there twice, in two spellings", from)
		}
		m = append(m, mapping{local, server})
	}
	slices.SortFunc(m, func(a, b mapping) int { return len(b.local) - len(a.local) })
	return m, nil
}

// server translates the path of a file or folder on this machine. The error wraps
// connectors.ErrRejected.
func (m pathMap) server(local string) (string, error) {
	plain, err := plainPath(local)
	if err != nil {
		return "", connectors.Rejected("medialoopster cannot be told about %q: it %w", local, err)
	}
	for _, p := range m {
		if rest, ok := below(plain, p.local); ok {
			return cmp.Or(p.server+rest, "/"), nil
		}
	}
	return "", connectors.Rejected("medialoopster does not know where %s lies: add its folder to paths of the account", local)
}

// local translates back, or returns "" for what no mapping covers.
func (m pathMap) local(server string) string {
	best, length := "", -1
	for _, p := range m {
		if rest, ok := strings.CutPrefix(strings.TrimSuffix(server, "/"), p.server); ok && len(p.server) > length && (rest == "" || rest[0] == '/') {
			best, length = p.local+rest, len(p.server)
		}
	}
	return best
}

// below cuts prefix off at the border of a part. What is left starts with a slash
// or is empty.
func below(plain, prefix string) (rest string, ok bool) {
	if len(plain) < len(prefix) || !equal(plain[:len(prefix)], prefix) {
		return "", false
	}
	rest = plain[len(prefix):]
	return rest, rest == "" || rest[0] == '/'
}

// equal compares two plain paths; those of Windows without regard to case.
func equal(a, b string) bool {
	return a == b || strings.EqualFold(a, b) && onWindows(a) && onWindows(b)
}

// onWindows reports whether a plain path is one of Windows: Z:/x or //server/x.
func onWindows(plain string) bool {
	return strings.HasPrefix(plain, "//") || strings.Contains(strings.SplitN(plain, "/", 2)[0], ":")
}

// windowsPath finds the spellings of Windows: Z:\x, Z:/x, \\server\share and
// \\?\ in front of either; and /Z:/x, as productions of medialoopster spell
// client mounts.
var windowsPath = regexp.MustCompile(`^(/?[A-Za-z]:([\\/]|$)|\\\\|//)`)

// plainPath spells a path with slashes and without one at the end.
func plainPath(p string) (string, error) {
	switch {
	case windowsPath.MatchString(p):
		p = strings.ReplaceAll(p, `\`, "/")
		if unc, ok := strings.CutPrefix(p, "//?/UNC/"); ok {
			p = "//" + unc
		}
		p = strings.TrimPrefix(p, "//?/")
		if len(p) > 2 && p[0] == '/' && p[2] == ':' {
			p = p[1:]
		}
	case !strings.HasPrefix(p, "/"):
		return "", errors.New("must be a whole path, such as /Volumes/projects, Z:\\projects or \\\\nas\\projects")
	}
	for part := range strings.SplitSeq(strings.Trim(p, "/"), "/") {
		if part == "." || part == ".." || part == "" && strings.Trim(p, "/") != "" {
			return "", errors.New("must not hold empty parts, nor . or .. as a part")
		}
	}
	if strings.ContainsRune(p, 0) {
		return "", errors.New("must not hold a zero byte")
	}
	return strings.TrimRight(p, "/"), nil
}
