package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/agent/overview"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func (c *cli) whyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "why FILE", Short: "Tell the whole life of a file: where it is, and if it is not there, why not",
		Long: "Tell the whole life of a file: where it is, and if it is not there, why not.\nThe name may be a path, a name inside a hot folder, or just the file's own name.",
		Args: exactly(1, "one file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, l, err := c.beside(cmd.Context())
			if err != nil {
				return err
			}
			defer l.Close()
			return why(cmd.Context(), cmd.OutOrStdout(), cfg, l, args[0])
		},
	}
}

// why tells all that is known of the files that a person may mean.
func why(ctx context.Context, out io.Writer, cfg *config.Config, l *ledger.Ledger, given string) error {
	spots, err := meant(ctx, cfg, l, given)
	if err != nil {
		return err
	}
	retouches, err := retouchesMeant(ctx, l, given)
	if err != nil {
		return err
	}
	if len(spots)+len(retouches) == 0 {
		return fmt.Errorf("no file named %s was ever seen in a hot folder or came back, and none lies there now", shown(given))
	}
	for i, s := range spots {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := s.tell(ctx, out, l); err != nil {
			return err
		}
	}
	for i, j := range retouches {
		if i+len(spots) > 0 {
			fmt.Fprintln(out)
		}
		if err := tellRetouch(ctx, out, l, j); err != nil {
			return err
		}
	}
	return nil
}

// A spot is one name in one hot folder.
type spot struct {
	folder config.HotFolder
	name   string
	live   overview.Live
}

// meant finds the spots that a given name can stand for.
func meant(ctx context.Context, cfg *config.Config, l *ledger.Ledger, given string) ([]spot, error) {
	_, _, now, err := overview.Now(ctx, l)
	if err != nil {
		return nil, err
	}
	found := map[string]spot{}
	add := func(f config.HotFolder, name string) { found[f.Path+"\x00"+name] = spot{f, name, now} }
	absolute, err := filepath.Abs(given)
	if err != nil {
		return nil, err
	}
	files, err := l.FindFiles(ctx, filepath.ToSlash(given), 100)
	if err != nil {
		return nil, err
	}
	for _, f := range cfg.HotFolders() {
		for _, path := range []string{absolute, filepath.Join(f.Path, given)} {
			name, err := filepath.Rel(f.Path, path)
			if _, statErr := os.Lstat(path); err == nil && statErr == nil && filepath.IsLocal(name) && name != "." {
				add(f, filepath.ToSlash(name))
			}
		}
		for _, file := range files {
			if file.Folder == f.Path {
				add(f, file.Name)
			}
		}
		for _, w := range now.Waits(f.Path) {
			if strings.HasSuffix("/"+w.Name, "/"+filepath.ToSlash(given)) {
				add(f, w.Name)
			}
		}
		if name, err := filepath.Rel(f.Path, absolute); err == nil && filepath.IsLocal(name) {
			if h, err := l.History(ctx, f.Path, filepath.ToSlash(name)); err == nil && len(h) > 0 {
				add(f, filepath.ToSlash(name))
			}
		}
	}
	var spots []spot
	for _, key := range sortedKeys(found) {
		spots = append(spots, found[key])
	}
	return spots, nil
}

// tell writes the life of one file: first the answer, then the story.
func (s spot) tell(ctx context.Context, out io.Writer, l *ledger.Ledger) error {
	fmt.Fprintf(out, "%s in %s (%s)\n", shown(s.name), s.folder.Path, place(s.folder))
	jobs, err := l.Jobs(ctx, s.folder.Path, s.name)
	if err != nil {
		return err
	}
	answer, err := s.answer(ctx, l, jobs)
	if err != nil {
		return err
	}
	for _, line := range answer {
		fmt.Fprintln(out, "  "+line)
	}
	history, err := l.History(ctx, s.folder.Path, s.name)
	if err != nil || len(history) == 0 {
		return err
	}
	fmt.Fprintln(out)
	for _, e := range history {
		fmt.Fprintf(out, "  %s  %s\n", e.At.Local().Format("2006-01-02 15:04:05.000"), overview.Sentence(ledger.Out, e))
	}
	return nil
}

func place(f config.HotFolder) string {
	if f.Role == config.MirrorRole {
		return f.Title()
	}
	return "bench " + f.Bench
}

// answer says where the file is now, one line for each account or hindrance.
func (s spot) answer(ctx context.Context, l *ledger.Ledger, jobs []ledger.Job) ([]string, error) {
	var lines []string
	if reason, there, err := s.skipped(ctx, l); err != nil {
		return nil, err
	} else if reason != "" {
		never := "It is never sent: "
		if s.folder.Role == config.Project { // its project may be known tomorrow
			never = "It is not sent: "
		}
		return []string{signWaiting + " " + never + reason + "."}, nil
	} else if !there {
		lines = append(lines, signWaiting+" It is not on this disk any more.")
	}
	for _, w := range s.live.Waits(s.folder.Path) {
		if w.Name == s.name {
			lines = append(lines, fmt.Sprintf("%s Its present content waits since %s: %s. Next look %s.",
				signWaiting, clock(time.Now(), w.Since), w.Reason, clock(time.Now(), w.Next)))
		}
	}
	latest := map[string]ledger.Job{}
	for _, j := range jobs {
		latest[j.Account+"\x00"+string(j.Kind)] = j
	}
	for _, key := range sortedKeys(latest) {
		lines = append(lines, line(overview.Standing(time.Now(), latest[key])))
		if text, err := taskWords(ctx, l, latest[key]); err != nil {
			return nil, err
		} else if text != "" {
			lines = append(lines, "  "+text)
		}
		answers, err := l.AnswersTo(ctx, latest[key].ID)
		if err != nil {
			return nil, err
		}
		for _, j := range answers {
			lines = append(lines, "  what came back as "+shown(j.Source.Name)+": "+line(overview.ComingBack(time.Now(), j)))
		}
	}
	if len(jobs) > 0 || len(lines) > 0 {
		return lines, nil
	}
	if f, seen, err := l.FindFile(ctx, s.folder.Path, s.name); err != nil {
		return nil, err
	} else if seen && f.Generation == 0 {
		return []string{signWaiting + " It was here before the agent and is left alone, as `existing` says."}, nil
	} else if seen {
		return []string{signFine + " Nothing had to be sent for it."}, nil
	}
	return []string{signWaiting + " The agent has not taken it up yet; is it running?"}, nil
}

// skipped says why the file is never sent, or nothing; there is false if it is
// not on the disk.
func (s spot) skipped(ctx context.Context, l *ledger.Ledger) (reason string, there bool, err error) {
	info, err := os.Lstat(filepath.Join(s.folder.Path, filepath.FromSlash(s.name)))
	if err != nil {
		return "", false, nil
	}
	if info.Mode()&os.ModeSymlink != 0 {
		return "it is a link, and links are not followed", true, nil
	}
	skip := skipOf(s.folder)
	if top, _, in := strings.Cut(s.name, "/"); s.folder.Role == config.Project {
		p, err := newProjectWatch(ctx, l, s.folder, slog.New(slog.DiscardHandler))
		if err == nil && in {
			err = p.foresee(ctx, top)
		}
		if err != nil {
			return "", true, err
		}
		skip.Also = p.why
	}
	for i := range s.name {
		if s.name[i] == '/' {
			if reason := skip.Reason(s.name[:i], true); reason != "" {
				return "its folder " + s.name[:i] + ": " + reason, true, nil
			}
		}
	}
	return skip.Reason(s.name, info.IsDir()), true, nil
}

func line(sign overview.Sign, text string) string { return string(sign) + " " + text }
