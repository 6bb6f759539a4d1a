package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
)

// An editor works on edit projects in one folder. After the first error, or when
// ctx ends, every further step does nothing; err says what it was.
type editor struct {
	photographer
}

const whoEditor = "editor"

func (d *demo) editor(ctx context.Context, f config.HotFolder) *editor {
	return &editor{photographer{demo: d, ctx: ctx, bench: d.bench(f.Bench), folder: f, rnd: rand.New(rand.NewPCG(d.seed, 40))}}
}

func (e *editor) tell(format string, args ...any) {
	e.demo.line.say(e.bench.Name, whoEditor, format, args...)
}

// saves writes a project file: what must become a project.
func (e *editor) saves(name, program string) {
	e.do(func() error {
		e.tell("begins a project in %s: %s", program, name)
		return e.keep(name, fmt.Appendf(nil, "project file of %s, number %d", name, e.rnd.Uint64()))
	})
}

// brings writes a medium.
func (e *editor) brings(name string) {
	e.do(func() error {
		content := paint(e.rnd, 600)
		e.tell("brings %s", name)
		return e.keep(name, content)
	})
}

// keep writes what must arrive.
func (e *editor) keep(name string, content []byte) error {
	s := e.demo.album.begin(e.folder, name, content)
	if err := writeFile(e.ctx, e.path(name), atOnce, content); err != nil {
		return err
	}
	e.demo.album.finish(s)
	return nil
}

// leaves writes what is of no interest to anybody.
func (e *editor) leaves(name string) {
	e.do(func() error { return writeFile(e.ctx, e.path(name), atOnce, []byte("nothing to see in "+name)) })
}

// asks runs a command of the agent, as a person does in another window, and says
// what comes of it.
func (e *editor) asks(wantsError bool, args ...string) (said string) {
	e.do(func() error {
		e.tell("types: studio-agent %s", strings.Join(quoted(args), " "))
		cmd := exec.CommandContext(e.ctx, e.demo.exe, append(args, "--config", e.demo.cfg.File)...)
		cmd.Env = append(cmd.Environ(), demoVariable+"="+demoToken)
		out, err := cmd.StdoutPipe()
		if err != nil {
			return err
		}
		cmd.Stderr = cmd.Stdout
		if err := cmd.Start(); err != nil {
			return err
		}
		for lines := bufio.NewScanner(out); lines.Scan(); {
			said += lines.Text() + "\n"
			e.demo.line.say(e.bench.Name, whoAgent, "%s", strings.TrimSpace(lines.Text()))
		}
		if err = cmd.Wait(); (err != nil) != wantsError {
			return fmt.Errorf("studio-agent %s: exit code 0 is %v, want %v", args[0], err == nil, !wantsError)
		}
		return nil
	})
	return said
}

func quoted(args []string) (all []string) {
	for _, arg := range args {
		if strings.Contains(arg, " ") {
			arg = `"` + arg + `"`
		}
		all = append(all, arg)
	}
	return all
}

// tryOutProject makes a small project in a folder of a person's own agent.yaml.
func (e *editor) tryOutProject(names []string) error {
	e.saves("Demo/Demo.prproj", "Premiere")
	for _, name := range names {
		e.brings(path.Join("Demo", name))
		e.pause(300 * time.Millisecond)
	}
	return e.err
}

// counted says why a file of a folder of projects need not be at the account; empty
// for media and project files.
func counted(ctx context.Context, f config.HotFolder) (func(name string) string, error) {
	p, err := newProjectWatch(ctx, nil, f, nil)
	if err == nil {
		err = p.foresee(ctx, ".")
	}
	return func(name string) string {
		if b, ok := bundleOf(p.there, name); ok && name == b.Project.Name {
			return ""
		}
		return p.why(name)
	}, err
}

// registered reports whether all projects of a folder, and all of their media, are
// known to the agent, and nothing of them is left to do.
func (o *onlooker) registered(ctx context.Context, f config.HotFolder) bool {
	p, err := newProjectWatch(ctx, o.ledger, f, nil)
	if err != nil || p.foresee(ctx, ".") != nil {
		return false
	}
	tasks, err := o.ledger.Projects(ctx, f.To[0])
	if err != nil {
		return false
	}
	for root := range p.there {
		if !slices.ContainsFunc(tasks, func(t ledger.Task) bool { return t.Key == p.key(root) && t.State == ledger.AtVendor }) {
			return false
		}
	}
	return o.knowsAll(ctx, f.Path, watch.Skip{Also: p.why})
}

// elsewhere is a folder that medialoopster does not see.
func elsewhere(d *demo) string {
	return filepath.Join(filepath.Dir(d.dir), "not-on-the-storage")
}
