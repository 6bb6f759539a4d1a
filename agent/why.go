package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
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
	live   live
}

// meant finds the spots that a given name can stand for.
func meant(ctx context.Context, cfg *config.Config, l *ledger.Ledger, given string) ([]spot, error) {
	var now live
	if agent, running, err := runningAgent(ctx, l); err != nil {
		return nil, err
	} else if running {
		if err := json.Unmarshal(agent.Live, &now); err != nil {
			return nil, err
		}
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
		for _, w := range waitingIn(now, f.Path) {
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

func waitingIn(now live, folder string) []watch.Waiting {
	for _, f := range now.Folders {
		if f.Path == folder {
			return f.Waiting
		}
	}
	return nil
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
		fmt.Fprintf(out, "  %s  %s\n", e.At.Local().Format("2006-01-02 15:04:05.000"), sentence(e))
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
	if reason, there := s.skipped(); reason != "" {
		return []string{signWaiting + " It is never sent: " + reason + "."}, nil
	} else if !there {
		lines = append(lines, signWaiting+" It is not on this disk any more.")
	}
	for _, w := range waitingIn(s.live, s.folder.Path) {
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
		lines = append(lines, standing(latest[key]))
		answers, err := l.AnswersTo(ctx, latest[key].ID)
		if err != nil {
			return nil, err
		}
		for _, j := range answers {
			lines = append(lines, "  what came back as "+shown(j.Source.Name)+": "+comingBack(j))
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
func (s spot) skipped() (reason string, there bool) {
	info, err := os.Lstat(filepath.Join(s.folder.Path, filepath.FromSlash(s.name)))
	if err != nil {
		return "", false
	}
	if info.Mode()&os.ModeSymlink != 0 {
		return "it is a link, and links are not followed", true
	}
	skip := watch.Skip{Include: s.folder.Include, Exclude: s.folder.Exclude}
	for i := range s.name {
		if s.name[i] == '/' {
			if reason := skip.Reason(s.name[:i], true); reason != "" {
				return "its folder " + s.name[:i] + ": " + reason, true
			}
		}
	}
	return skip.Reason(s.name, info.IsDir()), true
}

// standing says how far one job is.
func standing(j ledger.Job) string {
	what := "It"
	if j.Kind == ledger.Mark {
		what = "Its selection"
	}
	switch j.State {
	case ledger.Done:
		return fmt.Sprintf("%s %s is at %s since %s%s.", signFine, what, j.Account, clock(time.Now(), j.SentAt), as(j))
	case ledger.Sent:
		return fmt.Sprintf("%s %s was taken by %s at %s; it has not been seen there yet. %s", signWorking, what, j.Account, clock(time.Now(), j.SentAt), upper(j.Reason))
	case ledger.Moving, ledger.Publishing:
		return fmt.Sprintf("%s %s is being sent to %s.", signWorking, what, j.Account)
	case ledger.Parked:
		return fmt.Sprintf("%s %s is held and not sent to %s: %s. Then: studio-agent retry %s", signNeeds, what, j.Account, j.Reason, shown(j.Name))
	case ledger.Superseded:
		return fmt.Sprintf("%s %s was not sent to %s: %s.", signWaiting, what, j.Account, j.Reason)
	}
	line := fmt.Sprintf("%s %s waits to be sent to %s", signWaiting, what, j.Account)
	if j.Reason != "" {
		line += ": " + j.Reason
	}
	if j.NotBefore.After(time.Now()) {
		line = strings.TrimRight(line, "?.") + "; next try " + clock(time.Now(), j.NotBefore)
	}
	return line + "."
}

func as(j ledger.Job) string {
	switch {
	case j.Receipt.Name == "":
		return ""
	case j.Receipt.ID != "" && len(j.Receipt.ID) < 20:
		return fmt.Sprintf(" as %s (number %s)", shown(j.Receipt.Name), j.Receipt.ID)
	}
	return " as " + shown(j.Receipt.Name)
}

func upper(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// sentence tells one event plainly.
func sentence(e ledger.Entry) string {
	texts := map[ledger.What]string{
		ledger.Added: "finished, and queued for %s", ledger.Claimed: "taken up for %s", ledger.Published: "about to appear at %s",
		ledger.Accepted: "taken by %s", ledger.Confirmed: "seen at %s: delivered", ledger.Failed: "a try with %s failed",
		ledger.Waited: "put back for %s", ledger.NotSeen: "%s was asked and does not have it", ledger.StillOut: "%s was asked and does not show it yet",
		ledger.Held: "held for %s: a person must act", ledger.Overtaken: "not sent to %s", ledger.Retried: "to be sent to %s again",
		ledger.TakenBack: "put back for %s at the agent's start",
	}
	text, known := texts[e.What]
	switch {
	case !known:
		return e.Reason
	case e.Reason != "":
		return fmt.Sprintf(text, e.Account) + ": " + e.Reason
	}
	return fmt.Sprintf(text, e.Account)
}
