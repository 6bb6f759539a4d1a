package grandshooting

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
)

// judgeAll answers for the photos ps[i], i in group, into out[i]. Equal hashes
// are looked for first, because one of them tells what hash means for all.
func (a *account) judgeAll(group []int, ps []connectors.Photo, pics []Picture, out []connectors.Receipt) {
	byName := map[string][]Picture{}
	for _, pic := range pics {
		byName[pic.Smalltext] = append(byName[pic.Smalltext], pic)
	}
	rivals := func(i int) []Picture { return candidates(ps[i].Name, byName[path.Base(ps[i].Name)]) }
	for _, i := range group {
		if slices.ContainsFunc(rivals(i), func(pic Picture) bool { return sameHash(ps[i], pic) }) {
			a.hashIsSHA1.Store(true)
		}
	}
	for _, i := range group {
		out[i] = judge(ps[i], rivals(i), a.hashIsSHA1.Load())
	}
}

// candidates are the pictures that may be the photo of that name: in its
// folder, newest first, each once. A folder that is exactly the photo's goes
// before one that the platform may have rewritten.
func candidates(name string, pics []Picture) []Picture {
	folder := path.Dir(name)
	var exact, rewritten []Picture
	for _, pic := range pics {
		switch at := path.Dir(strings.TrimPrefix(pic.Path, "/")); {
		case at == folder:
			exact = append(exact, pic)
		case mayBe(at, folder):
			rewritten = append(rewritten, pic)
		}
	}
	if len(exact) == 0 {
		exact = rewritten
	}
	slices.SortStableFunc(exact, func(x, y Picture) int {
		switch {
		case y.ID.Less(x.ID):
			return -1
		case x.ID.Less(y.ID):
			return 1
		}
		return 0
	})
	return slices.CompactFunc(exact, func(x, y Picture) bool { return x.ID == y.ID })
}

var uuidShape = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// mayBe says whether a picture listed in folder at may have been sent to
// folder: at ingest the platform may put a UUID before it and insert JPG (the
// picture example of "List pictures"). Nothing else is allowed before it: a
// picture in day1/A is none of folder A.
func mayBe(at, folder string) bool {
	parts := strings.Split(at, "/")
	if uuidShape.MatchString(parts[0]) {
		parts = parts[1:]
	}
	want := []string{}
	if folder != "." {
		want = strings.Split(folder, "/")
	}
	if slices.Equal(parts, want) {
		return true
	}
	n := len(parts)
	return n > 0 && (parts[0] == "JPG" && slices.Equal(parts[1:], want) || parts[n-1] == "JPG" && slices.Equal(parts[:n-1], want))
}

func sameHash(p connectors.Photo, pic Picture) bool {
	return p.Digests.SHA1 != "" && strings.EqualFold(p.Digests.SHA1, pic.Hash)
}

// judge says which of the candidates, newest first, is p, by this table.
// Comparable: both have a hash, and hash is known to be SHA-1 of the file.
//
//	hash equal    first generation                         yes
//	hash equal    later generation, newest picture         yes
//	hash equal    later generation, an older picture       no: it may be the A of A, B, A
//	hash unequal  comparable                               no, whatever the size
//	hash unknown  size unequal                             no
//	hash unknown  size equal, first generation             yes
//	hash unknown  size equal, newer than Replaces          yes: it came after what was there
//	hash unknown  size equal, Replaces itself or older     no: it may be the last generation
//	hash unknown  size equal, later generation, nothing
//	              known of the last one (Replaces zero)    no: it may be that one, sent and lost sight of
//
// A wrong "no" costs at most one more upload, which the platform ignores
// because the content is the same, and then a photo that is shown as "sent, not
// seen yet": after a success code nothing is sent again. A wrong "yes" would
// lose a picture; there is none.
func judge(p connectors.Photo, newestFirst []Picture, hashIsSHA1 bool) connectors.Receipt {
	for i, pic := range newestFirst {
		comparable := hashIsSHA1 && pic.Hash != "" && p.Digests.SHA1 != ""
		switch {
		case sameHash(p, pic):
			if p.Generation <= 1 || i == 0 {
				return receiptOf(p, pic)
			}
		case comparable || int64(pic.Filesize) != p.Size:
		case p.Generation <= 1:
			return receiptOf(p, pic)
		case p.Replaces.ID != "" && ID(p.Replaces.ID).Less(pic.ID):
			return receiptOf(p, pic)
		}
	}
	return connectors.Receipt{}
}

func receiptOf(p connectors.Photo, pic Picture) connectors.Receipt {
	return connectors.Receipt{ID: string(pic.ID), Name: pic.Path, Link: pic.Thumbnail, Size: p.Size, Verified: true}
}
