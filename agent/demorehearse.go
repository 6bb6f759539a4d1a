package main

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/studio-agent/studio-agent/agent/config"
)

// A rehearsal rewrites an agent.yaml so that nothing outside of dir is touched:
// all folders, ledger and log lie in dir, accounts lead to remotes, secrets are
// dummies. Almost everything else stays as it is.
type rehearsal struct {
	dir   string
	moved map[string]string // folders of this machine, by what the file calls them
	page  string            // where the page is served
	// attended: there is somebody to be asked before something lands.
	attended bool
}

// pageAddress is where the demo's agent serves its page: for people to come back
// to, the usual address if nothing else has it.
func pageAddress(people bool) string {
	const usual, anyFree = "127.0.0.1:8765", "127.0.0.1:0"
	if !people {
		return anyFree
	}
	l, err := net.Listen("tcp", usual)
	if err != nil {
		return anyFree
	}
	l.Close()
	return usual
}

func (r *rehearsal) rewrite(data []byte, cfg *config.Config, remotes map[string]remote) ([]byte, error) {
	var doc map[string]any
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	doc["ledger"] = filepath.Join(r.dir, "ledger.db")
	doc["quarantine"] = filepath.Join(r.dir, "quarantine")
	doc["page"] = r.page
	doc["log"] = map[string]any{"format": "json"}
	accounts, _ := doc["accounts"].(map[string]any)
	for name, remote := range remotes {
		account, ok := accounts[name].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("accounts.%s is no mapping", name)
		}
		account = withDummies(account).(map[string]any)
		for key, value := range remote.settings {
			account[key] = value
		}
		accounts[name] = account
	}
	benches, _ := doc["benches"].([]any)
	for _, b := range benches {
		if bench, ok := b.(map[string]any); ok {
			r.bench(bench)
		}
	}
	mirrors, _ := doc["mirrors"].([]any)
	for i, m := range mirrors {
		if mirror, ok := m.(map[string]any); ok && i < len(cfg.Mirrors) {
			r.mirror(mirror, movedMirror(r.dir, cfg.Accounts[cfg.Mirrors[i].Account].Type, i, cfg.Mirrors[i]))
		}
	}
	return yaml.Marshal(doc)
}

// bench gives a bench folders in dir. Its production becomes a name, for the
// simulated platform gives numbers of its own. Selects that are no folder stay
// so.
func (r *rehearsal) bench(bench map[string]any) {
	for _, role := range []string{"captures", "selects", "imports", "projects"} {
		folder, ok := bench[role].(map[string]any)
		if !ok {
			continue
		}
		moved := map[string]any{}
		for key, value := range folder {
			moved[key] = value
		}
		if path, given := folder["folder"]; given && path != "" {
			name := role
			if r.attended { // the demo's own, whose folders have names of their own
				name = filepath.Base(fmt.Sprint(path))
			}
			moved["folder"] = r.move(fmt.Sprint(path), fmt.Sprint(bench["name"]), name)
		}
		if role == "imports" {
			r.landing(moved)
			if !r.attended {
				moved["import"] = "auto"
			}
			delete(moved, "expect") // what the simulated retouchers paint is not what a person wants
		}
		bench[role] = moved
	}
	if production := bench["production"]; production != nil {
		bench["production"] = fmt.Sprint(production)
	}
}

// move gives a folder of this machine a new place. Two that were one stay one.
func (r *rehearsal) move(path string, into ...string) string {
	path = filepath.Clean(path)
	if r.moved[path] == "" {
		r.moved[path] = filepath.Join(append([]string{r.dir}, into...)...)
	}
	return r.moved[path]
}

// landing is for a folder that files land in: older versions lie beside it, and
// how much must stay free is said of another disk.
func (r *rehearsal) landing(folder map[string]any) {
	delete(folder, "replaced")
	folder["min_free"] = "1MB"
}

func (r *rehearsal) mirror(mirror map[string]any, moved config.Mirror) {
	mirror["folder"] = r.move(fmt.Sprint(mirror["folder"]), "mirrors", filepath.Base(moved.Path))
	for key, value := range map[string]string{"remote": moved.Remote, "rejected": moved.Rejected} {
		if value != "" {
			mirror[key] = value
		}
	}
	r.landing(mirror)
}

// movedMirror is mirror number i as the agent of the demo has it. A remote folder
// moves only where it lies on this machine.
func movedMirror(dir, accountType string, i int, m config.Mirror) config.Mirror {
	number := fmt.Sprint(i + 1)
	m.Path = filepath.Join(dir, "mirrors", number)
	if accountType == "folder" {
		at := filepath.Join(remoteDir(dir, m.Account), "files", "mirror-"+number)
		if m.Rejected != "" {
			m.Rejected = at + "-rejected"
		}
		m.Remote = at
	}
	return m
}

// remoteDir is what belongs to the remote of an account.
func remoteDir(dir, account string) string { return filepath.Join(dir, "remotes", account) }

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
