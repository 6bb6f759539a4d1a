package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

// A bureau is one bench of a retouching house, run by the real binary, whose tasks
// are never started by the agent.
type bureau struct {
	*testing.T
	in   *installation
	sim  *creativeforcesim.Sim
	plan *faults.Plan
	rnd  *rand.Rand
}

func newBureau(t *testing.T) *bureau {
	b := &bureau{T: t, plan: faults.NewPlan(1), rnd: rand.New(rand.NewPCG(1, 1))}
	b.sim = creativeforcesim.New(creativeforcesim.Options{ClientID: "id", ClientSecret: "secret", Vendor: "v", Rate: -1, Faults: b.plan})
	url := (&trap{opOf: creativeForceOp}).serve(t, b.sim.Handler(), b.sim.Close)
	b.in = install(t, fmt.Sprintf(`
name: bureau
page: off
accounts:
  cf: {type: creativeforce, url: %[1]s/v1, token_url: %[1]s/connect/token, client_id: env:BUREAU_ID, client_secret: env:BUREAU_SECRET, vendor: v,
    rate: 500, poll: 1s, recheck: 100ms, submit_delay: 0s, submit_doubt: 300ms, start: on-open, link: 'https://cf.example/{taskId}'}
benches:
  - name: one
    imports: {folder: work, from: [cf]}
    captures: {folder: done, to: [cf], settle: 50ms, rescan: 1s}
`, url), "BUREAU_ID=id", "BUREAU_SECRET=secret")
	b.in.folder("work")
	b.in.folder("done")
	return b
}

// task hands out one whose outputs have these names, and waits until it is at the
// bench.
func (b *bureau) task(product string, spec creativeforcesim.Spec, outputs ...string) (id string) {
	n := creativeforcesim.NewTask{Job: "J", Product: product}
	for i, name := range outputs {
		n.Inputs = append(n.Inputs, creativeforcesim.Input{Name: fmt.Sprintf(`..\../%s?%d.jpg`, product, i), Content: paint(b.rnd, 80)})
		n.Outputs = append(n.Outputs, creativeforcesim.Output{Name: name, Input: i, Spec: spec})
	}
	id = b.sim.AddTask(n)
	until(b.T, time.Minute, product+" is at the bench", func() bool {
		files, err := filesIn(filepath.Join(b.in.dir, "work", "J", product))
		return err == nil && len(files) == len(outputs)+2
	})
	return id
}

// save writes an output of a width, and returns its digest.
func (b *bureau) save(name string, width int) string {
	b.Helper()
	content, path := paint(b.rnd, width), filepath.Join(b.in.dir, "done", "J", filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		b.Fatal(err)
	}
	return digestOf(content)
}

// says waits until a command says all of that.
func (b *bureau) says(command string, words ...string) string {
	b.Helper()
	text := ""
	until(b.T, time.Minute, fmt.Sprintf("%s says %q; it says\n%s", command, words, text), func() bool {
		text, _ = b.in.output(strings.Fields(command)...)
		for _, w := range words {
			if !strings.Contains(text, w) {
				return false
			}
		}
		return true
	})
	return text
}

func (b *bureau) uploaded(sha string) {
	b.Helper()
	until(b.T, time.Minute, "it is uploaded", func() bool {
		for _, f := range b.sim.Uploads() {
			if f.SHA256 == sha {
				return true
			}
		}
		return false
	})
}

func (b *bureau) inReview(id string) {
	b.Helper()
	until(b.T, time.Minute, "it is in review", func() bool {
		for _, t := range b.sim.Tasks() {
			if t.ID == id && t.Status == creativeforcesim.InReview {
				return true
			}
		}
		return false
	})
}

