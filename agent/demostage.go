package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors/all"
)

// stage makes the remotes of cfg's accounts and writes the agent.yaml that leads
// to them. It returns that one, loaded.
func (d *demo) stage(cfg *config.Config, data []byte) (*config.Config, error) {
	d.remotes = map[string]remote{}
	for _, name := range sortedKeys(cfg.Accounts) {
		account := cfg.Accounts[name]
		play, ok := simulators()[account.Type]
		if !ok {
			return nil, fmt.Errorf("account %s: there is no simulator for type %s, only for %v", name, account.Type, sortedKeys(simulators()))
		}
		s := scene{
			account: account, dir: remoteDir(d.dir, name), saw: d.saw, attended: d.config == "", watched: d.stay,
			returned: func(original, retouched string) { d.ready(name, original, retouched) },
		}
		if d.chaos {
			s.plan = plague(account.Type, d.seed)
		}
		for _, b := range cfg.Benches {
			if sendsTo(b, name) || importsFrom(b, name) {
				s.benches = append(s.benches, b)
			}
		}
		for i, m := range cfg.Mirrors {
			if m.Account == name {
				s.mirrors = append(s.mirrors, movedMirror(d.dir, account.Type, i, m))
			}
		}
		var err error
		if d.remotes[name], err = play(s); err != nil {
			return nil, fmt.Errorf("account %s: %w", name, err)
		}
	}
	r := &rehearsal{dir: d.dir, moved: map[string]string{}, page: pageAddress(d.stay), attended: d.config == ""}
	copied, err := r.rewrite(data, cfg, d.remotes)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(d.dir, "agent.yaml")
	if err := os.WriteFile(file, copied, 0o600); err != nil {
		return nil, err
	}
	staged, err := config.Load(file, all.Registry().Types()...)
	if err != nil {
		return nil, err
	}
	return staged, makeFolders(staged, d.dir)
}

// makeFolders makes the folders that the agent watches or fills, and refuses any
// that is not the demo's.
func makeFolders(cfg *config.Config, dir string) error {
	watched, others := foldersOf(cfg)
	for _, path := range append(watched, others...) {
		if inside, err := filepath.Rel(dir, path); err != nil || !filepath.IsLocal(inside) {
			return fmt.Errorf("the demo would touch %s, which is not its own", path)
		}
	}
	for _, path := range watched {
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// foldersOf are the folders that must be there, and those that the agent makes
// if it needs them.
func foldersOf(cfg *config.Config) (must, may []string) {
	for _, f := range cfg.HotFolders() {
		must = append(must, f.Path)
	}
	for _, b := range cfg.Benches {
		if b.Imports != nil {
			must, may = append(must, b.Imports.Path), append(may, b.Imports.Replaced)
		}
	}
	for _, m := range cfg.Mirrors {
		if m.Direction == config.Get {
			must, may = append(must, m.Path), append(may, m.Replaced)
		}
	}
	return must, append(may, cfg.Quarantine)
}
