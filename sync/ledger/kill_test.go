package ledger

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// playAgent is the life of an agent that somebody will kill. It prints each step
// once the ledger has acknowledged it.
func playAgent(play, path string) int {
	l, err := Open(context.Background(), Options{Path: path, Name: play, Version: "1.0"})
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	fmt.Println("open")
	if play == "hold" {
		io.Copy(io.Discard, os.Stdin) // until the test ends
		return 0
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { fmt.Println("error", l.acceptForEver()) })
		wg.Go(func() { fmt.Println("error", l.deliverForEver()) })
		wg.Go(func() { fmt.Println("error", l.offerForEver()) })
		wg.Go(func() { fmt.Println("error", l.fetchForEver()) })
	}
	wg.Wait()
	return 1
}

// acceptForEver accepts files, each with two jobs.
func (l *Ledger) acceptForEver() error {
	for {
		name := fmt.Sprintf("%016x", rand.Uint64())
		err := l.Accept(time.Now(), Acceptance{Files: []File{newFile(name, 1, "")}, Jobs: []Job{newJob(name, 1), newJob(name, 1, account("ftp"))}})
		if err != nil {
			return err
		}
		fmt.Println("accepted", name)
	}
}

// deliverForEver takes the jobs of one account through all states.
func (l *Ledger) deliverForEver() error {
	for {
		j, err := l.Next(context.Background(), "gs", Out)
		if err != nil {
			return err
		}
		fmt.Println(Moving, j.Name)
		for _, e := range []Event{
			{What: Published},
			{What: Accepted, Digests: connectors.Digests{SHA256: j.Name}, Receipt: connectors.Receipt{ID: j.Name}},
			{What: Confirmed},
		} {
			e.At = time.Now()
			if j, err = l.Record(j, e); err != nil {
				return err
			}
			fmt.Println(j.State, j.Name)
		}
	}
}

// inward marks the words on retouches.
const inward = "in:"

// offerForEver offers retouches and has them imported.
func (l *Ledger) offerForEver() error {
	for {
		j := newFetch(fmt.Sprintf("%016x", rand.Uint64()), in(Offered))
		if err := l.Offer(time.Now(), []Job{j}); err != nil {
			return err
		}
		fmt.Println(inward+string(Offered), j.Name)
		if _, err := l.Record(j, Event{What: Imported, At: time.Now()}); err != nil {
			return err
		}
	}
}

// fetchForEver takes retouches through all states.
func (l *Ledger) fetchForEver() error {
	for {
		j, err := l.Next(context.Background(), "gs", In)
		if err != nil {
			return err
		}
		fmt.Println(inward+string(Moving), j.Name)
		for _, e := range []Event{{What: Published}, {What: Settled, Digests: connectors.Digests{SHA256: j.Name}}, {What: Acknowledged}} {
			e.At = time.Now()
			if j, err = l.Record(j, e); err != nil {
				return err
			}
			fmt.Println(inward+string(j.State), j.Name)
		}
	}
}

// startAgent starts the test binary as an agent and waits until it has opened
// its ledger.
func startAgent(t *testing.T, play, path string) (kill func(), out *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LEDGER_TEST_PLAY="+play, "LEDGER_TEST_PATH="+path)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	stdin, err := cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	kill = func() {
		cmd.Process.Kill() // SIGKILL: it can clear nothing up
		cmd.Wait()
		stdin.Close()
	}
	out = bufio.NewScanner(stdout)
	if !out.Scan() || out.Text() != "open" {
		kill()
		t.Fatalf("the agent says %q", out.Text())
	}
	return kill, out
}

func TestLockOfAnotherProcess(t *testing.T) {
	path := newPath(t)
	kill, _ := startAgent(t, "hold", path)
	defer kill()
	wantError(t, tryOpen(t, path), path, `the agent "hold"`, "process ", "stop it first")
	people, err := OpenForPeople(t.Context(), Options{Path: path})
	must(t, err)
	agents, err := people.Agents(t.Context())
	if err != nil || len(agents) != 1 || agents[0].Name != "hold" || agents[0].PID == os.Getpid() {
		t.Errorf("agents: %+v, %v; want the other process", agents, err)
	}
	must(t, people.Close())
	kill()
	must(t, tryOpen(t, path)) // the lock died with its holder
}

// rankOf orders the states that deliverForEver and fetchForEver go through.
// Queued means that a start took the job back, or that it was imported.
var rankOf = map[string]int{"accepted": 1, string(Offered): 1, string(Queued): 1, string(Moving): 2, string(Publishing): 3, string(Sent): 4, string(Landed): 4, string(Done): 5}

