package medialoopstersim

import (
	"net"
	"net/http"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// Pipe is faults.Pipe.
func Pipe() (net.Listener, *http.Client) { return faults.Pipe() }
