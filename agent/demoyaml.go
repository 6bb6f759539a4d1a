package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors/all"
)

// demoYAML is what the demo runs if nobody gives it an agent.yaml.
const demoYAML = `# The demo's agent.yaml; agent.yaml.example explains the keys.
name: demo-studio
accounts:
  platform:
    type: grandshooting
    url: https://api-13.grand-shooting.com/v2
    token: env:GS_TOKEN
    # In earnest 10 s: a platform may show a photo some time after it took it. The
    # simulated one shows it at once, and the demo must end within 90 s.
    recheck: 1s
benches:
  - name: packshot-1
    production: Packshots autumn
    captures: {folder: packshot-1/captures, to: [platform]}
    selects:  {folder: packshot-1/selects, to: [platform]}
  - name: packshot-2
    production: Shoes autumn
    names: '^(?P<ref>[^_]+)_[0-9]+\.jpg$'
    captures: {folder: packshot-2/captures, to: [platform]}
`

// readConfig checks an agent.yaml, or the demo's own if file is empty.
func readConfig(file string) (*config.Config, []byte, error) {
	data := []byte(demoYAML)
	if file == "" {
		file = "agent.yaml"
	} else {
		var err error
		if data, err = os.ReadFile(file); err != nil {
			return nil, nil, fmt.Errorf("the configuration cannot be read: %w", err)
		}
	}
	cfg, err := config.Parse(file, data, all.Registry().Types()...)
	return cfg, data, err
}

// rehearse rewrites an agent.yaml so that nothing outside of dir is touched: hot
// folders, ledger and log lie in dir, accounts lead to remotes, secrets are
// dummies. Everything else stays as it is.
func rehearse(data []byte, dir string, remotes map[string]remote) ([]byte, error) {
	var doc map[string]any
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	doc["ledger"] = filepath.Join(dir, "ledger.db")
	doc["log"] = map[string]any{"format": "json"}
	accounts, _ := doc["accounts"].(map[string]any)
	for name, r := range remotes {
		account, ok := accounts[name].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("accounts.%s is no mapping", name)
		}
		account = withDummies(account).(map[string]any)
		for key, value := range r.settings {
			account[key] = value
		}
		accounts[name] = account
	}
	benches, _ := doc["benches"].([]any)
	for _, b := range benches {
		if bench, ok := b.(map[string]any); ok {
			moveBench(bench, dir)
		}
	}
	return yaml.Marshal(doc)
}

// moveBench gives a bench hot folders in dir. Its production becomes a name, for
// the simulated platform gives numbers of its own.
func moveBench(bench map[string]any, dir string) {
	for _, role := range []string{"captures", "selects"} {
		if folder, ok := bench[role].(map[string]any); ok {
			moved := map[string]any{}
			for key, value := range folder {
				moved[key] = value
			}
			moved["folder"] = filepath.Join(dir, fmt.Sprint(bench["name"]), role)
			bench[role] = moved
		}
	}
	if production := bench["production"]; production != nil {
		bench["production"] = fmt.Sprint(production)
	}
}

// withDummies replaces every reference to a secret.
func withDummies(value any) any {
	switch v := value.(type) {
	case string:
		for _, kind := range []string{"env:", "file:", "credential:"} {
			if strings.HasPrefix(v, kind) {
				return "env:" + demoVariable
			}
		}
	case map[string]any:
		fresh := map[string]any{}
		for key, inner := range v {
			fresh[key] = withDummies(inner)
		}
		return fresh
	case []any:
		var fresh []any
		for _, inner := range v {
			fresh = append(fresh, withDummies(inner))
		}
		return fresh
	}
	return value
}

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
		s := scene{account: account, dir: filepath.Join(d.dir, "remotes", name), plan: d.plan, saw: d.saw}
		for _, b := range cfg.Benches {
			if sendsTo(b, name) {
				s.benches = append(s.benches, b)
			}
		}
		var err error
		if d.remotes[name], err = play(s); err != nil {
			return nil, fmt.Errorf("account %s: %w", name, err)
		}
	}
	copied, err := rehearse(data, d.dir, d.remotes)
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

// makeFolders makes the hot folders, and refuses any that is not the demo's.
func makeFolders(cfg *config.Config, dir string) error {
	for _, f := range cfg.HotFolders() {
		if inside, err := filepath.Rel(dir, f.Path); err != nil || !filepath.IsLocal(inside) {
			return fmt.Errorf("the demo would touch %s, which is not its own", f.Path)
		}
		if err := os.MkdirAll(f.Path, 0o755); err != nil {
			return err
		}
	}
	return nil
}
