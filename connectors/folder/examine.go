package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

// little free space, in bytes, is worth a word: a shooting fills it in minutes.
const little = 5e9

// An examination tries out all folders of an account, and takes the disks and
// shares that they are on now for the right ones.
type examination struct {
	*keeper
	puts   []string
	places []place
}

func (e examination) run(ctx context.Context, tell func(connectors.Finding)) error {
	for _, dir := range e.puts {
		if err := e.visit(ctx, dir, true, tell); err != nil {
			return err
		}
	}
	for _, p := range e.places {
		if p.missing() {
			tell(connectors.Finding{What: "folder", Text: p.dir + " is not there, as long as nothing was refused"})
			continue
		}
		if err := e.visit(ctx, p.dir, false, tell); err != nil {
			return err
		}
	}
	return nil
}

// visit learns what dir is on, lists it and, if deliveries go there, tries them
// out. What is wrong with one folder is told and keeps no other from being
// examined.
func (e examination) visit(ctx context.Context, dir string, delivers bool, tell func(connectors.Finding)) error {
	root, err := e.find(dir)
	if err != nil {
		tell(connectors.Finding{What: "folder", Health: connectors.Broken, Text: err.Error(), Advice: "mount it, or correct agent.yaml"})
		return nil
	}
	defer root.Close()
	now, was, err := e.learn(dir, root)
	if err != nil {
		return err
	}
	tell(whereabouts(dir, now, was))
	count := 0
	err = walk(ctx, root.FS(), nil, func(string, fs.FileInfo) { count++ })
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		tell(broken("list", e.trouble(dir, err), "let the agent's user list and read the folder and those in it"))
		return nil
	}
	tell(connectors.Finding{What: "list", Text: fmt.Sprintf("files: %d", count)})
	if !delivers {
		return nil
	}
	return e.tryOut(ctx, dir, root, tell)
}

func whereabouts(dir, now, was string) connectors.Finding {
	f := connectors.Finding{What: "folder", Text: dir + " is on " + now}
	switch {
	case now == "":
		f.Text, f.Health = dir+" is on a disk or share that this system does not name", connectors.Odd
		f.Advice = "the agent cannot tell when it is not mounted: put an account's folder inside of the share, not at its top"
	case was != "" && was != now:
		f.Text, f.Health = f.Text+"; it was on "+was, connectors.Odd
		f.Advice = "photos go to this one from now on; if the other is only not mounted, mount it and examine again"
	}
	return f
}

func broken(what string, err error, advice string) connectors.Finding {
	return connectors.Finding{What: what, Health: connectors.Broken, Text: err.Error(), Advice: advice}
}

// tryOut does in a hidden folder of its own what deliveries do.
func (e examination) tryOut(ctx context.Context, dir string, root *os.Root, tell func(connectors.Finding)) error {
	tell(space(freeOn(root)))
	own := atomicfile.PartName("doctor")
	if err := errors.Join(root.RemoveAll(own), root.Mkdir(own, 0o777)); err != nil {
		tell(broken("make a folder", e.trouble(dir, err), "let the agent's user make files and folders in it"))
		return nil
	}
	err := e.trials(ctx, dir, root, own, tell)
	if left := root.RemoveAll(own); left != nil {
		tell(connectors.Finding{What: "delete", Health: connectors.Odd, Text: left.Error(), Advice: fmt.Sprintf("remove the folder %s in %s by hand; what an interrupted delivery leaves stays too", own, dir)})
		return err
	}
	if err == nil {
		tell(connectors.Finding{What: "delete", Text: "all that was written is gone again"})
	}
	return err
}

func (e examination) trials(ctx context.Context, dir string, root *os.Root, own string, tell func(connectors.Finding)) error {
	work, err := root.OpenRoot(own)
	if err != nil {
		tell(broken("make a folder", e.trouble(dir, err), "let the agent's user use the folders that it makes"))
		return nil
	}
	defer work.Close()
	t := trial{ctx, work}
	wrote := t.write()
	tell(wrote)
	if wrote.Health == connectors.Broken {
		return ctx.Err()
	}
	for _, try := range []func() connectors.Finding{t.renameBeside, t.renameOver, t.clock, t.names} {
		if err := ctx.Err(); err != nil {
			return err
		}
		tell(try())
	}
	f, refused := t.times()
	tell(f)
	return e.keep(timesKey, dir, map[bool]string{true: timesRefused}[refused])
}

func space(free int64) connectors.Finding {
	f := connectors.Finding{What: "free space", Text: fmt.Sprintf("%.1f GB", float64(free)/1e9)}
	switch {
	case free < 0:
		f.Text = "this system does not tell"
	case free < little:
		f.Health, f.Advice = connectors.Odd, "make room: photos wait when it is full"
	}
	return f
}
