package inbound

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A stage is how far a worker got with a retouch before it was killed.
type stage int

const (
	claimed   stage = iota // the job is in its hands
	fetching               // some bytes are written
	fetched                // whole, under the temporary name
	published              // the intent is on disk
	aside                  // the older version was moved away
	placed                 // under its final name, and nobody has noted it
)

// workUntil does what a worker does, up to a stage, and stops dead.
func (r *rig) workUntil(last stage) {
	r.t.Helper()
	j, err := r.ledger.Next(r.t.Context(), "acme", ledger.In)
	must(r.t, err)
	must(r.t, r.dieAt(last, j))
}

// dieAt works on a claimed job; the error is that of the fetch.
func (r *rig) dieAt(last stage, j ledger.Job) error {
	r.t.Helper()
	ctx, c := context.Background(), r.collector
	c.init()
	rules, ok := c.rulesOf(j)
	root, err := openRoot(rules.folder)
	if !ok || err != nil || last == claimed {
		must(r.t, err)
		return nil
	}
	defer root.Close()
	t := &transfer{job: j}
	if last == fetching {
		f, err := atomicfile.Create(root, j.Name, j.ID)
		must(r.t, err)
		f.Write([]byte("the first bytes"))
		return f.Close()
	}
	f, digests, err := c.fetch(ctx, t, root, j.Size)
	if err != nil {
		return err
	}
	defer f.Close()
	if last == fetched {
		return nil
	}
	to, err := c.plan(ctx, j, rules, root, digests)
	must(r.t, err)
	must(r.t, c.publish(t, digests, root))
	if last == aside && to.old {
		must(r.t, putAside(rules, to.name, time.Now()))
	}
	if last == placed {
		must(r.t, c.put(ctx, j, rules, root, f, to))
	}
	return nil
}

// offered looks at the account until its return has a job.
func (r *rig) offered() {
	r.t.Helper()
	list, err := r.collector.Connector.In.Pending(r.t.Context())
	for err != nil {
		list, err = r.collector.Connector.In.Pending(r.t.Context())
	}
	r.collector.init()
	for range 2 {
		_, err := r.collector.look(r.t.Context(), list)
		must(r.t, err)
		pass(soon)
	}
}

func TestKilledAtEveryStageItLandsOnce(t *testing.T) {
	for last, name := range []string{"claimed", "fetching", "fetched", "published", "aside", "placed"} {
		for _, collide := range []string{"first", CollideVersion, CollideSuffix} {
			t.Run(name+" "+collide, func(t *testing.T) {
				inBubble(t, func(t *testing.T, r *rig) {
					r.with(func(c *Collector) {
						if collide != "first" {
							c.Imports[0].Collide = collide
						}
					})
					want := map[string][]byte{}
					content := r.offers("0001.jpg", 1)
					if collide != "first" {
						r.collect()
						r.stop()
						r.reopen()
						if collide == CollideSuffix {
							want["0001.jpg"] = content
						}
						content = photo(2)
						r.remote.Return("0001.jpg", content)
					}
					r.offered()
					r.workUntil(stage(last))
					r.reopen()
					r.start()
					pass(2 * time.Minute)
					want["0001.jpg"] = content
					if collide == CollideSuffix {
						want["0001.jpg"], want["0001-2.jpg"] = photo(1), content
					}
					r.wantFiles("retouched", want)
					r.wantState(id("0001.jpg", content), ledger.Done, "")
					if n, most := len(tree(t, filepath.Join(r.dir, "replaced"))), 1; n > most || (n == 1) != (collide == CollideVersion) {
						t.Errorf("%d replaced versions", n)
					}
				})
			})
		}
	}
}

func TestKilledAfterAnImporterTookItNothingIsDroppedTwice(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.offers("0001.jpg", 1)
		r.offered()
		r.workUntil(placed)
		must(t, emptied(r.folder)) // at once, before the agent noted it
		r.reopen()
		r.collect()
		r.wantFiles("retouched", nil)
		j := r.wantState(id("0001.jpg", content), ledger.Done, "")
		if j.Digests.SHA256 != sha(content) || j.Receipt.Size != int64(len(content)) {
			t.Errorf("of what the importer took the ledger knows %+v", j)
		}
		r.remote.Withdraw("0001.jpg") // the same under a new ID
		r.remote.Offer(connectors.Retouch{ID: "again", Name: "0001.jpg"}, content)
		pass(2 * time.Minute)
		r.wantFiles("retouched", nil)
		r.wantState("again", ledger.Done, "")
	})
}

func TestKilledTwiceBeforeItLandsItStillLands(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.offers("0001.jpg", 1)
		r.offered()
		r.workUntil(published)
		r.plan.Chance(memory.OpFetch, 1, faults.Fault{Status: 500}) // nothing can be fetched any more
		first := filepath.Join(r.folder, atomicfile.PartName(r.job(id("0001.jpg", content)).ID))
		second := filepath.Join(r.folder, atomicfile.PartName(r.job(id("0001.jpg", content)).ID+againSuffix))
		must(t, os.Rename(first, second)) // where a second kill leaves it
		r.reopen()
		r.collect()
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
	})
}

func TestKilledBeforeItLandsWhileSomebodyTookTheName(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.offers("0001.jpg", 1)
		r.offered()
		r.workUntil(published)
		theirs := []byte("somebody else's")
		must(t, os.WriteFile(filepath.Join(r.folder, "0001.jpg"), theirs, 0o644))
		r.reopen()
		r.collect()
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": theirs})
		r.wantState(id("0001.jpg", content), ledger.Parked, "the agent did not put there")
	})
}

func TestAnotherFolderThanBeforeTellsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.offers("0001.jpg", 1)
		r.offered()
		r.workUntil(placed)
		must(t, os.Rename(r.folder, r.folder+"-disk")) // it was a mounted disk
		r.reopen()
		r.start()
		pass(time.Minute)
		r.wantState(id("0001.jpg", content), ledger.Queued, "mounted?")
		r.mkdir("retouched")
		pass(2 * time.Minute)
		if identity := folderIdentity(t, r.folder); identity != "" {
			r.wantState(id("0001.jpg", content), ledger.Parked, "is not the folder that it was then")
			r.wantFiles("retouched", nil)
		}
	})
}

func folderIdentity(t *testing.T, folder string) string {
	root, err := os.OpenRoot(folder)
	must(t, err)
	defer root.Close()
	return identity(root)
}

func TestKilledWhileFetchingWhatIsReplacedAtTheRemoteMeanwhile(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.offers("0001.jpg", 1)
		r.offered()
		r.workUntil(fetched)
		newer := photo(2)
		r.remote.Return("0001.jpg", newer)
		r.reopen()
		r.offered()
		r.wantState(id("0001.jpg", content), ledger.Superseded, "a newer version was offered")
		r.collect()
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": newer})
	})
}

func TestAfterACrashOnlyTheAcknowledgementIsRepeated(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.offers("0001.jpg", 1)
		r.plan.Chance(memory.OpAcknowledge, 1, faults.Fault{Status: 500})
		r.collect()
		r.stop()
		r.wantState(id("0001.jpg", content), ledger.Landed, "")
		must(t, emptied(r.folder))
		r.plan.Calm()
		r.reopen()
		r.collect()
		r.wantState(id("0001.jpg", content), ledger.Done, "")
		r.wantFiles("retouched", nil)
		if n := r.tap.fetched(); n != 0 {
			t.Errorf("it was fetched %d times again", n)
		}
		r.tap.wantAcks(t, "0001.jpg")
	})
}
