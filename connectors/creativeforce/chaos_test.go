package creativeforce

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

// Twenty tasks of both kinds with a platform, a network and an agent that fail all
// the time: some are rejected, one is cancelled, webhooks come, come twice or do
// not come. All that is left is submitted, each round once and as it was saved.
func TestTwentyTasksThroughTrouble(t *testing.T) {
	for seed := range uint64(6) {
		synctest.Test(t, func(t *testing.T) {
			c := newChaos(t, seed)
			for minute := 0; !c.over(); minute++ {
				if minute > 24*60 {
					t.Fatalf("seed %d: after a day there is still %+v\n%s", seed, c.sim.Tasks(), c.log)
				}
				c.minute()
				time.Sleep(time.Minute)
			}
			c.judge()
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		})
	}
}

type chaos struct {
	*world
	rnd       *rand.Rand
	ids       []string
	cancelled string
	rejects   map[string]int                           // still to come, by task
	landed    map[string]bool                          // retouch ids
	acked     map[string]bool                          // the same
	folders   map[string]string                        // by batch
	started   map[string]bool                          // deliveries that were begun
	receipts  map[string]map[string]connectors.Receipt // by batch and name
	taken     map[string]bool                          // batches
	sent      map[string]string                        // SHA-256 by task, round and name
}

func newChaos(t *testing.T, seed uint64) *chaos {
	c := &chaos{
		world: newWorld(t, how{Options: creativeforcesim.Options{
			TokenLife: 10 * time.Minute, Settle: 20 * time.Second, Lag: 10 * time.Second, HideTemp: seed%2 == 0, RejectedWord: seed%3 == 0, PageSize: 7,
		}}),
		rnd: rand.New(rand.NewPCG(seed, 1)), rejects: map[string]int{}, landed: map[string]bool{}, acked: map[string]bool{}, folders: map[string]string{},
		started: map[string]bool{}, receipts: map[string]map[string]connectors.Receipt{}, taken: map[string]bool{}, sent: map[string]string{},
	}
	for i := range 20 {
		n := shoe("Job", fmt.Sprint("P", i))
		n.Editorial = i%3 == 0
		c.ids = append(c.ids, c.sim.AddTask(n))
	}
	c.rejects[c.ids[3]], c.rejects[c.ids[9]], c.rejects[c.ids[14]] = 1, 2, 1
	c.cancelled = c.ids[7]
	for _, op := range []string{"token", "list", "task", "annotation", "assets", "specs", "name", "start", "presign", "put", "submit", "download"} {
		for _, f := range []faults.Fault{{Status: 500}, {LoseReply: true}, {Cut: 5}, {FailAfter: 502}, {Status: 429}} {
			c.faults.Chance(op, 0.02, f)
		}
	}
	return c
}

// minute is one minute of agent, bench and studio.
func (c *chaos) minute() {
	if c.rnd.Float64() < 0.1 {
		c.account = c.restart()
	}
	c.webhooks()
	if list, err := c.Pending(c.t.Context()); err == nil {
		c.collect(list)
	}
	for batch, folder := range c.folders {
		if !c.taken[batch] {
			c.giveBack(batch, folder)
		}
	}
	c.studio()
}

func (c *chaos) webhooks() {
	for _, body := range c.sim.Announcements() {
		for range c.rnd.IntN(3) {
			sum := signature(c.t, body)
			if got := callHook(c.hook, body, hex.EncodeToString(sum)); got != 202 && got != 200 {
				c.t.Errorf("a webhook was answered %d", got)
			}
		}
	}
}

// collect lands what is pending and acknowledges each batch of which nothing is
// missing, until that is told.
func (c *chaos) collect(list []connectors.Retouch) {
	batches := map[string][]connectors.Retouch{}
	missing := map[string]bool{}
	for _, rt := range list {
		var got bytes.Buffer
		if !c.landed[rt.ID] && c.Fetch(c.t.Context(), rt, io.Writer(&got)) == nil {
			c.landed[rt.ID] = true
			if rt.Size >= 0 && rt.Size != int64(got.Len()) {
				c.t.Errorf("%s came with %d bytes", rt.Name, got.Len())
			}
		}
		missing[rt.Batch] = missing[rt.Batch] || !c.landed[rt.ID]
		if !c.acked[rt.ID] {
			batches[rt.Batch] = append(batches[rt.Batch], rt)
		}
	}
	for batch, rts := range batches {
		if missing[batch] || c.Acknowledge(c.t.Context(), rts) != nil {
			continue
		}
		for _, rt := range rts {
			c.acked[rt.ID] = true
		}
		c.folders[batch] = rts[0].Name[:strings.LastIndexByte(rts[0].Name, '/')]
	}
}

