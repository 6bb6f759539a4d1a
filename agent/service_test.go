package main

import (
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/agent/config"
)

func TestAServiceIsNotInstalledWhereItCannotWrite(t *testing.T) {
	tests := []struct {
		system, ledger, log string
		want                string // in the error; empty for none
	}{
		{"linux", "/var/lib/studio-agent/ledger.db", "", ""},
		{"linux", "/srv/etc/ledger.db", "/var/log/agent.log", ""},
		{"linux", "/etc/studio-agent/state/ledger.db", "", "set `ledger: /var/lib/studio-agent/ledger.db`"},
		{"linux", "/var/lib/studio-agent/ledger.db", "/etc/studio-agent/agent.log", "set `log.file: /var/lib/studio-agent/agent.log`"},
		{"darwin", "/etc/studio-agent/state/ledger.db", "", ""},
	}
	for _, test := range tests {
		err := writableByService(test.system, &config.Config{Ledger: test.ledger, Log: config.Log{File: test.log}})
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%+v: %v", test, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%+v: %v, want %q in it", test, err, test.want)
		}
	}
}
