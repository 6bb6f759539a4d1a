package connectortest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/connectortest"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
)

// remote is a sound connector, for each test to break in one way.
func remote() (*memory.Remote, connectortest.Rig) {
	plan := faults.NewPlan(1)
	r := memory.New(plan)
	c := r.Connector()
	c.Examine = examine
	return r, connectortest.Rig{
		Connector: c,
		Files: func() (list []connectortest.File) {
			for name, content := range r.Files() {
				list = append(list, connectortest.FileOf(name, content))
			}
			return list
		},
		Return: r.Return, Put: r.Put, Take: r.Take, Faults: plan, HTTP: true,
		Ops: connectortest.Ops{
			Deliver: memory.OpDeliver, Publish: memory.OpPublish, Find: memory.OpFind,
			Pending: memory.OpPending, Fetch: memory.OpFetch, Probe: memory.OpProbe,
		},
		Mirrors: mirrors(r), Healthy: true,
	}
}

type (
	opener    = func() (io.ReadCloser, error)
	publisher = func() error
	deliverer func(context.Context, connectors.Photo, opener, publisher) (connectors.Receipt, error)
	finder    func(context.Context, []connectors.Photo) ([]connectors.Receipt, error)
	fetcher   func(context.Context, connectors.Retouch, io.Writer) error
)

// out and in are a sound connector's ends with one method replaced.
type out struct {
	connectors.Destination
	deliver deliverer
	find    finder
}

func (o out) Deliver(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error), publish func() error) (connectors.Receipt, error) {
	if o.deliver == nil {
		return o.Destination.Deliver(ctx, p, open, publish)
	}
	return o.deliver(ctx, p, open, publish)
}

func (o out) Find(ctx context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
	if o.find == nil {
		return o.Destination.Find(ctx, ps)
	}
	return o.find(ctx, ps)
}

type in struct {
	connectors.Source
	fetch fetcher
}

func (i in) Fetch(ctx context.Context, rt connectors.Retouch, w io.Writer) error {
	return i.fetch(ctx, rt, w)
}

// A fault of a connector, and the sentences of the contract that it must break.
type defect struct {
	name      string
	breaks    func(*memory.Remote, *connectortest.Rig)
	sentences []string
}

func breakDeliver(d func(r *memory.Remote, whole deliverer) deliverer) func(*memory.Remote, *connectortest.Rig) {
	return func(r *memory.Remote, rig *connectortest.Rig) {
		rig.Out = out{Destination: rig.Out, deliver: d(r, rig.Out.Deliver)}
	}
}

func breakFind(d func(r *memory.Remote, whole finder) finder) func(*memory.Remote, *connectortest.Rig) {
	return func(r *memory.Remote, rig *connectortest.Rig) {
		rig.Out = out{Destination: rig.Out, find: d(r, rig.Out.Find)}
	}
}

// replaceReader passes what is read through change.
func replaceReader(open opener, change func(io.Reader) io.Reader) opener {
	return func() (io.ReadCloser, error) {
		body, err := open()
		if err != nil {
			return nil, err
		}
		return struct {
			io.Reader
			io.Closer
		}{change(body), body}, nil
	}
}

