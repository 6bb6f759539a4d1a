package inbound

import (
	"bufio"
	"encoding/hex"
	"maps"
	"path"
	"strings"
	"sync"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// maxSums is the size up to which a list of checksums is read, in bytes.
const maxSums = 4 << 20

// isSums reports whether name is a list of checksums: it speaks of pictures and
// is none.
func isSums(name string) bool {
	base := strings.ToLower(path.Base(name))
	switch path.Ext(base) {
	case ".sha256", ".md5":
		return true
	}
	switch trimExt(base) {
	case "sha256sums", "md5sums", "checksums":
		return true
	}
	return false
}

// sums are hex digests by base name, folded.
type sums map[string][]string

// parseSums reads what sha256sum, md5sum and their BSD brothers write: "DIGEST
// NAME", "DIGEST *NAME", "SHA256 (NAME) = DIGEST", or a digest alone, in a file
// that is called NAME.sha256 or NAME.md5. Other lines say nothing.
func parseSums(list, text string) sums {
	all := sums{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		digest, name := sumLine(line)
		if name == "" {
			name = trimExt(path.Base(list))
		}
		if digest == "" {
			continue
		}
		key := fold(path.Base(strings.ReplaceAll(name, `\`, "/")))
		all[key] = append(all[key], digest)
	}
	return all
}

func sumLine(line string) (digest, name string) {
	if head, tail, found := strings.Cut(line, ") = "); found {
		_, name, _ = strings.Cut(head, "(")
		return sum(tail), name
	}
	digest, name, _ = strings.Cut(line, " ")
	return sum(digest), strings.TrimPrefix(strings.TrimSpace(name), "*")
}

// sum is text if it is a digest that the agent can compare, in lower case.
func sum(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if b, err := hex.DecodeString(text); err != nil || len(b) != 16 && len(b) != 20 && len(b) != 32 {
		return ""
	}
	return text
}

// disagree reports whether the list has a digest for name that is not among d.
// Where it has several for one base name, from several folders, one must agree
// of each kind.
func (s sums) disagree(name string, d connectors.Digests) bool {
	wanted, agreed := map[int]bool{}, map[int]bool{}
	for _, digest := range s[fold(path.Base(name))] {
		wanted[len(digest)] = true
		if digest == d.SHA256 || digest == d.SHA1 || digest == d.MD5 {
			agreed[len(digest)] = true
		}
	}
	return len(agreed) < len(wanted)
}

// sumLists are the lists of checksums that the last look showed, by the folder
// that they speak of, and what those say that were needed, by ID.
type sumLists struct {
	listed map[string][]connectors.Retouch
	read   map[string]sums
}

func folderOf(rt connectors.Retouch) string {
	return rt.Remote + "\x00" + rt.Bench + "\x00" + path.Dir(rt.Name)
}

// keep replaces what is listed and forgets what is not listed any more.
func (l *sumLists) keep(lists []connectors.Retouch) {
	l.listed = map[string][]connectors.Retouch{}
	ids := map[string]bool{}
	for _, rt := range lists {
		ids[rt.ID] = true
		l.listed[folderOf(rt)] = append(l.listed[folderOf(rt)], rt)
	}
	maps.DeleteFunc(l.read, func(id string, _ sums) bool { return !ids[id] })
}

// beside are the lists in j's folder at the remote. A list of one file only is
// of no interest to others.
func (l *sumLists) beside(mu *sync.Mutex, j ledger.Job) (lists []connectors.Retouch) {
	mu.Lock()
	defer mu.Unlock()
	for _, rt := range l.listed[folderOf(Retouch(j))] {
		base := fold(path.Base(rt.Name))
		if of := trimExt(base); !single(base) || of == fold(path.Base(j.Source.Name)) || of == fold(trimExt(path.Base(j.Source.Name))) {
			lists = append(lists, rt)
		}
	}
	return lists
}

// single reports whether base is NAME.sha256 or NAME.md5, of one file.
func single(base string) bool {
	switch trimExt(base) {
	case "sha256sums", "md5sums", "checksums":
		return false
	}
	return true
}
