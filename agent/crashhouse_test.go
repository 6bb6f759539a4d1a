package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
	"github.com/studio-agent/studio-agent/connectors/faults"
)

// TestKilledAtAnyMomentEachTaskIsSubmittedOnce kills the real binary while a
// studio hands out tasks and sends some back, a retoucher saves outputs, and
// answers are lost: mostly just as it asks for a place, uploads or submits.
// Afterwards each round of each task was submitted once, whole, with the bytes that
// the retoucher saved; and each input has landed once.
func TestKilledAtAnyMomentEachTaskIsSubmittedOnce(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d kills", seed, *kills)
	in := install(t, "", "CRASH_ID=crash-test-id", "CRASH_SECRET=crash-test-secret")
	h := newHouse(t, in, seed)
	url := h.trap.serve(t, h.sim.Handler(), h.sim.Close)
	yaml := fmt.Sprintf(`
name: crash
log: {level: debug}
page: off
accounts:
  cf: {type: creativeforce, url: %[1]s/v1, token_url: %[1]s/connect/token, client_id: env:CRASH_ID, client_secret: env:CRASH_SECRET, vendor: v-1,
    rate: 500, poll: 1s, recheck: 100ms, submit_delay: 0s, submit_doubt: 500ms}
benches:
  - name: shoes
    jobs: [Shoes*]
    imports: {folder: shoes/work, from: [cf]}
    captures: {folder: shoes/done, to: [cf], settle: 50ms, rescan: 1s}
  - name: rest
    imports: {folder: rest/work, from: [cf]}
    captures: {folder: rest/done, to: [cf], settle: 50ms, rescan: 1s}
`, url)
	if err := os.WriteFile(in.config, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	stop := h.play()
	for range *kills {
		agent := in.start()
		h.trap.set(func() { agent.Process.Kill() })
		h.handOut(1 + h.rnd.IntN(2))
		h.moment()
		agent.Process.Kill()
		agent.Wait()
	}
	h.trap.disarm()
	h.handOut(1)
	in.start()
	until(t, 2*time.Minute, "every task is submitted and taken", func() bool { return h.over() && in.idle() })
	time.Sleep(time.Second) // for what should not happen any more
	stop()
	h.verify()
	if !t.Failed() {
		t.Logf("%d kills: %d tasks in %d rounds, %d uploads for %d outputs; 0 submitted twice, 0 short, 0 lost",
			*kills, len(h.tasks), len(h.sim.Submissions()), len(h.sim.Uploads()), h.outputs())
	}
}

// A house is everybody but the agent: the studio that hands out tasks, and the
// retouchers of two benches.
type house struct {
	t    *testing.T
	in   *installation
	sim  *creativeforcesim.Sim
	trap *trap
	rnd  *rand.Rand // of the studio
	hand *rand.Rand // of the retouchers

	mu    sync.Mutex
	tasks map[string]*handedTask // by ID
}

// A handedTask is one with what is known of it.
type handedTask struct {
	bench, folder string
	inputs        map[string]string         // digests by name
	saved         map[int]map[string]string // digests of the outputs by name, by round
	sendBack      bool
}

func newHouse(t *testing.T, in *installation, seed uint64) *house {
	for _, folder := range []string{"shoes/work", "shoes/done", "rest/work", "rest/done"} {
		in.folder(folder)
	}
	plan := faults.NewPlan(seed)
	for op, share := range map[string]float64{"submit": 0.15, "presign": 0.05, "put": 0.05, "start": 0.05, "task": 0.02, "list": 0.02} {
		plan.Chance(op, share, faults.Fault{LoseReply: true})
	}
	plan.Chance("submit", 0.1, faults.Fault{FailAfter: 500})
	plan.Chance("submit", 0.05, faults.Fault{Status: 500})
	plan.Chance("put", 0.05, faults.Fault{Cut: 3000})
	plan.Chance("download", 0.05, faults.Fault{Cut: 3000})
	return &house{
		t: t, in: in, rnd: rand.New(rand.NewPCG(seed, 6)), hand: rand.New(rand.NewPCG(seed, 7)), tasks: map[string]*handedTask{},
		trap: &trap{rnd: rand.New(rand.NewPCG(seed, 8)), opOf: creativeForceOp, ops: []string{"submit", "submit", "submit", "put", "put", "presign", "presign", "start", "download", "list"}},
		sim: creativeforcesim.New(creativeforcesim.Options{
			ClientID: "crash-test-id", ClientSecret: "crash-test-secret", Vendor: "v-1", Rate: -1, Faults: plan, Settle: 300 * time.Millisecond,
		}),
	}
}

// creativeForceOp is what the simulator calls a request.
func creativeForceOp(r *http.Request) string {
	for _, op := range []struct{ method, part, name string }{
		{"POST", "/submit-assets", "submit"}, {"PUT", "/storage/", "put"}, {"POST", "/get-presigned-url", "presign"}, {"PUT", "/start", "start"},
		{"GET", "/files/", "download"}, {"GET", "/expost/tasks", "list"},
	} {
		if r.Method == op.method && strings.Contains(r.URL.Path, op.part) {
			return op.name
		}
	}
	return ""
}

// handOut makes n tasks, every other one e-commerce, of one to three outputs.
func (h *house) handOut(n int) {
	for range n {
		h.mu.Lock()
		i := len(h.tasks)
		task := &handedTask{bench: "rest", inputs: map[string]string{}, saved: map[int]map[string]string{}, sendBack: h.rnd.IntN(3) == 0}
		job := "Winter issue"
		if i%2 == 0 {
			task.bench, job = "shoes", "Shoes 2026"
		}
		fresh := creativeforcesim.NewTask{Editorial: i%2 == 1, Job: job, Product: fmt.Sprintf("P%04d", i)}
		task.folder = fresh.Job + "/" + fresh.Product
		for k := range 1 + h.rnd.IntN(3) {
			name, content := fmt.Sprintf("P%04d_%d.jpg", i, k), paint(h.rnd, 60+h.rnd.IntN(40))
			task.inputs[name] = sumOf(content)
			fresh.Inputs = append(fresh.Inputs, creativeforcesim.Input{Name: name, Content: content})
			fresh.Outputs = append(fresh.Outputs, creativeforcesim.Output{Name: fmt.Sprintf("P%04d_out%d.jpg", i, k), Input: k})
		}
		h.tasks[h.sim.AddTask(fresh)] = task
		h.mu.Unlock()
	}
}

// moment waits for a random one, or for the trap.
func (h *house) moment() {
	if h.rnd.IntN(4) == 0 {
		time.Sleep(time.Duration(h.rnd.IntN(1500)) * time.Millisecond)
		return
	}
	h.trap.arm()
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end) && h.trap.armed(); {
		time.Sleep(time.Millisecond)
	}
	h.trap.disarm()
}

