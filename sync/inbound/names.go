package inbound

import (
	"path"
	"strings"
	"unicode/utf8"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

const (
	safePart  = 180 // bytes of one part of a safe name, so that a suffix fits
	safeParts = 8   // folders and name
)

// safe spells a remote name so that every system can store it. Equal names stay
// equal; different ones may meet.
func safe(name string) string {
	parts := strings.FieldsFunc(strings.ToValidUTF8(name, "_"), func(r rune) bool { return r == '/' || r == '\\' })
	parts = parts[max(0, len(parts)-safeParts):]
	for i, part := range parts {
		parts[i] = safePartOf(part)
	}
	if name = strings.Join(parts, "/"); connectors.CheckName(name) != nil {
		return "unnamed"
	}
	return name
}

func safePartOf(part string) string {
	part = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || strings.ContainsRune(`:*?"<>|`, r) {
			return '_'
		}
		return r
	}, part)
	if ext := path.Ext(part); len(part) > safePart && len(ext) < 20 {
		part = cut(part[:len(part)-len(ext)], safePart-len(ext)) + ext
	}
	part = cut(part, safePart)
	if strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ") || strings.HasPrefix(part, ".") {
		part = "_" + strings.Trim(part, ". ") + "_"
	}
	if connectors.CheckName(part) != nil {
		part = "_" + part
	}
	return part
}

// cut shortens s to n bytes, between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// beside is name with something between stem and extension.
func beside(name, mark string) string {
	ext := path.Ext(name)
	return strings.TrimSuffix(name, ext) + mark + ext
}

// Retouch is j as its remote knows it.
func Retouch(j ledger.Job) connectors.Retouch {
	return connectors.Retouch{
		ID: j.Source.ID, Name: j.Source.Name, Bench: j.Source.Bench, Batch: j.Source.Batch, Answers: j.Source.Answers,
		Link: j.Source.Link, Size: j.Size, ModTime: j.ModTime, Final: j.Source.Final, Remote: j.Remote, Rejected: j.Source.Rejected,
	}
}
