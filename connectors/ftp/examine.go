package ftp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// An examination tries out one server. It knows nothing from before, and what it
// finds becomes the profile.
type examination struct {
	*account
	*session
	tell  func(connectors.Finding)
	fresh *book
	tls12 bool
	dir   string   // where it may write; absolute
	made  []string // files and, later, the folder that are to be removed
}

// examine tells what the server can do and keeps the profile that transfers
// obey. It writes only where photos are delivered.
func (a *account) examine(ctx context.Context, tell func(connectors.Finding)) error {
	if err := a.pool.begin(); err != nil {
		return err
	}
	free, err := a.pool.reserve(ctx)
	if err != nil {
		return err
	}
	defer free()
	e := &examination{account: a, tell: tell}
	e.fresh = &book{memory: new(connectors.ShortMemory), log: slog.New(slog.DiscardHandler), loaded: true}
	if err := e.login(ctx, tls.VersionTLS13); err != nil {
		return e.broken("log in", judge(err, entering))
	}
	defer func() { e.pool.leave(e.session) }()
	e.security()
	e.say("features", connectors.Fine, strings.Join(e.heard.features, ", "), "")
	steps := []func(context.Context) error{e.lists}
	if dirs := a.putFolders(); len(dirs) > 0 {
		e.dir = e.path(dirs[0])
		steps = append(steps, e.uploads, e.times, e.folders, e.renames, e.names, e.removes, e.commands)
	}
	for _, step := range append(steps, e.crowd) {
		if err := e.run(ctx, func(*session) error { return step(ctx) }); err != nil {
			e.clean()
			return err
		}
	}
	return e.keep()
}

func (e *examination) login(ctx context.Context, most uint16) (err error) {
	e.session, err = e.pool.login(ctx, most, e.fresh)
	if err == nil {
		e.say("log in", connectors.Fine, fmt.Sprintf("as %s, in %s", e.User, e.home), "")
	}
	return err
}

func (e *examination) say(what string, health connectors.Health, text, advice string) {
	e.tell(connectors.Finding{What: what, Health: health, Text: text, Advice: advice})
}

// broken tells what keeps photos from travelling, and is the end.
func (e *examination) broken(what string, err error) error {
	e.say(what, connectors.Broken, err.Error(), "")
	return fmt.Errorf("%s: %w", what, err)
}

func (e *examination) security() {
	if e.TLS == tlsPlain {
		e.say("encryption", connectors.Odd, "none: password and pictures can be read on the way", "say tls: explicit if the server can")
		return
	}
	state, _ := e.session.security()
	ends := state.PeerCertificates[0].NotAfter
	text := fmt.Sprintf("%s, certificate until %s", tls.VersionName(state.Version), ends.Format("2006-01-02"))
	if time.Until(ends) < 30*24*time.Hour {
		e.say("encryption", connectors.Odd, text, "the certificate ends soon: ask the vendor to renew it")
		return
	}
	e.say("encryption", connectors.Fine, text, "")
}

// lists looks at all folders of the account.
func (e *examination) lists(context.Context) error {
	kind, health, advice := "MLSD, times to the second", connectors.Fine, ""
	if !e.conn.IsTimePreciseInList() {
		kind, health, advice = "LIST, times to the minute", connectors.Odd, "each new file is asked for its exact time"
		if !e.conn.IsGetTimeSupported() {
			advice = "a rewrite of the same size within a minute goes unnoticed"
		}
	}
	for _, dir := range e.putFolders() {
		if err := e.chdir(e.path(dir)); err != nil {
			return e.broken("folder "+dir, judge(err, probing))
		}
	}
	for _, r := range e.roots() {
		if _, err := e.session.list(e.path(r.dir)); err != nil && !r.rejected {
			return e.broken("list "+r.dir, judge(err, probing))
		}
	}
	e.say("listing", health, kind, advice)
	return nil
}

const scratch = "studio-agent-doctor"

// put stores a small file and remembers to remove it.
func (e *examination) put(name string) (string, error) {
	name = path.Join(e.dir, name)
	err := e.store(name, []byte(scratch))
	if err == nil && !slices.Contains(e.made, name) {
		e.made = append(e.made, name)
	}
	return name, err
}

func (e *examination) uploads(ctx context.Context) error {
	name, err := e.put(scratch)
	if brokenTLS(err) && e.isTLS13() {
		e.pool.leave(e.session)
		if err := e.login(ctx, tls.VersionTLS12); err != nil {
			return e.broken("log in with TLS 1.2", judge(err, entering))
		}
		defer context.AfterFunc(ctx, e.session.cut)()
		if name, err = e.put(scratch); err == nil {
			e.tls12 = true
			e.say("TLS 1.3", connectors.Odd, "breaks uploads with this server", "TLS 1.2 is used")
		}
	}
	if err != nil {
		return e.broken("upload", judge(err, probing))
	}
	if _, reused := e.session.security(); e.TLS != tlsPlain {
		e.say("upload", connectors.Fine, fmt.Sprintf("works; TLS session reused for data: %v", reused), "")
	} else {
		e.say("upload", connectors.Fine, "works", "")
	}
	if _, err := e.put("." + scratch); forGood(err) {
		e.learnt(func(p *profile) { p.NoDots = true })
		e.say("names with a dot", connectors.Odd, err.Error(), "temporary files are named studio-….part")
	} else if err != nil {
		return err
	}
	return e.sizes(name)
}

func (e *examination) sizes(name string) error {
	n, err := e.conn.FileSize(name)
	switch err := e.heard.told(err); {
	case err == nil && n == int64(len(scratch)):
		e.say("SIZE", connectors.Fine, "tells the size of what was stored", "")
	case err == nil:
		return e.broken("SIZE", fmt.Errorf("tells %d bytes of %d that were stored; no upload can be verified", n, len(scratch)))
	case !forGood(err):
		return err
	case e.conn.IsTimePreciseInList():
		e.say("SIZE", connectors.Odd, err.Error(), "MLST is used")
	default:
		e.learnt(func(p *profile) { p.NoSize = true })
		e.say("SIZE", connectors.Odd, err.Error(), "the folder is listed instead; names that begin with a dot cannot be sent")
	}
	return nil
}

func (e *examination) learnt(correct func(*profile)) {
	e.fresh.learn("doctor", correct) // a ShortMemory forgets nothing and refuses nothing
}

// keep makes what was found the profile.
func (e *examination) keep() error {
	found := e.fresh.profile()
	known := ""
	if e.tls12 {
		known = "yes"
	}
	if e.TLS != tlsPlain && e.dir != "" { // without an upload nothing was learnt of it
		e.pool.atMostTLS12(e.tls12)
		if err := e.memory.Keep(tls12Key, known); err != nil {
			return err
		}
	}
	return e.pool.book.learn("doctor has run", func(p *profile) { *p = found })
}

// clean removes what was made, the last first, and says what could not be.
func (e *examination) clean() (left []string, err error) {
	for _, name := range slices.Backward(e.made) {
		failed := e.remove(name)
		if _, gone := refused(failed, 550); gone {
			if _, there, _ := e.stat(name); !there {
				continue
			}
		}
		if failed != nil {
			left, err = append(left, name), errors.Join(err, failed)
		}
	}
	e.made = nil
	return left, err
}
