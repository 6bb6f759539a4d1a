// Package all lists the connectors that the program knows, one line each.
package all

import (
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/folder"
	"github.com/studio-agent/studio-agent/connectors/ftp"
	"github.com/studio-agent/studio-agent/connectors/grandshooting"
	"github.com/studio-agent/studio-agent/connectors/pixelz"
	"github.com/studio-agent/studio-agent/connectors/sftp"
)

// Registry is every type that agent.yaml can name. creativeforce and
// medialoopster are not among them until the agent drives what is theirs alone:
// tasks that it receives, and edit projects.
func Registry() connectors.Registry {
	return connectors.Registry{
		folder.Factory,
		ftp.Factory,
		grandshooting.Factory,
		pixelz.Factory,
		sftp.Factory,
	}
}
