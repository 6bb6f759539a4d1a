package main

import (
	"context"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/ftp/ftpsim"
)

// playFTP serves an FTP server on loopback, encrypted as the account has it. The
// authority to trust is in the file ca of the scene's folder.
func playFTP(s scene) (remote, error) {
	var opt struct {
		Folders `yaml:",inline"`
		User    string    `yaml:"user"`
		TLS     string    `yaml:"tls"`
		Rest    yaml.Node `yaml:",inline"`
	}
	if err := s.account.Decode(&opt); err != nil {
		return remote{}, err
	}
	d, err := newDesk(s, opt.Folders, atHome)
	if err != nil {
		return remote{}, err
	}
	sim, err := ftpsim.New(ftpsim.Options{
		Dir: d.root, User: opt.User, Password: demoToken, TLS: ftpsim.Mode(opt.TLS), Faults: s.plan,
		OnEvent: func(e ftpsim.Event) { sawFTP(s, d, e) },
	})
	if err != nil {
		return remote{}, err
	}
	p, err := openPort()
	if err != nil {
		return remote{}, err
	}
	settings := map[string]any{"host": p.address(), "password": "env:" + demoVariable, "server_name": ""}
	if authority := sim.CA(); len(authority) > 0 {
		file := filepath.Join(s.dir, "ca")
		if err := os.WriteFile(file, authority, 0o600); err != nil {
			return remote{}, err
		}
		settings["ca"] = file
	}
	return remote{
		settings: settings, holds: d.holds, desk: d, outage: p.outage,
		serve: func(ctx context.Context) error {
			return p.during(ctx, func() error { return sim.Serve(p) }, func() { sim.Close() })
		},
	}, nil
}

// sawFTP tells of photos that got their final names, and of trouble. A reply that
// was lost has code 0: the file itself shows what was done.
func sawFTP(s scene, d *desk, e ftpsim.Event) {
	sight := sighting{account: s.account.Name, at: e.At}
	if e.Command == "RNTO" {
		f, ok := d.arrived(atHome(e.Path), e.Code == 250)
		switch {
		case ok && e.Code == 0:
			sight.fault.LoseReply = true
		case ok && e.Code != 250:
			sight.fault.FailAfter = e.Code
		}
		if ok {
			s.saw(d.sight(sight, f))
			return
		}
	}
	op, disturbed := map[string]string{"PASS": opLogin, "STOR": opUpload, "RNTO": opUpload, "RETR": opFetch, "LIST": "list", "MLSD": "list"}[e.Command]
	if sight.op = op; !disturbed || e.Code != 0 && e.Code < 400 {
		return
	}
	if sight.fault = (faults.Fault{Status: e.Code}); e.Code == 0 {
		sight.fault = faults.Fault{Cut: -1}
	}
	s.saw(sight)
}
