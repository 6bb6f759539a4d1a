package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
)

func TestDemoOfARetouchingHouseProvesItself(t *testing.T) {
	t.Parallel()
	out, code, temp := perform(t, "--story", "vendor")
	if code != exitFine {
		t.Errorf("exit code %d", code)
	}
	wantLines(t, out,
		`ecommerce  brand         hands out SS26 drop 1/SKU-101: 2 pictures, 2 outputs expected, until `,
		`editorial  brand         hands out Winter issue/Cover 1: 1 picture, 1 output expected$`,
		`ecommerce  agent         SS26 drop 1/SKU-101/SKU-101_front\.jpg of brand has landed in the import folder, `,
		`ecommerce  retoucher     opens SS26 drop 1/SKU-101, 2 outputs to make of 2 pictures: Remove the dust`,
		`ecommerce  agent         holds SS26 drop 1/SKU-103/SKU-103-front_retouched\.jpg: .*nobody expects SKU-103-front_retouched\.jpg; expected are SKU-103_front_retouched\.jpg`,
		`ecommerce  agent         holds SS26 drop 1/SKU-105/SKU-105_front_retouched\.jpg: SKU-105_front_retouched\.jpg has 300 pixels width, wanted 600`,
		`ecommerce  brand         calls SS26 drop 1/SKU-104 off, of which one output is uploaded$`,
		`ecommerce  agent         holds SS26 drop 1/SKU-104/SKU-104_back_retouched\.jpg: .* was cancelled: nothing of it is sent any more$`,
		`ecommerce  brand         sends SS26 drop 1/SKU-102 back: SKU-102_front_retouched\.jpg: The shadow`,
		`ecommerce  retoucher     opens SS26 drop 1/SKU-102, 1 output to make of 2 pictures, round 2: The shadow`,
		`ecommerce  brand         has SS26 drop 1/SKU-102 in review: submitted with 1 output, round 2$`,
		`demo          switches the webhooks off`,
		`^ecommerce → brand +18 +18 +20 +0 +0 +0$`,
		`^editorial → brand +10 +10 +11 +0 +0 +0$`,
		`^ecommerce ← brand +20 +20 +20 +0 +0 +0$`,
		`^editorial ← brand +10 +10 +10 +0 +0 +0$`,
		`^19 tasks of brand, each started and submitted once and complete; 3 of them sent back, .*; 1 more called off `,
		`^1[0-9] webhooks taken, each answered within 0\.\d s, 0 refused, 0 not delivered$`,
		`^● Proven by SHA-256: 30 pictures of tasks, each landed once, and 28 outputs in 31 versions, each submitted once, `,
	)
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v behind (%v)", left, err)
	}
}

func TestDemoOfARetouchingHouseProvesItselfInChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	t.Parallel()
	out, code, _ := perform(t, "--story", "vendor", "--chaos", "--seed", "3")
	if code != exitFine {
		t.Errorf("exit code %d", code)
	}
	wantLines(t, out,
		`chaos         kills the agent \(kill -9\)`,
		`chaos         ends the agent's login: its token is good no more$`,
		`chaos         brand has done its part, but its answer to a submission is lost$`,
		`^● Proven by SHA-256: 30 pictures of tasks, .* 28 outputs in 31 versions, .* 0 lost, 0 doubled, 0 torn`,
	)
}

func TestDemoRehearsesARetouchingHouse(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "agent.yaml")
	yaml := `
accounts:
  cf:  {type: creativeforce, url: https://cf.invalid/v1, token_url: https://cf.invalid/token, client_id: env:NO_SUCH, client_secret: env:NO_SUCH, vendor: v-1,
    webhook_secret: env:NO_SUCH, webhook_header: X-Other, md5: hex, paths: {list: /other/tasks}, statuses: {Fresh: ready}, link: 'https://cf.invalid/{taskId}'}
  nas: {type: folder, put: /nowhere}
benches:
  - name: shoes
    jobs: ['Shoes ??', 'Boots*']
    imports: {folder: work, from: [cf], import: ask}
    captures: {folder: done, to: [cf], include: ['**/*.tif']}
  - name: rest
    imports: {folder: work2, from: [cf]}
    captures: {folder: done2, to: [cf]}
  - name: studio
    captures: {folder: studio, to: [nas]}
`
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code, _ := perform(t, "--config", file)
	if code != exitFine {
		t.Errorf("exit code %d", code)
	}
	wantLines(t, out,
		`shoes   cf            hands out Shoes DD/Demo product: 3 pictures, 3 outputs expected$`,
		`^shoes → cf +3 +3 +3 +0 +0 +0$`,
		`^rest → cf +3 +3 +3 +0 +0 +0$`,
		`^studio → nas +3 +3 +3 +0 +0 +0$`,
		`^shoes ← cf +3 +3 +3 +0 +0 +0$`,
		`^2 tasks of cf, each started and submitted once and complete$`,
	)
}

func TestDemoRefusesStoriesThatItDoesNotKnow(t *testing.T) {
	for _, opt := range []demoOptions{{tale: "none"}, {tale: taleVendor, config: "agent.yaml"}} {
		if err := opt.check(); err == nil {
			t.Errorf("%+v is taken", opt)
		}
	}
	for name := range tales() {
		if err := (demoOptions{tale: name}).check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The story hands out what it says: 20 tasks, of which 3 are sent back and 1 is
// called off, at both benches.
func TestTheStoryOfAHouse(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	products, benches := []string{}, map[string]int{}
	for i := range 2 * tasksOfAHalf {
		bench, task := houseTask(i, rnd)
		benches[bench]++
		if slices.Contains(products, task.Product) {
			t.Errorf("%s is handed out twice", task.Product)
		}
		products = append(products, task.Product)
	}
	if benches["ecommerce"] != 10 || benches["editorial"] != 10 {
		t.Errorf("benches get %v", benches)
	}
	for _, product := range append(sentBackProducts(), calledOffProduct) {
		if !slices.Contains(products, product) {
			t.Errorf("there is no %s", product)
		}
	}
	for product := range habits() {
		if !slices.Contains(products, product) {
			t.Errorf("there is no %s", product)
		}
	}
}

// The judge of the far side finds fault with what was not submitted, or though
// nobody wanted it.
func TestTheHandoutJudges(t *testing.T) {
	for name, c := range map[string]struct {
		fate fate
		want string
	}{
		"not submitted":             {accepted, "was not submitted in round 1"},
		"not submitted again":       {sentBack, "was not submitted in round 2"},
		"never started":             {accepted, "was started 0 times"},
		"called off, never started": {calledOff, "was started 0 times"},
	} {
		sim := creativeforcesim.New(creativeforcesim.Options{Vendor: "v"})
		id := sim.AddTask(creativeforcesim.NewTask{Job: "J", Product: "P"})
		h := &handout{account: "cf", sim: sim, all: []handed{{id: id, bench: "b", folder: "J/P", fate: c.fate, outputs: []string{"a.jpg"}}}}
		if r := h.judge(false); !strings.Contains(strings.Join(r.faults, "\n"), c.want) {
			t.Errorf("%s: faults are %q", name, r.faults)
		}
	}
}

func TestWhatTheAgentWroteItself(t *testing.T) {
	for name, want := range map[string]bool{
		"J/P/INSTRUCTIONS.html": true, "J/P/INSTRUCTIONS.replaced-20261122-113229.html": true, "J/P/task.json": true,
		"J/P/task.replaced-20261122-113229.json": true, "J/P/front.jpg": false, "J/P/task.jpg": false,
	} {
		if got := isMade(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
