package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/agent/config"
)

func TestCheckTellsWhetherThePageCanBeServed(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	go http.Serve(other, http.NotFoundHandler())
	ours := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"status":"ok"}`) }))
	defer ours.Close()
	tools := toolbox{secrets: config.NewSecrets("agent.yaml")}
	for _, tt := range []struct {
		name string
		page config.Page
		want string // begins the report
	}{
		{"off", config.Page{Off: true, Listen: "nonsense"}, ""},
		{"a free address", config.Page{Listen: "127.0.0.1:0"}, signFine + " page: 127.0.0.1:0\n"},
		{"an agent serves there", config.Page{Listen: ours.Listener.Addr().String()}, signFine + " page: " + ours.Listener.Addr().String() + ", served by"},
		{"somebody else does", config.Page{Listen: other.Addr().String()}, signNeeds + " page: listen tcp"},
		{"a password that is not there", config.Page{Listen: "127.0.0.1:0", Password: "env:NO_SUCH_PASSWORD"}, signNeeds + " page: "},
	} {
		var out strings.Builder
		(&report{out: &out}).page(tools, tt.page)
		if got := out.String(); !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
