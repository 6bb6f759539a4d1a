package connectortest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/connectortest"
	"github.com/studio-agent/studio-agent/connectors/memory"
)

// mirrors are what the sound remote mirrors, two folders each way.
func mirrors(r *memory.Remote) connectortest.Mirrors {
	return connectortest.Mirrors{
		Put: [2]string{"/put", "/edit"}, Get: [2]string{"/get", "/done"},
		Files: func(remote string) (list []connectortest.File) {
			for name, content := range r.Files() {
				if below, ok := strings.CutPrefix(name, remote+"/"); ok {
					list = append(list, connectortest.FileOf(below, content))
				}
			}
			return list
		},
		Return: func(remote, name string, content []byte) {
			r.Withdraw(remote + "/" + name)
			r.Offer(connectors.Retouch{Remote: remote, Name: name}, content)
		},
	}
}

type teller = func(connectors.Finding)

// examine is the examination of a sound connector.
func examine(ctx context.Context, tell teller) error {
	for _, what := range []string{"log in", "write", "delete"} {
		if ctx.Err() == nil {
			tell(connectors.Finding{What: what, Text: "works"})
		}
	}
	return ctx.Err()
}

func breakExamine(broken func(r *memory.Remote, ctx context.Context, tell teller) error) func(*memory.Remote, *connectortest.Rig) {
	return func(r *memory.Remote, rig *connectortest.Rig) {
		rig.Examine = func(ctx context.Context, tell teller) error { return broken(r, ctx, tell) }
	}
}

// breakPhotos has a connector take each photo for another.
func breakPhotos(change func(connectors.Photo) connectors.Photo) func(*memory.Remote, *connectortest.Rig) {
	return func(_ *memory.Remote, rig *connectortest.Rig) {
		whole := rig.Out
		rig.Out = out{whole,
			func(ctx context.Context, p connectors.Photo, open opener, publish publisher) (connectors.Receipt, error) {
				return whole.Deliver(ctx, change(p), open, publish)
			},
			func(ctx context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
				var changed []connectors.Photo
				for _, p := range ps {
					changed = append(changed, change(p))
				}
				return whole.Find(ctx, changed)
			}}
	}
}

// listed is a Source that spells what it lists in its own way.
type listed struct {
	connectors.Source
	change func(*connectors.Retouch)
}

func (l listed) Pending(ctx context.Context) ([]connectors.Retouch, error) {
	list, err := l.Source.Pending(ctx)
	for i := range list {
		l.change(&list[i])
	}
	return list, err
}

func breakPending(change func(*connectors.Retouch)) func(*memory.Remote, *connectortest.Rig) {
	return func(_ *memory.Remote, rig *connectortest.Rig) { rig.In = listed{rig.In, change} }
}

const (
	pathKept    = "a mirrored photo lies below its own remote folder, path kept"
	unmixed     = "mirrors out do not mix"
	withFolder  = "what lies in a mirrored folder is listed with that folder"
	examination = "an examination tells what it found and leaves nothing behind"
)

var moreDefects = []defect{
	{"puts mirrored photos with all others", breakPhotos(func(p connectors.Photo) connectors.Photo {
		p.Remote = ""
		return p
	}), []string{pathKept, unmixed}},
	{"knows one mirror only", breakPhotos(func(p connectors.Photo) connectors.Photo {
		if p.Role == connectors.Mirror {
			p.Remote = "/put"
		}
		return p
	}), []string{unmixed}},
	{"drops the path of a mirrored photo", breakPhotos(func(p connectors.Photo) connectors.Photo {
		if p.Role == connectors.Mirror {
			p.Name = path.Base(p.Name)
		}
		return p
	}), []string{pathKept}},
	{"lists without the mirror", breakPending(func(rt *connectors.Retouch) { rt.Remote = "" }), []string{withFolder}},
	{"lists with the mirror in the name", breakPending(func(rt *connectors.Retouch) { rt.Name = rt.Remote + "/" + rt.Name }), []string{withFolder}},
	{"lists all mirrors as one", breakPending(func(rt *connectors.Retouch) { rt.Remote = "/get" }), []string{withFolder}},
	{"examines and forgets a file", breakExamine(func(r *memory.Remote, ctx context.Context, tell teller) error {
		r.Put("probe.tmp", []byte("x"))
		return examine(ctx, tell)
	}), []string{examination, "an examination whose context has ended says so"}},
	{"examines and cleans up too much", breakExamine(func(r *memory.Remote, ctx context.Context, tell teller) error {
		r.Take("0001.jpg")
		return examine(ctx, tell)
	}), []string{examination}},
	{"examines and says little", breakExamine(func(_ *memory.Remote, ctx context.Context, tell teller) error {
		tell(connectors.Finding{What: "log in", Text: "works"})
		return ctx.Err()
	}), []string{examination}},
	{"examines and finds fault with what works", breakExamine(func(_ *memory.Remote, ctx context.Context, tell teller) error {
		tell(connectors.Finding{What: "rename", Text: "does not work", Health: connectors.Odd})
		return examine(ctx, tell)
	}), []string{examination}},
	{"examines whatever its context says", breakExamine(func(_ *memory.Remote, _ context.Context, tell teller) error {
		return examine(context.Background(), tell)
	}), []string{"an examination whose context has ended says so"}},
	{"sends no more than 4 MB", breakDeliver(func(_ *memory.Remote, whole deliverer) deliverer {
		return func(ctx context.Context, p connectors.Photo, open opener, publish publisher) (connectors.Receipt, error) {
			if p.Size > 4<<20 {
				p.Size, p.Digests = 4<<20, connectors.Digests{}
			}
			return whole(ctx, p, replaceReader(open, func(r io.Reader) io.Reader { return io.LimitReader(r, p.Size) }), publish)
		}
	}), []string{"a photo of 5 MB arrives whole"}},
	{"calls an empty photo a passing trouble", breakDeliver(func(_ *memory.Remote, whole deliverer) deliverer {
		return func(ctx context.Context, p connectors.Photo, open opener, publish publisher) (connectors.Receipt, error) {
			if p.Size == 0 {
				return connectors.Receipt{}, errors.New("length required")
			}
			return whole(ctx, p, open, publish)
		}
	}), []string{"an empty photo arrives or is refused for good"}},
	{"fetches no more than 4 MB", func(_ *memory.Remote, rig *connectortest.Rig) {
		whole := rig.In
		rig.In = in{whole, func(ctx context.Context, rt connectors.Retouch, w io.Writer) error {
			var all bytes.Buffer
			if err := whole.Fetch(ctx, rt, &all); err != nil {
				return err
			}
			_, err := io.CopyN(w, &all, min(int64(all.Len()), 4<<20))
			return err
		}}
	}, []string{"a retouch of 5 MB comes back whole"}},
}