// TestKill kills an agent in the middle of its work, again and again. All that
// it was told is written must be there, and nothing by halves.
func TestKill(t *testing.T) {
	path := newPath(t)
	must(t, openAt(t, path).Close())
	told := map[string]string{} // the last word on each file
	for round := range 10 {
		kill, out := startAgent(t, "work", path)
		for range 1 + rand.IntN(200) {
			if !out.Scan() {
				t.Fatal("the agent ended by itself")
			}
			noteLine(t, told, out.Text())
		}
		kill()
		for out.Scan() { // what it said before it died
			noteLine(t, told, out.Text())
		}
		checkKilled(t, path, round, told)
	}
	t.Logf("%d files", len(told))
}

// noteLine keeps the furthest word on a file: lines of different workers overtake
// each other. A line that the kill cut short says nothing.
func noteLine(t *testing.T, told map[string]string, line string) {
	t.Helper()
	word, name, _ := strings.Cut(line, " ")
	if word == "error" {
		t.Fatal(line)
	}
	bare := strings.TrimPrefix(word, inward)
	if len(name) == 16 && rankOf[bare] > rankOf[strings.TrimPrefix(told[name], inward)] {
		told[name] = word
	}
}

func checkKilled(t *testing.T, path string, round int, told map[string]string) {
	t.Helper()
	l, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatalf("round %d: %v", round, err)
	}
	defer l.Close()
	for name, word := range told {
		id := newJob(name, 1).ID
		if strings.HasPrefix(word, inward) {
			id, word = newFetch(name).ID, strings.TrimPrefix(word, inward)
		}
		j, ok, err := l.Job(t.Context(), id)
		if err != nil || !ok {
			t.Fatalf("round %d: %s was %s and is gone: %v", round, name, word, err)
		}
		takenBack := j.State == Queued && rankOf[word] < rankOf[string(Sent)]
		if !takenBack && rankOf[string(j.State)] < rankOf[word] {
			t.Errorf("round %d: %s was %s and is %s", round, name, word, j.State)
		}
		if word == string(Publishing) && j.State == Queued && !j.Published {
			t.Errorf("round %d: %s may be visible, and this is forgotten", round, name)
		}
		if rankOf[word] > 1 && j.Starts == 0 {
			t.Errorf("round %d: %s was started, and this is forgotten", round, name)
		}
	}
	for what, query := range map[string]string{
		"files without their two jobs":           `SELECT COUNT(*) FROM known k WHERE (SELECT COUNT(*) FROM jobs j WHERE j.folder = '` + hot + `' AND j.name = k.name) != 2`,
		"jobs without their file":                `SELECT COUNT(*) FROM jobs j WHERE flow = 'out' AND NOT EXISTS (SELECT 1 FROM known k WHERE k.folder = 1 AND k.dir = '.' AND k.name = j.name)`,
		"jobs that nobody has in hand":           `SELECT COUNT(*) FROM jobs WHERE state IN ('moving', 'publishing')`,
		"deliveries not counted":                 `SELECT (SELECT COUNT(*) FROM jobs WHERE flow = 'out' AND state = 'done') - (SELECT COALESCE(SUM(done), 0) FROM days)`,
		"retouches not counted":                  `SELECT (SELECT COUNT(*) FROM jobs WHERE flow = 'in' AND state IN ('landed', 'done')) - (SELECT COALESCE(SUM(landed), 0) FROM days)`,
		"retouches without what they hold":       `SELECT COUNT(*) FROM jobs WHERE flow = 'in' AND state IN ('landed', 'done') AND sha256 != name`,
		"retouches in doubt though they landed":  `SELECT COUNT(*) FROM jobs WHERE flow = 'in' AND state IN ('landed', 'done') AND published`,
		"sent files of which nothing was learnt": `SELECT COUNT(*) FROM jobs j JOIN known k ON k.folder = 1 AND k.dir = '.' AND k.name = j.name WHERE j.state IN ('sent', 'done') AND k.sha256 != j.name`,
		"jobs not as their history ends": `SELECT COUNT(*) FROM jobs j WHERE state !=
			(SELECT CASE h.what WHEN 'confirmed' THEN 'done' WHEN 'sent' THEN 'sent' WHEN 'landed' THEN 'landed' WHEN 'acknowledged' THEN 'done'
				WHEN 'added' THEN CASE j.flow WHEN 'in' THEN 'offered' ELSE 'queued' END ELSE 'queued' END FROM history h WHERE h.folder = j.folder AND h.name = j.name AND h.job = j.id ORDER BY seq DESC LIMIT 1)`,
	} {
		if n := count1(t, l, query); n != 0 {
			t.Errorf("round %d: %d %s", round, n, what)
		}
	}
	var verdict string
	must(t, l.read.QueryRow(`PRAGMA integrity_check`).Scan(&verdict))
	if verdict != "ok" {
		t.Errorf("round %d: %s", round, verdict)
	}
}
