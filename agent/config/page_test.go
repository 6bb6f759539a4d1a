package config

import (
	"strings"
	"testing"
)

func TestThePageIsForThisMachineUnlessThereIsALogin(t *testing.T) {
	const rest = "\nname: a\naccounts: {nas: {type: folder, put: /nas}}\nbenches: [{name: b, captures: {folder: /hot, to: [nas]}}]\n"
	tests := []struct {
		yaml string
		want Page   // if it is taken
		err  string // part of the message; empty if it is taken
	}{
		{"", Page{Listen: "127.0.0.1:8765"}, ""},
		{"page: 127.0.0.1:9000", Page{Listen: "127.0.0.1:9000"}, ""},
		{"page: '[::1]:9000'", Page{Listen: "[::1]:9000"}, ""},
		{"page: localhost:0", Page{Listen: "localhost:0"}, ""},
		{"page: off", Page{Off: true}, ""},
		{"page: {listen: '0.0.0.0:80', password: 'file:/p'}", Page{Listen: "0.0.0.0:80", Password: "file:/p"}, ""},
		{"page: {listen: ':80', token: 'env:T'}", Page{Listen: ":80", Token: "env:T"}, ""},
		{"page: {password: 'file:/p'}", Page{Listen: "127.0.0.1:8765", Password: "file:/p"}, ""},
		{"page: 0.0.0.0:8765", Page{}, "needs a login"},
		{"page: ':8765'", Page{}, "needs a login"},
		{"page: 192.168.1.4:8765", Page{}, "needs a login"},
		{"page: 8765", Page{}, "is no address"},
		{"page: {listen: nowhere}", Page{}, "is no address"},
		{"page: {port: 1}", Page{}, "unknown key"},
	}
	for _, tt := range tests {
		cfg, err := Parse("agent.yaml", []byte(tt.yaml+rest))
		switch {
		case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%s: %v, want %q", tt.yaml, err, tt.err)
		case tt.err == "" && err != nil:
			t.Errorf("%s: %v", tt.yaml, err)
		case tt.err == "":
			got := cfg.Page
			if got.Listen != tt.want.Listen || got.Off != tt.want.Off || got.Password != tt.want.Password {
				t.Errorf("%s: %+v, want %+v", tt.yaml, got, tt.want)
			}
		}
	}
}
