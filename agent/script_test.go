package main

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

// TestScripts runs the command line as people do; testdata/*.txtar are the
// scripts. Each has a simulated Grand Shooting of its own, with one production.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata",
		Setup: setupScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"photo":      writePhotos,
			"exits":      exits,
			"eventually": eventually,
			"platform":   askPlatform,
		},
	})
}

type simKey struct{}

func setupScript(env *testscript.Env) error {
	sim := grandshootingsim.New(grandshootingsim.Options{Token: "script-token", Rate: -1})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go sim.Serve(l)
	env.Defer(func() { sim.Close() })
	production := sim.AddProduction("Autumn", 10, 20, 40)
	sim.AddReference("SS18BOHEMIAN_110", "3596654282833")
	env.Values[simKey{}] = sim
	env.Setenv("GS_URL", fmt.Sprintf("http://%s/v2", l.Addr()))
	env.Setenv("GS_TOKEN", "script-token")
	env.Setenv("PRODUCTION", strconv.Itoa(production[0].ID))
	// agent.yaml can name neither, so scripts write it with their values.
	yaml, err := os.ReadFile(filepath.Join(env.WorkDir, "agent.yaml"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(env.WorkDir, "agent.yaml"), []byte(os.Expand(string(yaml), env.Getenv)), 0o600)
}

// photo [-width PIXELS] NAME…: writes a whole JPEG under each name; what it holds
// depends on the name and on what it held before.
func writePhotos(ts *testscript.TestScript, neg bool, args []string) {
	width := 100
	if args[0] == "-width" {
		var err error
		width, err = strconv.Atoi(args[1])
		ts.Check(err)
		args = args[2:]
	}
	for _, name := range args {
		path := ts.MkAbs(name)
		old, _ := os.ReadFile(path)
		seed := fnv.New64a()
		fmt.Fprintf(seed, "%s %x", name, old)
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
		ts.Check(os.WriteFile(path, paint(rand.New(rand.NewPCG(seed.Sum64(), 1)), width), 0o644))
	}
}

// exits CODE COMMAND…: runs a command that must end with that code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(*exec.ExitError); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// eventually TEXT COMMAND…: runs a command until its output holds the text.
func eventually(ts *testscript.TestScript, neg bool, args []string) {
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		_ = ts.Exec(args[1], args[2:]...)
		if strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("never said %q; last:\n%s", args[0], ts.ReadFile("stdout"))
		}
	}
}

// platform NAME VERSION: the platform must have this photo in that version;
// platform delete NAME: somebody deletes it there.
func askPlatform(ts *testscript.TestScript, neg bool, args []string) {
	sim := ts.Value(simKey{}).(*grandshootingsim.Sim)
	if args[0] == "delete" {
		deleteThere(ts, sim, args[1])
		return
	}
	for _, p := range sim.Pictures() {
		if p.Sent == args[0] && !p.Trashed {
			if neg {
				ts.Fatalf("the platform has %s", args[0])
			}
			if strconv.Itoa(p.Version) != args[1] {
				ts.Fatalf("%s is there in version %d", args[0], p.Version)
			}
			return
		}
	}
	if !neg {
		ts.Fatalf("the platform has no %s", args[0])
	}
}

func deleteThere(ts *testscript.TestScript, sim *grandshootingsim.Sim, sent string) {
	for _, p := range sim.Pictures() {
		if p.Sent == sent {
			req, err := http.NewRequest("DELETE", fmt.Sprintf("%s/picture/%d", ts.Getenv("GS_URL"), p.ID), nil)
			ts.Check(err)
			req.Header.Set("Authorization", "Bearer script-token")
			resp, err := http.DefaultClient.Do(req)
			ts.Check(err)
			ts.Check(resp.Body.Close())
			return
		}
	}
	ts.Fatalf("the platform has no %s", sent)
}
