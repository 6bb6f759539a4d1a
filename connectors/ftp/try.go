package ftp

import (
	"context"
	"crypto/tls"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// skewed is how far a server's clock may be off before it is worth a word.
const skewed = time.Minute

func (e *examination) times(context.Context) error {
	name := path.Join(e.dir, scratch)
	at, err := e.modTime(name)
	if err != nil && !forGood(err) {
		return err
	}
	if at.IsZero() {
		e.say("times", connectors.Odd, "the server does not tell them", "files are told apart by their content, which is read back")
		return nil
	}
	if skew := time.Until(at).Round(time.Minute); skew.Abs() > skewed {
		e.say("clock", connectors.Odd, fmt.Sprintf("the server's is %v off ours", skew), "nothing: times are only compared with its own")
	} else {
		e.say("clock", connectors.Fine, "as ours, to a minute", "")
	}
	want := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	got, err := e.date(name, want)
	switch {
	case err != nil:
		return err
	case got.Equal(want):
		e.say("times", connectors.Fine, "photos keep theirs", "")
	default:
		e.say("times", connectors.Odd, "photos get the time of their arrival", "a photo that is there already is read back to be known")
	}
	return nil
}

func (e *examination) folders(context.Context) error {
	dir := path.Join(e.dir, scratch+"-folder")
	err := e.heard.told(e.conn.MakeDir(dir))
	switch {
	case err == nil:
		if err := e.heard.told(e.conn.RemoveDir(dir)); err != nil {
			e.say("make folders", connectors.Odd, "works, but not to remove them: "+err.Error(), "remove "+dir)
			return nil
		}
		e.say("make folders", connectors.Fine, "works", "")
	case forGood(err):
		e.say("make folders", connectors.Odd, err.Error(), "photos in folders can only be sent where somebody made these; or say layout: flat")
	default:
		return err
	}
	return nil
}

func (e *examination) renames(context.Context) error {
	from, to := path.Join(e.dir, scratch), path.Join(e.dir, scratch+"-2")
	err := e.rename(from, to)
	if forGood(err) {
		e.learnt(func(p *profile) { p.NoRename = true })
		e.say("rename", connectors.Odd, err.Error(), "files are sent under their final names, and "+marker+" files say which are complete; the vendor must look for these")
		return nil
	}
	if err != nil {
		return err
	}
	e.made = append(e.made, to)
	e.say("rename", connectors.Fine, "works", "")
	if _, err := e.put(scratch); err != nil {
		return err
	}
	switch err := e.rename(path.Join(e.dir, scratch), to); {
	case err == nil:
		e.say("rename over a file", connectors.Fine, "replaces it", "")
	case forGood(err):
		e.say("rename over a file", connectors.Odd, err.Error(), "an earlier version is removed first")
	default:
		return err
	}
	return nil
}

// odd are names as studios have them.
var odd = map[string]string{
	"accents": "-é-ü-日本", "spaces": " with spaces", "a #": "-#1", "long": strings.Repeat("-long", 36),
}

func (e *examination) names(context.Context) error {
	var bad []string
	for what, name := range odd {
		name = scratch + name
		if _, err := e.put(name); forGood(err) {
			bad = append(bad, what)
			continue
		} else if err != nil {
			return err
		}
		list, err := e.session.list(e.dir)
		if err != nil {
			return err
		}
		seen := false
		for _, found := range list {
			seen = seen || found.Name == name
		}
		if !seen {
			bad = append(bad, what)
		}
	}
	slices.Sort(bad)
	if len(bad) > 0 {
		e.say("odd names", connectors.Odd, "refused or listed otherwise: "+strings.Join(bad, ", "), "keep to plain letters, digits, - and _")
		return nil
	}
	e.say("odd names", connectors.Fine, "accents, spaces, # and 200 letters", "")
	return nil
}

func (e *examination) removes(context.Context) error {
	left, err := e.clean()
	switch {
	case err == nil:
		e.say("delete", connectors.Fine, "works", "")
	case forGood(err):
		e.learnt(func(p *profile) { p.NoDelete = true })
		e.say("delete", connectors.Odd, err.Error(), "have the vendor remove "+strings.Join(left, ", "))
	default:
		return err
	}
	return nil
}

// commands sends some together.
func (e *examination) commands(ctx context.Context) error {
	_, err := e.together("NOOP", "NOOP")
	if err == nil {
		e.say("commands sent together", connectors.Fine, "are answered", "")
		return nil
	}
	if ctx.Err() != nil {
		return err
	}
	e.learnt(func(p *profile) { p.NoTogether = true })
	e.say("commands sent together", connectors.Odd, err.Error(), "one is sent at a time, which takes longer")
	e.pool.leave(e.session)
	return e.login(ctx, e.version())
}

// version is the highest of TLS that works.
func (e *examination) version() uint16 {
	if e.tls12 {
		return tls.VersionTLS12
	}
	return tls.VersionTLS13
}

// crowd opens one connection more than are used.
func (e *examination) crowd(ctx context.Context) error {
	var others []*session
	defer func() {
		for _, s := range others {
			e.pool.leave(s)
		}
	}()
	for len(others) < e.pool.most {
		s, err := e.pool.login(ctx, e.version(), e.fresh)
		if r, ok := refused(err); ok && crowded(r) {
			n := len(others) + 1
			if n < e.pool.most {
				e.learnt(func(p *profile) { p.Connections = n })
			}
			e.say("connections", connectors.Odd, fmt.Sprintf("%d at once, no more: %s", n, r), "so many are used; a running agent has some of them at this moment")
			return nil
		}
		if err != nil {
			return e.broken("connections", judge(err, entering))
		}
		others = append(others, s)
	}
	e.say("connections", connectors.Fine, fmt.Sprintf("%d at once and perhaps more", len(others)+1), "")
	return nil
}
