package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/agent/config"
)

// demoLimit is when the demo gives up, so that all is over within 90 s.
const demoLimit = 85 * time.Second

var errDemoLate = fmt.Errorf("not all has arrived after %v", demoLimit)

type demoOptions struct {
	config            string // a person's agent.yaml; empty for the demo's own
	tale              string // which of the demo's own stories
	chaos, stay, keep bool
	seed              uint64
}

func (c *cli) demoCommand() *cobra.Command {
	var opt demoOptions
	cmd := &cobra.Command{
		Use: "demo", Short: "See the agent at work with photographers, a platform and retouchers that are simulated; needs nothing", Args: cobra.NoArgs,
		Long: "See the agent at work: simulated photographers shoot on three benches, the real agent brings the pictures\n" +
			"to a simulated Grand Shooting on this machine and what is chosen to retouchers over SFTP, FTPS and Pixelz'\n" +
			"API, puts their retouches into the import folders, and the demo proves that each was sent, ordered and\n" +
			"landed once and byte for byte. A studio manager orders and imports on the agent's page; with --stay, so can\n" +
			"you. It works in a temporary folder, needs no network, ends by itself within 90 s, and its exit code is 0\n" +
			"if all is proven, 1 if not.\n\n" +
			"With --config FILE it rehearses your own agent.yaml: the agent runs a copy in which all folders, ledger and\n" +
			"log are temporary ones, secrets are dummies and accounts are simulated. Whatever retouches must be\n" +
			"(expect) is not asked of the simulated ones, and nothing waits for a person. Nothing of yours is touched.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flag("config").Changed {
				opt.config = c.config
			}
			if err := opt.check(); err != nil {
				return err
			}
			return runDemo(cmd.Context(), opt, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&opt.tale, "story", taleStudio, "what is played: studio (photographers and their retouchers), vendor (a retouching house that\nworks for Creative Force), or edit (films that are cut, registered with medialoopster)")
	cmd.Flags().BoolVar(&opt.chaos, "chaos", false, "break connections, lose answers, take servers down, kill the agent")
	cmd.Flags().Uint64Var(&opt.seed, "seed", 1, "the `NUMBER` that pictures and chaos are drawn from")
	cmd.Flags().BoolVar(&opt.stay, "stay", false, "go on until Ctrl-C, for pictures and commands of your own")
	cmd.Flags().BoolVar(&opt.keep, "keep", false, "leave the temporary folder, and say where it is")
	return cmd
}

// A demo is one performance.
type demo struct {
	demoOptions
	dir     string
	exe     string
	cfg     *config.Config // what the agent runs
	remotes map[string]remote
	album   *album
	returns *returns
	vendors []*vendor
	hands   []*artist
	page    atomic.Pointer[string] // the address of the agent's page; nil before it serves one
	names   [][]string             // what pictures are called, for each hot folder of a person's agent.yaml
	line    *timeline
	agent   *child
	eyes    *onlooker
}

func runDemo(ctx context.Context, opt demoOptions, out io.Writer) error {
	cfg, data, err := readConfig(opt.config, opt.tale)
	if err != nil {
		return err
	}
	d := &demo{demoOptions: opt, album: newAlbum(), returns: new(returns), line: newTimeline(out, benchNames(cfg), sortedKeys(cfg.Accounts))}
	if d.exe, err = os.Executable(); err != nil {
		return fmt.Errorf("the demo cannot find its own program: %w", err)
	}
	if d.dir, err = os.MkdirTemp("", "studio-agent-demo-"); err != nil {
		return fmt.Errorf("the demo needs a temporary folder: %w", err)
	}
	if opt.keep {
		defer func() { d.line.print("The folder stays: %s\n", d.dir) }()
	} else {
		defer os.RemoveAll(d.dir)
	}
	if d.cfg, err = d.stage(cfg, data); err != nil {
		return err
	}
	if err := d.rehearsed(); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(d.dir, "agent.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	d.agent = &child{exe: d.exe, config: d.cfg.File, log: log, heard: d.heard}
	d.eyes = &onlooker{cfg: d.cfg}
	d.vendors, d.hands = d.playVendors(), d.artists()
	defer d.eyes.close()
	return d.perform(ctx)
}

func benchNames(cfg *config.Config) (names []string) {
	for _, b := range cfg.Benches {
		names = append(names, b.Name)
	}
	return names
}

// perform plays the remotes, and the rest before them: they end last.
func (d *demo) perform(ctx context.Context) error {
	remotes, ctx := errgroup.WithContext(ctx)
	ctx, stop := context.WithCancel(ctx)
	for _, name := range sortedKeys(d.remotes) {
		if serve := d.remotes[name].serve; serve != nil {
			remotes.Go(func() error { return serve(ctx) })
		}
	}
	err := d.play(ctx)
	stop()
	return errors.Join(err, remotes.Wait())
}

// play runs the agent while the story lasts, then judges.
func (d *demo) play(ctx context.Context) error {
	d.prologue()
	group, working := errgroup.WithContext(ctx)
	working, stop := context.WithCancel(working)
	defer stop()
	group.Go(func() error { return d.agent.Run(working) })
	var late bool
	group.Go(func() error {
		defer stop()
		err := d.story(working)
		if late = errors.Is(err, errDemoLate); late {
			err = nil
		}
		if err != nil || !d.stay {
			return err
		}
		return d.encore(working)
	})
	err := group.Wait()
	if ctx.Err() != nil && !d.stay {
		return errors.New("stopped before the end: nothing is proven")
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if d.stay {
		return nil
	}
	return d.epilogue(ctx, late)
}

// story lasts until everything has come to rest, or the time is over.
func (d *demo) story(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Until(d.line.start.Add(demoLimit)), errDemoLate)
	defer cancel()
	if err := d.eyes.open(ctx); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	watching, stop := context.WithCancel(ctx)
	group.Go(func() error { return d.company(watching) })
	group.Go(func() error {
		defer stop()
		if err := d.plot(ctx); err != nil {
			return err
		}
		return await(ctx, func() bool { return d.isBack(ctx) && d.isHandedBack(ctx) && d.eyes.settled(ctx) })
	})
	return group.Wait()
}

// company is all who work without being told to, until ctx ends.
func (d *demo) company(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return d.eyes.Run(ctx, d.waits) })
	for _, v := range d.vendors {
		group.Go(func() error { return v.Run(ctx) })
	}
	for _, im := range d.importers() {
		group.Go(func() error { return im.Run(ctx) })
	}
	for _, h := range d.handouts() {
		group.Go(func() error { return h.Run(ctx, d) })
	}
	for _, a := range d.hands {
		group.Go(func() error { return a.Run(ctx) })
	}
	return group.Wait()
}
