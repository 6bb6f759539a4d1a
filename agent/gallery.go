package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/inbound"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch/preview"
)

// previewCommand has this program draw one small picture, in a process of its
// own: a hostile image takes that one down, and nothing else.
const previewCommand = "preview-worker"

func previewWorker() *cobra.Command {
	return &cobra.Command{
		Use: previewCommand, Hidden: true, DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error { return preview.Serve(args, os.Stdin, cmd.OutOrStdout()) },
	}
}

// A gallery shows small pictures of what the ledger knows.
type gallery struct {
	agent *agent
	cache *preview.Cache
}

func (a *agent) gallery(cfg *config.Config) *gallery {
	exe, err := os.Executable()
	if err != nil {
		exe = os.Args[0]
	}
	worker := preview.Worker{Program: []string{exe, previewCommand}}
	return &gallery{agent: a, cache: preview.NewCache(filepath.Join(filepath.Dir(cfg.Ledger), "previews"), 0, worker.Make)}
}

// show returns a small picture of what a job moves: the file here; else what the
// vendor offers, or what the platform shows.
func (p *gallery) show(ctx context.Context, j ledger.Job, edge int) ([]byte, error) {
	if path := j.Path(); j.Folder != "" && isThere(path) && (j.Flow == ledger.Out || j.State == ledger.Landed || j.State == ledger.Done) {
		return p.cache.Get(ctx, pictureKey(j), path, edge)
	}
	part, ok := p.agent.part(j.Account)
	if !ok {
		return nil, fmt.Errorf("%s is not here any more, and there is no account %s", j.Name, j.Account)
	}
	if reason, _, _ := part.gate.State(time.Now()); reason != "" {
		return nil, fmt.Errorf("%s is not here, and nobody may ask account %s: %s", j.Name, j.Account, reason)
	}
	switch c := part.connector; {
	case j.Flow == ledger.In && c.In != nil:
		return p.cache.GetFrom(ctx, pictureKey(j), edge, func(ctx context.Context, w io.Writer) error { return c.In.Fetch(ctx, inbound.Retouch(j), w) })
	case j.Flow == ledger.Out && c.Preview != nil && !j.Receipt.Zero():
		return p.cache.GetFrom(ctx, pictureKey(j), edge, func(ctx context.Context, w io.Writer) error { return c.Preview(ctx, j.Receipt, w) })
	}
	return nil, fmt.Errorf("%s is not here any more, and %s shows none", j.Name, j.Account)
}

// pictureKey names the content that a job moves.
func pictureKey(j ledger.Job) string { return cmp.Or(j.Digests.SHA256, j.ID) }

func isThere(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