// giveBack saves both outputs for a round, sends what is wanted, and commits.
func (c *chaos) giveBack(batch, folder string) {
	k, round, _ := parseBatch(batch)
	for _, name := range []string{"front.jpg", "back.jpg"} {
		if _, done := c.receipts[batch][name]; done {
			continue
		}
		content := []byte(fmt.Sprint(k.id, round, name))
		p := photo(folder+"/"+name, content)
		p.ModTime = time.Unix(int64(round), 0)
		got, err := c.vet(c.t.Context(), p)
		if err != nil || got != batch {
			continue // not due, too late, or trouble
		}
		p.Batch = batch
		r, err := c.deliverOnce(p, content)
		if err != nil {
			continue
		}
		if c.receipts[batch] == nil {
			c.receipts[batch] = map[string]connectors.Receipt{}
		}
		c.receipts[batch][name] = r
		c.sent[fmt.Sprint(k.id, round, name)] = p.Digests.SHA256
	}
	var all []connectors.Receipt
	for _, others := range c.receipts { // of other rounds and tasks too: they must not be used
		for _, r := range others {
			all = append(all, r)
		}
	}
	err := c.commit(c.t.Context(), batch, all, published)
	c.taken[batch] = err == nil
	if errors.Is(err, connectors.ErrRejected) && k.id != c.cancelled {
		c.t.Errorf("%s is held: %v", batch, err)
		c.taken[batch] = true
	}
}

func (c *chaos) deliverOnce(p connectors.Photo, content []byte) (connectors.Receipt, error) {
	if c.started[p.ID] {
		found, err := c.Find(c.t.Context(), []connectors.Photo{p})
		if err != nil || !found[0].Zero() {
			return append(found, connectors.Receipt{})[0], err
		}
	}
	c.started[p.ID] = true
	return c.Deliver(c.t.Context(), p, opener(content), published)
}

// studio looks at what is in review, and changes its mind about one task.
func (c *chaos) studio() {
	for _, task := range c.sim.Tasks() {
		switch {
		case task.ID == c.cancelled && task.Status == creativeforcesim.InProgress:
			c.sim.Cancel(task.ID)
		case task.Status != creativeforcesim.InReview || c.rnd.Float64() < 0.6:
		case c.rejects[task.ID] > 0:
			c.rejects[task.ID]--
			c.sim.Reject(task.ID, creativeforcesim.Note{Output: "front.jpg", Text: fmt.Sprint("no ", task.Round)})
		default:
			c.sim.Approve(task.ID)
		}
	}
}

func (c *chaos) over() bool {
	for _, task := range c.sim.Tasks() {
		if task.Status != creativeforcesim.Done && task.Status != creativeforcesim.Cancelled {
			return false
		}
	}
	return true
}

func (c *chaos) judge() {
	rounds := map[string]int{c.ids[3]: 2, c.ids[9]: 3, c.ids[14]: 2, c.cancelled: 0}
	for _, id := range c.ids {
		want, special := rounds[id]
		if !special {
			want = 1
		}
		c.wantOnce(id, want)
	}
	for _, s := range c.sim.Submissions() {
		if want := map[bool]int{true: 2, false: 1}[s.Round == 1]; len(s.Files) != want {
			c.t.Errorf("round %d of %s has %v, want %d files", s.Round, s.Task, s.Files, want)
		}
		for name, f := range s.Files {
			if want := c.sent[fmt.Sprint(s.Task, s.Round, name)]; f.SHA256 != want {
				c.t.Errorf("round %d of %s: %s is not what was saved for it", s.Round, s.Task, name)
			}
		}
	}
}
