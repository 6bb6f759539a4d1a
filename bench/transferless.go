//go:build linux && !integration

package main

import "errors"

func transfer(string, []string) error {
	return errors.New("it needs the servers of package integration: go run -tags integration ./bench transfer")
}
