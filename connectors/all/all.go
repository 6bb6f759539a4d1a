// Package all lists the connectors that the program knows, one line each.
package all

import (
	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/creativeforce"
	"github.com/studio-agent/studio-agent/connectors/folder"
	"github.com/studio-agent/studio-agent/connectors/ftp"
	"github.com/studio-agent/studio-agent/connectors/grandshooting"
	"github.com/studio-agent/studio-agent/connectors/medialoopster"
	"github.com/studio-agent/studio-agent/connectors/pixelz"
	"github.com/studio-agent/studio-agent/connectors/sftp"
)

// Registry is every type that agent.yaml can name.
func Registry() connectors.Registry {
	return connectors.Registry{
		creativeforce.Factory,
		folder.Factory,
		ftp.Factory,
		grandshooting.Factory,
		medialoopster.Factory,
		pixelz.Factory,
		sftp.Factory,
	}
}
