package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
)

// houseYAML is what the story of a retouching house runs.
const houseYAML = `# The demo's agent.yaml of a retouching house; agent.yaml.example explains the keys.
name: retouching-house
accounts:
  brand:
    type: creativeforce
    url: https://gateway.creativeforce.io/v1
    token_url: https://accounts.creativeforce.io/connect/token
    client_id: env:CF_ID
    client_secret: env:CF_SECRET
    vendor: 6d1c1a5e-0000-4000-8000-000000000002
    webhook_secret: env:CF_HOOK
    poll: 2s                   # in earnest 60 s: webhooks tell sooner
    rate: 30                   # in earnest 10 requests a second
    submit_delay: 500ms        # in earnest 5 s
    submit_doubt: 2s           # in earnest 1 min
    recheck: 1s
benches:
  - name: ecommerce
    jobs: ['SS26*']
    imports:  {folder: ecommerce/work, from: [brand]}
    captures: {folder: ecommerce/done, to: [brand]}
  # The bench without jobs takes the rest.
  - name: editorial
    imports:  {folder: editorial/work, from: [brand]}
    captures: {folder: editorial/done, to: [brand]}
`

// calledOffProduct is what the studio needs no more while it is worked on.
const calledOffProduct = "SKU-104"

// sentBackProducts are rejected once.
func sentBackProducts() []string { return []string{"SKU-102", "Cover 1", "SKU-107"} }

// vendorTale is the story of a retouching house that gets its tasks from Creative
// Force.
func vendorTale() tale {
	return tale{
		yaml: houseYAML,
		prologue: "A retouching house with two benches and a retoucher at each, the real agent and its page, and a brand's studio that\n" +
			"hands out 20 tasks through a simulated Creative Force, e-commerce and editorial. For the first half of them webhooks say\n" +
			"that there is work; then they are switched off, and the agent's poll finds it.\n",
		expected: 70, plot: housePlot, encore: houseEncore,
		commands: []string{"status --watch", "task list", "task show TASK", "why FILE", "check"},
	}
}

const tasksOfAHalf = 10

// housePlot hands out two halves: the second with no webhooks.
func housePlot(ctx context.Context, d *demo) error {
	h := d.handouts()[0]
	if err := await(ctx, func() bool { return d.page.Load() != nil }); err != nil {
		return err
	}
	rnd := rand.New(rand.NewPCG(d.seed, 20))
	group, ctx := errgroup.WithContext(ctx)
	hooked, off := context.WithCancel(ctx)
	defer off()
	group.Go(func() error { return h.announce(hooked, *d.page.Load()) })
	group.Go(func() error {
		defer off()
		if err := d.handOutHalf(ctx, h, 0, rnd); err != nil {
			return err
		}
		h.unhook()
		off()
		d.line.say("", whoDemo, "switches the webhooks off: only the poll, each 2 s, finds what comes now")
		if d.chaos {
			d.line.say("", whoChaos, "ends the agent's login: its token is good no more")
			h.sim.ExpireTokens()
		}
		return d.handOutHalf(ctx, h, tasksOfAHalf, rnd)
	})
	return group.Wait()
}

// handOutHalf hands out tasks and waits until most of them are over, so that nobody
// is idle at the end of a half.
func (d *demo) handOutHalf(ctx context.Context, h *handout, from int, rnd *rand.Rand) error {
	for i := from; i < from+tasksOfAHalf; i++ {
		bench, task := houseTask(i, rnd)
		f := accepted
		for _, product := range sentBackProducts() {
			if task.Product == product {
				f = sentBack
			}
		}
		if task.Product == calledOffProduct {
			f = calledOff
		}
		h.give(d, bench, task, f)
		if err := sleep(ctx, 400*time.Millisecond); err != nil {
			return err
		}
	}
	return await(ctx, func() bool { return h.over() })
}

