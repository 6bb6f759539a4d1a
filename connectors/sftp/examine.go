package sftp

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/studio-agent/studio-agent/connectors"
)

// An examination tries out what a server can do.
type examination struct {
	pool   *pool
	memory connectors.Memory
	puts   []string
	places []place
}

// run is Connector.Examine. It works in a hidden folder of its own, on one of
// the account's connections: the server may grant no other.
func (e examination) run(ctx context.Context, tell func(connectors.Finding)) error {
	loggedIn := false
	var found profile
	err := e.pool.do(ctx, func(c *conn) error {
		loggedIn, found = true, c.profile
		tell(greeting(c))
		tell(extensions(c))
		for _, p := range e.places {
			tell(listed(ctx, c, p))
		}
		if err := e.write(ctx, c, &found, tell); err != nil {
			return err
		}
		finding, most, err := e.connections(ctx)
		if err != nil {
			return err
		}
		tell(finding)
		found.MaxConnections = most
		return nil
	})
	if !loggedIn && err != nil {
		tell(connectors.Finding{What: "log in", Health: connectors.Broken, Text: err.Error()})
	}
	if err != nil {
		return err
	}
	return found.keep(e.memory)
}

// write tries the folders to deliver to.
func (e examination) write(ctx context.Context, c *conn, found *profile, tell func(connectors.Finding)) error {
	for i, dir := range e.puts {
		t := trial{ctx: ctx, c: c, base: dir, tell: tell, found: found}
		if i > 0 { // the server is the same: only whether this folder can be written to
			t.writable()
		} else if err := t.run(); err != nil {
			return err
		}
	}
	return nil
}

func greeting(c *conn) connectors.Finding {
	text := string(c.shell.ServerVersion()) + ", host key " + c.hostKey.Type() + " " + ssh.FingerprintSHA256(c.hostKey)
	if used, ok := c.shell.Conn.(ssh.AlgorithmsConnMetadata); ok {
		text += ", " + used.Algorithms().Write.Cipher
	}
	return connectors.Finding{What: "log in", Text: text}
}

// extensions lists those of OpenSSH that matter here.
func extensions(c *conn) connectors.Finding {
	var has, lacks []string
	for _, name := range []string{posixRename, fileSync, statVFS} {
		short, _, _ := strings.Cut(name, "@")
		if c.offers(name) {
			has = append(has, short)
		} else {
			lacks = append(lacks, short)
		}
	}
	f := connectors.Finding{What: "extensions", Text: "offers " + words(has)}
	if len(lacks) > 0 {
		f.Health, f.Text = connectors.Odd, f.Text+"; lacks "+words(lacks)
		f.Advice = "The agent does without them."
	}
	return f
}

func words(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

func listed(ctx context.Context, c *conn, p place) connectors.Finding {
	f := connectors.Finding{What: "list " + p.dir}
	if err := listable(ctx, c, p); err != nil {
		f.Health, f.Text = connectors.Broken, err.Error()
		return f
	}
	start := time.Now()
	entries, err := c.ReadDirContext(ctx, p.dir)
	if err != nil { // of a place that may be missing
		f.Text = "not there yet"
		return f
	}
	f.Text = fmt.Sprintf("%d entries in %d ms", len(entries), time.Since(start).Milliseconds())
	return f
}

// connections opens one more than the account may have. most is what the server
// takes if that is fewer, and else 0.
func (e examination) connections(ctx context.Context) (_ connectors.Finding, most int, _ error) {
	want, own := cap(e.pool.idle), e.pool.opened()
	var more []*conn
	defer func() {
		for _, c := range more {
			c.wire.Close()
		}
	}()
	var refusal error
	for own+len(more) <= want && refusal == nil {
		c, err := e.pool.dial(ctx, 0)
		if err == nil {
			more = append(more, c)
		}
		refusal = err
	}
	if err := ctx.Err(); err != nil {
		return connectors.Finding{}, 0, err
	}
	there := own + len(more)
	f := connectors.Finding{What: "connections", Text: fmt.Sprintf("%d at the same time", there)}
	if there >= want {
		return f, 0, nil
	}
	f.Health = connectors.Odd
	f.Text += fmt.Sprintf(", the next is refused: %v", refusal)
	f.Advice = fmt.Sprintf("The agent opens no more than %d, though connections: allows %d. If the agent was at work meanwhile, stop it and run doctor again.", there, want)
	return f, there, nil
}