// play lets studio and retouchers work until stop is called.
func (h *house) play() (stop func()) {
	done := make(chan struct{})
	var working sync.WaitGroup
	for _, do := range []func(){h.review, func() { h.retouch("shoes"); h.retouch("rest") }} {
		working.Go(func() {
			for {
				do()
				select {
				case <-done:
					return
				case <-time.After(20 * time.Millisecond):
				}
			}
		})
	}
	stop = sync.OnceFunc(func() { close(done); working.Wait() })
	h.t.Cleanup(stop)
	h.t.Cleanup(h.tell)
	return stop
}

// tell says what is still awaited, if the test has failed.
func (h *house) tell() {
	if !h.t.Failed() {
		return
	}
	for _, task := range h.sim.Tasks() {
		if mine := h.tasks[task.ID]; task.Status != creativeforcesim.Done {
			h.t.Logf("%s of %s is %s in round %d; saved are %v", mine.folder, mine.bench, task.Status, task.Round, mine.saved)
		}
	}
	for _, command := range [][]string{{"task", "list"}, {"status"}} {
		text, _ := h.in.output(command...)
		h.t.Logf("%v:\n%s", command, text)
	}
}

// review accepts what is submitted, and sends some back once.
func (h *house) review() {
	for _, task := range h.sim.Tasks() {
		h.mu.Lock()
		mine := h.tasks[task.ID]
		h.mu.Unlock()
		switch {
		case mine == nil || task.Status != creativeforcesim.InReview:
		case mine.sendBack && task.Round == 1:
			h.sim.Reject(task.ID, creativeforcesim.Note{Output: task.Outputs[0].Name, Text: "once more"})
		default:
			h.sim.Approve(task.ID)
		}
	}
}