var defects = []defect{
	{"writes straight to the final name", breakDeliver(func(r *memory.Remote, whole deliverer) deliverer {
		return func(ctx context.Context, p connectors.Photo, open opener, publish publisher) (connectors.Receipt, error) {
			if connectors.CheckName(p.Name) == nil {
				r.Put(p.Name, []byte("half"))
				defer r.Put(p.Name, []byte("half"))
			}
			return whole(ctx, p, open, publish)
		}
	}), []string{
		"publish is called once and before the photo shows", "a connection cut on the way leaves nothing",
		"a source that breaks in the middle is told and leaves nothing", "a source that is too short leaves nothing",
		"somebody else's file is not replaced",
	}},
	{"never calls publish", breakDeliver(func(_ *memory.Remote, whole deliverer) deliverer {
		return func(ctx context.Context, p connectors.Photo, open opener, _ publisher) (connectors.Receipt, error) {
			return whole(ctx, p, open, func() error { return nil })
		}
	}), []string{"publish is called once and before the photo shows", "a publish that fails stops the delivery"}},
	{"calls publish when all is over", breakDeliver(func(_ *memory.Remote, whole deliverer) deliverer {
		return func(ctx context.Context, p connectors.Photo, open opener, publish publisher) (connectors.Receipt, error) {
			receipt, err := whole(ctx, p, open, func() error { return nil })
			return receipt, errors.Join(err, publish())
		}
	}), []string{"publish is called once and before the photo shows", "a hostile name is refused for good and leads nowhere"}},
	{"drops the tail", breakDeliver(func(_ *memory.Remote, whole deliverer) deliverer {
		return func(ctx context.Context, p connectors.Photo, open opener, publish publisher) (connectors.Receipt, error) {
			short := p
			short.Size, short.Digests = p.Size-1, connectors.Digests{}
			return whole(ctx, short, replaceReader(open, func(r io.Reader) io.Reader { return io.LimitReader(r, short.Size) }), publish)
		}
	}), []string{"a photo arrives whole", "twenty photos at once arrive once each", "a source that is too short leaves nothing"}},
	{"takes what a short source gave for all", breakDeliver(func(_ *memory.Remote, whole deliverer) deliverer {
		return func(ctx context.Context, p connectors.Photo, open opener, publish publisher) (connectors.Receipt, error) {
			if body, err := open(); err == nil {
				content, err := io.ReadAll(body)
				if err == nil {
					p.Size, p.Digests = int64(len(content)), connectors.Digests{}
				}
			}
			return whole(ctx, p, open, publish)
		}
	}), []string{"a source that is too short leaves nothing"}},
	{"stops reading at the announced size", breakDeliver(func(_ *memory.Remote, whole deliverer) deliverer {
		return func(ctx context.Context, p connectors.Photo, open opener, publish publisher) (connectors.Receipt, error) {
			return whole(ctx, p, replaceReader(open, func(r io.Reader) io.Reader { return io.LimitReader(r, p.Size) }), publish)
		}
	}), []string{"a source that is too long leaves nothing", "a source that breaks in the middle is told and leaves nothing"}},
	{"hides the source's error", breakDeliver(func(_ *memory.Remote, whole deliverer) deliverer {
		return func(ctx context.Context, p connectors.Photo, open opener, publish publisher) (connectors.Receipt, error) {
			receipt, err := whole(ctx, p, open, publish)
			if err != nil && !errors.Is(err, connectors.ErrRejected) {
				err = fmt.Errorf("upload failed: %v", err)
			}
			return receipt, err
		}
	}), []string{
		"a source that cannot be opened is told", "a source that breaks in the middle is told and leaves nothing",
		"a publish that fails stops the delivery", "statuses of an upload mean what they mean everywhere",
	}},
	{"ignores its context", func(_ *memory.Remote, rig *connectortest.Rig) {
		whole := rig.Out
		rig.Out = out{whole,
			func(_ context.Context, p connectors.Photo, open opener, publish publisher) (connectors.Receipt, error) {
				return whole.Deliver(context.Background(), p, open, publish)
			},
			func(_ context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
				return whole.Find(context.Background(), ps)
			}}
	}, []string{"a context that has ended sends nothing", "a context that ends stops a transfer that flows"}},
	{"delivers a second time under another name", breakDeliver(func(r *memory.Remote, whole deliverer) deliverer {
		return func(ctx context.Context, p connectors.Photo, open opener, publish publisher) (connectors.Receipt, error) {
			_, again := r.Files()[p.Name]
			receipt, err := whole(ctx, p, open, publish)
			if again {
				r.Put("copy of "+p.Name, r.Files()[p.Name])
			}
			return receipt, err
		}
	}), []string{"a repeat makes no second photo"}},
	{"replaces what is not ours", breakDeliver(func(r *memory.Remote, whole deliverer) deliverer {
		return func(ctx context.Context, p connectors.Photo, open opener, publish publisher) (connectors.Receipt, error) {
			r.Take(p.Name)
			return whole(ctx, p, open, publish)
		}
	}), []string{"somebody else's file is not replaced", "our file that somebody else has changed is not replaced"}},
	{"retries by itself", breakDeliver(func(_ *memory.Remote, whole deliverer) deliverer {
		return func(ctx context.Context, p connectors.Photo, open opener, publish publisher) (connectors.Receipt, error) {
			if receipt, err := whole(ctx, p, open, publish); err == nil {
				return receipt, nil
			}
			return whole(ctx, p, open, publish)
		}
	}), []string{"a connection cut on the way leaves nothing", "a lost reply is an error and Find knows better"}},
	{"cleans names instead of refusing them", breakDeliver(func(_ *memory.Remote, whole deliverer) deliverer {
		return func(ctx context.Context, p connectors.Photo, open opener, publish publisher) (connectors.Receipt, error) {
			p.Name = strings.TrimLeft(strings.ReplaceAll(p.Name, "../", ""), "/")
			return whole(ctx, p, open, publish)
		}
	}), []string{"a hostile name is refused for good and leads nowhere"}},
	{"escapes its folder", breakDeliver(func(r *memory.Remote, whole deliverer) deliverer {
		return func(ctx context.Context, p connectors.Photo, open opener, publish publisher) (connectors.Receipt, error) {
			if strings.HasPrefix(p.Name, "../") {
				r.Put(p.Name, []byte("out there"))
			}
			return whole(ctx, p, open, publish)
		}
	}), []string{"a hostile name is refused for good and leads nowhere"}},
	{"calls an odd name a passing trouble", breakDeliver(func(_ *memory.Remote, whole deliverer) deliverer {
		return func(ctx context.Context, p connectors.Photo, open opener, publish publisher) (connectors.Receipt, error) {
			if strings.Contains(p.Name, ":") {
				return connectors.Receipt{}, errors.New("cannot create the file")
			}
			return whole(ctx, p, open, publish)
		}
	}), []string{"an odd name arrives or is refused for good"}},
	{"drops the folders of a name", breakPhotos(func(p connectors.Photo) connectors.Photo {
		p.Name = p.Name[strings.LastIndex(p.Name, "/")+1:]
		return p
	}), []string{"a folder inside a folder is kept"}},
	{"finds by name and size", breakFind(func(r *memory.Remote, _ finder) finder {
		return func(_ context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
			receipts := make([]connectors.Receipt, len(ps))
			for i, p := range ps {
				if content, there := r.Files()[p.Name]; there && int64(len(content)) == p.Size {
					receipts[i] = connectors.Receipt{ID: p.Name, Name: p.Name, Size: p.Size}
				}
			}
			return receipts, nil
		}
	}), []string{"Find tells generations apart that differ only in content", "a Find that cannot look is an error", "somebody else's file is not replaced"}},
	{"finds out of order", breakFind(func(_ *memory.Remote, whole finder) finder {
		return func(ctx context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
			receipts, err := whole(ctx, ps)
			if len(receipts) > 1 {
				receipts[0], receipts[1] = receipts[1], receipts[0]
			}
			return receipts, err
		}
	}), []string{"Find answers a group in its order"}},
	{"never finds", breakFind(func(*memory.Remote, finder) finder {
		return func(_ context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
			return make([]connectors.Receipt, len(ps)), nil
		}
	}), []string{"Find says no before and yes after", "what was published and is gone was picked up", "a lost reply is an error and Find knows better"}},
	{"takes all that is missing for picked up", breakFind(func(_ *memory.Remote, whole finder) finder {
		return func(ctx context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
			receipts, err := whole(ctx, ps)
			for i, p := range ps {
				if p.Published && receipts[i].Zero() {
					receipts[i] = connectors.Receipt{ID: "taken", Name: p.Name, Verified: true}
				}
			}
			return receipts, err
		}
	}), []string{"what broke after publish is not taken for picked up", "a publish that fails stops the delivery"}},
	{"a probe that looks at nothing", func(_ *memory.Remote, rig *connectortest.Rig) {
		rig.Probe = func(context.Context) error { return nil }
	}, []string{"statuses of a probe mean what they mean everywhere"}},
	{"takes an early end for the end", func(_ *memory.Remote, rig *connectortest.Rig) {
		whole := rig.In
		rig.In = in{whole, func(ctx context.Context, rt connectors.Retouch, w io.Writer) error {
			whole.Fetch(ctx, rt, w)
			return nil
		}}
	}, []string{"a fetch that ends early is an error", "a disk that is full while fetching is told", "a context that has ended fetches nothing"}},
	{"fetches by name, whatever the version", func(r *memory.Remote, rig *connectortest.Rig) {
		whole := rig.In
		rig.In = in{whole, func(ctx context.Context, rt connectors.Retouch, w io.Writer) error {
			list, err := whole.Pending(ctx)
			if err != nil {
				return err
			}
			return whole.Fetch(ctx, list[0], w)
		}}
	}, []string{"a retouch that changed since it was listed is not passed off as the old one"}},
}

