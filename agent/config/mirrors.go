package config

import (
	"strings"
	"time"
)

// Directions of a mirror.
const (
	Get = "get" // remote to local
	Put = "put" // local to remote
)

// A Mirror is a remote folder and a local one that are kept alike in one
// direction. Paths are kept, and nothing is ever deleted on either side.
type Mirror struct {
	// Account has the remote folder.
	Account string `yaml:"account" required:"true"`
	// Direction is get, from the remote to the local folder, or put.
	Direction string `yaml:"direction" required:"true" oneof:"get|put"`
	// Remote is the remote folder. Layout may say it.
	Remote string `yaml:"remote"`
	// Path is the local folder.
	Path string `yaml:"folder" required:"true"`
	// Layout is a set of defaults: plain; grandshooting, whose folders need no
	// more than plain; creativeforce, whose folders are called Upload, Download
	// and Rejection and are complete when their transfer_completed.log is there.
	Layout string `yaml:"layout" default:"plain" oneof:"plain|grandshooting|creativeforce"`
	// Rejected is the remote folder where refused work is put; it comes back
	// into the folder Rejection of the local one, for a new round. Of a get only.
	Rejected string `yaml:"rejected"`
	// Ready says when a remote file is complete: rest, when it does not change
	// any more; log, when a …transfer_completed.log lies in its folder or above;
	// marker, when NAME.done lies beside it. Of a get only. Default: rest.
	Ready string `yaml:"ready" oneof:"rest|log|marker"`
	// Include and Exclude are globs, as those of a hot folder.
	Include []string `yaml:"include"`
	Exclude []string `yaml:"exclude"`
	// Rescan is how often the local folder of a put is read, whatever the system told.
	Rescan  time.Duration `yaml:"rescan" default:"60s" range:"1s..24h"`
	Landing `yaml:",inline"`
}

// preset fills in what the layout says and the file does not. A folder account
// has no root of its own that the layout's folders could lie in.
func (m *Mirror) preset(typ string) {
	get := m.Direction == Get
	if m.Layout == "creativeforce" && get {
		m.Ready = or(m.Ready, "log")
	}
	if m.Layout == "creativeforce" && typ != "folder" {
		if get {
			m.Remote, m.Rejected = or(m.Remote, "/Upload"), or(m.Rejected, "/Rejection")
		} else {
			m.Remote = or(m.Remote, "/Download")
		}
	}
	if m.Direction == Get {
		m.Ready = or(m.Ready, "rest")
	}
}

func or(given, preset string) string {
	if given == "" {
		return preset
	}
	return given
}

// putSettle is how long a file in a mirrored folder rests, if settle is not given.
const putSettle = 250 * time.Millisecond

func (m Mirror) hotFolder() HotFolder {
	settle := m.Settle
	if settle == 0 {
		settle = putSettle
	}
	return HotFolder{Role: MirrorRole, Remote: m.Remote, Folder: Folder{
		Path: m.Path, To: []string{m.Account}, Settle: settle, Include: m.Include, Exclude: m.Exclude,
		Existing: m.Existing, HoldAbove: m.HoldAbove, Renamed: "send", Rescan: m.Rescan, Metadata: "send",
	}}
}

// sameRemote reports whether a and b are one remote folder, or one lies in the
// other.
func sameRemote(a, b string) bool {
	a, b = strings.Trim(a, "/")+"/", strings.Trim(b, "/")+"/"
	return strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
}
