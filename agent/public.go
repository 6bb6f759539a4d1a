package main

import (
	"context"
	"slices"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/sync/outbound"
)

// public finds, for a photo that goes to a retoucher, an address at which another
// account lets it be read. It is nil where nobody would ask: the account gives
// nothing back, or no other account hands out addresses.
func (a *agent) public(cfg *config.Config, account string, made map[string]connection) func(context.Context, ledger.Job) (func(context.Context) (string, error), error) {
	hosts := publicHosts(made)
	hosts = slices.DeleteFunc(hosts, func(name string) bool { return name == account })
	vendor := slices.ContainsFunc(cfg.Benches, func(b config.Bench) bool { return importsFrom(b, account) })
	if len(hosts) == 0 || !vendor {
		return nil
	}
	return func(ctx context.Context, j ledger.Job) (func(context.Context) (string, error), error) {
		waits := ""
		for _, host := range hosts {
			there, err := a.ledger.Content(ctx, host, j.Bench, j.Digests.SHA256)
			if err != nil {
				return nil, err
			}
			for _, d := range there {
				if d.State == ledger.Done {
					return func(ctx context.Context) (string, error) { return made[host].Public(ctx, d.Receipt) }, nil
				}
				waits = host
			}
		}
		if waits == "" {
			return nil, nil
		}
		return func(context.Context) (string, error) {
			return "", outbound.NotYet("it waits until " + waits + " has the picture, from where it is read")
		}, nil
	}
}

// publicHosts are the accounts that hand out addresses, sorted.
func publicHosts(made map[string]connection) (names []string) {
	for _, name := range sortedKeys(made) {
		if made[name].Public != nil {
			names = append(names, name)
		}
	}
	return names
}

// publicPrint tells apart what those accounts are made from.
func publicPrint(made map[string]connection) (print string) {
	for _, name := range publicHosts(made) {
		print += made[name].print
	}
	return print
}