// What is wrong with an output is held with the reason, what is missing is said, a
// person can send it all the same, and then it is submitted once though the login
// ends and the answer is lost.
func TestATaskFromTheBenchToItsEnd(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.in.start()
	id := b.task("Boot", creativeforcesim.Spec{Format: "JPG", Width: 120, Height: 90}, "boot_front.jpg", "boot_back.jpg")
	text := b.says("task list", "J / Boot (one ← cf), at the bench, round 1", "0 outputs delivered, missing boot_front.jpg, boot_back.jpg", `cf calls it "To Do"`)
	ours := strings.Fields(text)[1]

	b.save("Boot/boot-frnt.jpg", 120)
	b.says("why boot-frnt.jpg", "nobody expects boot-frnt.jpg; expected are boot_front.jpg, boot_back.jpg")
	os.Remove(filepath.Join(b.in.dir, "done", "J", "Boot", "boot-frnt.jpg"))

	small := b.save("Boot/boot_front.jpg", 60)
	b.says("task show "+ours, "boot_front.jpg: held: boot_front.jpg has 60 pixels width, wanted 120", "boot_back.jpg: missing", "https://cf.example/"+id)
	b.says("task send "+ours, "is submitted by itself once nothing is missing")
	b.says("task cancel "+ours, "is cf's task: to have it changed, rejected or called off, ask there")
	b.says("task close "+ours, "is cf's task")
	b.says("retry boot_front.jpg --anyway", "boot_front.jpg")
	b.uploaded(small)
	b.save("Boot/boot_front.jpeg", 120)
	b.says("why boot_front.jpeg", "was sent for the same expected output already")

	b.sim.ExpireTokens()
	b.plan.Then("submit", faults.Fault{LoseReply: true})
	back := b.save("Boot/boot_back.jpg", 120)
	b.inReview(id)
	b.says("task list", ", submitted, round 1")
	b.says("why boot_back.jpg", "It is for J / Boot of cf (task "+ours+"), round 1: submitted.")
	b.sim.Approve(id)
	b.says("task list --all", "J / Boot (one ← cf), done")
	b.says("task send "+ours, "is done already")
	all := b.sim.Submissions()
	if len(all) != 1 || all[0].Files["boot_front.jpg"].SHA256 != small || all[0].Files["boot_back.jpg"].SHA256 != back || len(b.sim.Doubles()) > 0 {
		t.Errorf("submitted were %+v, and %+v once more", all, b.sim.Doubles())
	}
	if task := b.sim.Tasks()[0]; task.Starts != 0 {
		t.Errorf("it was started %d times, want never", task.Starts)
	}
	if files, err := filesIn(filepath.Join(b.in.dir, "work")); err != nil || len(files) != 4 {
		t.Errorf("in work are %v (%v)", files, err)
	}
}

// A task that is called off while it is worked on is not submitted, and its folder
// says so; one that the platform refuses is held until somebody says send.
func TestATaskThatIsCalledOffAndOneThatIsRefused(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.in.start()
	off := b.task("Off", creativeforcesim.Spec{}, "off_1.jpg", "off_2.jpg")
	b.uploaded(b.save("Off/off_1.jpg", 90))
	b.sim.Cancel(off)
	b.says("task list --all", "J / Off (one ← cf), cancelled")
	b.save("Off/off_2.jpg", 90)
	b.says("why off_2.jpg", "J / Off was cancelled: nothing of it is sent any more")
	until(t, time.Minute, "the folder says so", func() bool {
		page, err := os.ReadFile(filepath.Join(b.in.dir, "work", "J", "Off", "INSTRUCTIONS.html"))
		return err == nil && isOff(string(page))
	})

	b.plan.Then("submit", faults.Fault{Status: 400})
	id := b.task("Late", creativeforcesim.Spec{}, "late.jpg")
	b.save("Late/late.jpg", 90)
	text := b.says("task list", "J / Late (one ← cf), at the bench", "Creative Force refused J / Late", "studio-agent task send ")
	ours := strings.Fields(text)[1]
	var shown struct {
		Received, Held bool
		Word           string
		Missing        []string
		Pictures       []struct{ Name, State string }
	}
	raw, _ := b.in.output("task", "show", ours, "--json")
	if err := json.Unmarshal([]byte(raw), &shown); err != nil || !shown.Received || !shown.Held || shown.Word != "at the bench" || len(shown.Missing) > 0 || len(shown.Pictures) != 1 {
		t.Errorf("as JSON it is %s (%v)", raw, err)
	}
	b.says("task send "+ours, "is submitted again, if all of it is there")
	b.inReview(id)
	if n := len(b.sim.Submissions()); n != 1 {
		t.Errorf("%d submissions, want 1: nothing of the cancelled one", n)
	}
}

// TestOnceEndsWhenACompleteTaskIsSubmitted, and not between the last upload and
// the answer to its submission.
func TestOnceEndsWhenACompleteTaskIsSubmitted(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.sim.AddTask(creativeforcesim.NewTask{Job: "J", Product: "P",
		Inputs:  []creativeforcesim.Input{{Name: "in.jpg", Content: paint(b.rnd, 80)}},
		Outputs: []creativeforcesim.Output{{Name: "out.jpg", Input: 0}},
	})
	if text, code := b.in.output("run", "--once"); code != 0 {
		t.Fatalf("with a task that a retoucher has to do it ends with %d\n%s", code, text)
	}
	b.save("P/out.jpg", 90)
	b.plan.Then("submit", faults.Fault{Delay: 10 * time.Second}) // longer than what is under way gets when the agent stops
	text, code := b.in.output("run", "--once")
	tasks, _ := b.in.output("task", "list", "--all")
	if n := len(b.sim.Submissions()); code != 0 || n != 1 || !strings.Contains(tasks, "submitted") {
		t.Errorf("%d submissions, exit code %d; want one, and 0\n%s%s", n, code, text, tasks)
	}
}
