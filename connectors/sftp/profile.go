package sftp

import (
	"encoding/json"
	"fmt"

	"github.com/studio-agent/studio-agent/connectors"
)

// profileKey is where Examine keeps in Setup.Memory what transfers obey.
const profileKey = "profile"

// A profile is what a server was found to be. The zero profile is a server that
// does all that it offers, and whose rename replaces nothing, as the protocol
// wants it.
type profile struct {
	RenameReplaces bool `json:"rename_replaces,omitempty"` // a plain rename replaces what is there
	NoPosixRename  bool `json:"no_posix_rename,omitempty"` // it is not offered, or does not work
	NoFsync        bool `json:"no_fsync,omitempty"`        // likewise
	ForgetsTimes   bool `json:"forgets_times,omitempty"`   // of files, when a client sets them
	MaxConnections int  `json:"max_connections,omitempty"` // 0: as many as the account may have
}

func recallProfile(m connectors.Memory) (profile, error) {
	var p profile
	text, err := m.Recall(profileKey)
	if err != nil || text == "" {
		return p, err
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("what was kept of the server is damaged; run doctor again: %w", err)
	}
	return p, nil
}

func (p profile) keep(m connectors.Memory) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return m.Keep(profileKey, string(text))
}