func TestTheSuitePassesASoundConnector(t *testing.T) {
	connectortest.Run(t, func(*testing.T) connectortest.Rig {
		_, rig := remote()
		return rig
	})
}

const chosen = "CONNECTORTEST_DEFECT"

// TestDefective is run by TestTheSuiteCatches in a process of its own, where it
// is to fail.
func TestDefective(t *testing.T) {
	for _, d := range slices.Concat(defects, moreDefects) {
		if d.name == os.Getenv(chosen) {
			connectortest.Run(t, func(*testing.T) connectortest.Rig {
				r, rig := remote()
				d.breaks(r, &rig)
				return rig
			})
		}
	}
}

func TestTheSuiteCatches(t *testing.T) {
	for _, d := range slices.Concat(defects, moreDefects) {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			only := "^TestDefective$/^(" + strings.Join(d.sentences, "|") + ")$"
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+only, "-test.v")
			cmd.Env = append(os.Environ(), chosen+"="+d.name)
			output, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Fatalf("the suite let it pass: %v", err)
			}
			for _, sentence := range d.sentences {
				line := "--- FAIL: TestDefective/" + strings.ReplaceAll(sentence, " ", "_") + " ("
				if !bytes.Contains(output, []byte(line)) {
					t.Errorf("%q did not fail", sentence)
				}
			}
		})
	}
}
