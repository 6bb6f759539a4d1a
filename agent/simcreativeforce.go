package main

import (
	"context"
	"encoding/base64"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/studio-agent/studio-agent/connectors/creativeforce/creativeforcesim"
)

// simRate is how many requests a second the simulated Creative Force takes, and the
// agent of the demo makes: in earnest 20 and 10, but the demo must end in time.
const simRate, simAgentRate = 60, 30

// playCreativeForce serves Creative Force on loopback, with an empty list of tasks.
// What stands in no document and would differ from the simulated one is left out
// of a person's account.
func playCreativeForce(s scene) (remote, error) {
	var opt struct {
		Vendor string    `yaml:"vendor"`
		Rest   yaml.Node `yaml:",inline"`
	}
	if err := s.account.Decode(&opt); err != nil {
		return remote{}, err
	}
	sim := creativeforcesim.New(creativeforcesim.Options{
		ClientID: demoToken, ClientSecret: demoToken, Vendor: opt.Vendor, WebhookSecret: base64.StdEncoding.EncodeToString([]byte(demoToken)),
		Rate: simRate, Faults: s.plan, OnEvent: func(e creativeforcesim.Event) { sawCreativeForce(s, e) },
	})
	p, err := openPort()
	if err != nil {
		return remote{}, err
	}
	h := &handout{account: s.account.Name, sim: sim}
	return remote{
		settings: map[string]any{
			"url": "http://" + p.address() + "/v1", "token_url": "http://" + p.address() + "/connect/token",
			"client_id": "env:" + demoVariable, "client_secret": "env:" + demoVariable, "scope": "",
			"webhook_secret": "env:" + demoVariable, "webhook_key": "text", "webhook_header": "", "webhook_hash": "",
			"paths": map[string]any{}, "statuses": map[string]any{}, "unknown_assets": nil, "md5": "", "file_type": 0,
			"poll": "2s", "rate": simAgentRate, "submit_delay": "500ms", "submit_doubt": "2s", // they must end in time
		},
		serve: func(ctx context.Context) error {
			return p.during(ctx, func() error { return sim.Serve(p) }, func() { sim.Close() })
		},
		holds: h.holds, outage: p.outage, tasks: h,
		traffic: func() string {
			most, tooMany := sim.Busiest()
			return fmt.Sprintf("%s answered %s: at most %d in a second, and %d got 429 for coming too fast",
				s.account.Name, count(sim.Requests(""), "request"), most, tooMany)
		},
	}, nil
}

// sawCreativeForce tells of outputs that were uploaded, and of trouble.
func sawCreativeForce(s scene, e creativeforcesim.Event) {
	sight := sighting{account: s.account.Name, at: e.At, op: e.Op, fault: e.Fault}
	switch e.Op {
	case "put":
		sight.op = opUpload
		if e.File.SHA256 != "" {
			sight.sha, sight.name, sight.where = e.File.SHA256, e.File.Name, "uploaded"
		}
	case "download":
		sight.op = opFetch
	case "token":
		sight.op = opLogin
	case "submit":
		sight.op = opSubmit
	}
	if sight.sha != "" || !sight.fault.Zero() {
		s.saw(sight)
	}
}