// retouch saves what the tasks at a bench expect.
func (h *house) retouch(bench string) {
	found, err := filepath.Glob(filepath.Join(h.in.dir, bench, "work", "*", "*", "task.json"))
	if err != nil {
		h.t.Error(err)
	}
	for _, file := range found {
		var b brief
		raw, err := os.ReadFile(file)
		if err != nil || json.Unmarshal(raw, &b) != nil {
			continue // it is just being replaced
		}
		if slices.ContainsFunc(b.Inputs, func(name string) bool { return !exists(filepath.Join(filepath.Dir(file), name)) }) {
			continue
		}
		h.mu.Lock()
		mine := h.tasks[b.TaskID]
		if mine != nil && mine.saved[b.Round] == nil {
			mine.saved[b.Round] = map[string]string{}
			for _, o := range b.due() {
				content := paint(h.hand, 60+h.hand.IntN(40))
				mine.saved[b.Round][o.Name] = sumOf(content)
				h.save(filepath.Join(h.in.dir, bench, "done", filepath.FromSlash(mine.folder), o.Name), content)
			}
		}
		h.mu.Unlock()
	}
}

func (h *house) save(path string, content []byte) {
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, content, 0o644)
	}
	if err != nil {
		h.t.Error(err)
	}
}

// over reports whether the studio has taken every task.
func (h *house) over() bool {
	for _, task := range h.sim.Tasks() {
		if task.Status != creativeforcesim.Done {
			return false
		}
	}
	return true
}

func (h *house) outputs() (n int) {
	for _, task := range h.tasks {
		for _, saved := range task.saved {
			n += len(saved)
		}
	}
	return n
}

// verify says what was submitted too often, short or wrong, and what has not
// landed.
func (h *house) verify() {
	h.t.Helper()
	for _, s := range h.sim.Doubles() {
		h.t.Errorf("task %s was submitted once more, in round %d", s.Task, s.Round)
	}
	for id, task := range h.tasks {
		rounds := 1
		if task.sendBack {
			rounds = 2
		}
		for round, n := range h.sim.Submits(id) {
			if n != 1 || round > rounds {
				h.t.Errorf("round %d of %s was submitted %d times, and it has %d rounds", round, task.folder, n, rounds)
			}
		}
		if n := len(h.sim.Submits(id)); n != rounds {
			h.t.Errorf("%d rounds of %s were submitted, want %d", n, task.folder, rounds)
		}
		for name, sum := range task.inputs {
			content, err := os.ReadFile(filepath.Join(h.in.dir, task.bench, "work", filepath.FromSlash(task.folder), name))
			if err != nil || sumOf(content) != sum {
				h.t.Errorf("%s of %s has not landed as it is at the studio (%v)", name, task.folder, err)
			}
		}
	}
	for _, s := range h.sim.Submissions() {
		want := h.tasks[s.Task].saved[s.Round]
		if len(s.Files) != len(want) {
			h.t.Errorf("round %d of %s has %d outputs, want %d", s.Round, h.tasks[s.Task].folder, len(s.Files), len(want))
		}
		for name, f := range s.Files {
			if f.SHA256 != want[name] {
				h.t.Errorf("round %d of %s has another %s than was saved", s.Round, h.tasks[s.Task].folder, name)
			}
		}
	}
	for _, bench := range []string{"shoes", "rest"} {
		if all, err := filesIn(filepath.Join(h.in.dir, bench, "work")); err != nil || countLike(all, "-2.") > 0 {
			h.t.Errorf("something has landed twice at %s (%v)", bench, err)
		}
	}
	if kept := countFiles(filepath.Join(h.in.dir, "state", "quarantine")); kept > 0 {
		h.t.Errorf("%d files are in quarantine", kept)
	}
}

func countLike(all []diskFile, part string) (n int) {
	for _, f := range all {
		if strings.Contains(f.name, part) {
			n++
		}
	}
	return n
}