// houseTask is task number i of the story, and the bench that works on it: every
// other one is e-commerce.
func houseTask(i int, rnd *rand.Rand) (bench string, n creativeforcesim.NewTask) {
	spec := creativeforcesim.Spec{Name: "web", Format: "JPG", Width: 600, Height: 450, MaxLength: 5_000_000}
	views, stem := []string{"front", "back"}, fmt.Sprintf("SKU-1%02d", i/2+1)
	bench, n = "ecommerce", creativeforcesim.NewTask{Job: fmt.Sprintf("SS26 drop %d", 1+i/tasksOfAHalf), Product: stem, Deadline: "2026-12-01T18:00:00Z"}
	if number := i/2 + 1; i%2 == 1 {
		stem, views = fmt.Sprintf("cover%d", number), []string{"main"}
		bench, n = "editorial", creativeforcesim.NewTask{Editorial: true, Job: "Winter issue", Product: fmt.Sprintf("Cover %d", number)}
		spec = creativeforcesim.Spec{Name: "print", Format: "PNG", Width: 480, Height: 360}
	}
	for v, view := range views {
		n.Inputs = append(n.Inputs, creativeforcesim.Input{Name: stem + "_" + view + ".jpg", Content: paint(rnd, 700), Dimension: "700x525"})
		n.Outputs = append(n.Outputs, creativeforcesim.Output{Name: stem + "_" + view + "_retouched" + map[string]string{"JPG": ".jpg", "PNG": ".png"}[spec.Format], Input: v, Spec: spec})
	}
	n.Notes = []creativeforcesim.Note{{Output: n.Outputs[0].Name, Text: "Remove the dust; keep the shadow", Markings: []creativeforcesim.Marking{{X: 0.3, Y: 0.3, Width: 0.2, Height: 0.2, Text: "dust"}}}}
	return bench, n
}

// handOutFor hands out one task with outputs of these names, in a rehearsal of a
// person's agent.yaml.
func (d *demo) handOutFor(ctx context.Context, f config.HotFolder, names []string) error {
	var opt struct {
		Jobs []string `yaml:"jobs"`
	}
	b := d.bench(f.Bench)
	if err := b.Decode(&opt); err != nil {
		return err
	}
	n := creativeforcesim.NewTask{Job: "Demo " + b.Name, Product: "Demo product"}
	if len(opt.Jobs) > 0 {
		n.Job = strings.NewReplacer("*", "DEMO", "?", "D").Replace(opt.Jobs[0])
		if ok, err := path.Match(opt.Jobs[0], n.Job); !ok || err != nil {
			return fmt.Errorf("bench %s: the demo finds no name of a job that fits %q", b.Name, opt.Jobs[0])
		}
	}
	for _, h := range d.handouts() {
		if !importsFrom(b, h.account) || !sendsTo(b, h.account) {
			continue
		}
		rnd := rand.New(rand.NewPCG(d.seed, uint64(len(b.Name))))
		for i, name := range names {
			n.Inputs = append(n.Inputs, creativeforcesim.Input{Name: fmt.Sprintf("DEMO_%d.jpg", i+1), Content: paint(rnd, 600)})
			n.Outputs = append(n.Outputs, creativeforcesim.Output{Name: name, Input: i})
		}
		h.give(d, b.Name, n, accepted)
		return nil
	}
	return ctx.Err()
}

// yourProduct is left to the person who is watching.
const yourProduct = "YOURS"

// houseEncore hands out one more task, for the person who is watching.
func houseEncore(d *demo) {
	h, b := d.handouts()[0], d.cfg.Benches[0]
	photo := paint(rand.New(rand.NewPCG(d.seed, 21)), 700)
	h.give(d, b.Name, creativeforcesim.NewTask{
		Job: "SS26 drop 3", Product: yourProduct,
		Inputs:  []creativeforcesim.Input{{Name: "yours.jpg", Content: photo, Dimension: "700x525"}},
		Outputs: []creativeforcesim.Output{{Name: "yours_retouched.jpg", Spec: creativeforcesim.Spec{Name: "web", Format: "JPG"}}},
		Notes:   []creativeforcesim.Note{{Text: "This one is yours", Output: "yours_retouched.jpg", Markings: []creativeforcesim.Marking{{X: 0.3, Y: 0.3, Width: 0.2, Height: 0.2, Text: "dust"}}}},
	}, accepted)
	work, done := filepath.Join(b.Imports.Path, "SS26 drop 3", yourProduct), filepath.Join(b.Captures.Path, "SS26 drop 3", yourProduct)
	d.line.print(`
One task more is handed out, and no retoucher takes it up but you:
  1. Open %s
  2. Make %s, and save it as
     %s
     (or as something else, and see what the agent says).
  3. It is uploaded and submitted, and the studio accepts it a second later.
`, filepath.Join(work, "INSTRUCTIONS.html"), "yours_retouched.jpg of yours.jpg", filepath.Join(done, "yours_retouched.jpg"))
}
