//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// onHangup tells of SIGHUP, by which administrators ask a service to read its
// configuration again.
func onHangup() (<-chan os.Signal, func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	return c, func() { signal.Stop(c) }
}
