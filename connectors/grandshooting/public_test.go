package grandshooting

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/grandshooting/grandshootingsim"
)

// vendorReads reads an address as somebody without a login.
func (w *world) vendorReads(address string) (status int, body string) {
	w.t.Helper()
	resp, err := w.http.Get(address)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// An address works without a login for more than a day, however often it is
// used, and never longer than the platform allows; no use changes the picture.
func TestPublic(t *testing.T) {
	for _, asText := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, how{Options: grandshootingsim.Options{Keep: true, PublicAsText: asText}})
			receipt := w.find(w.mustDeliver("a.jpg", []byte("a picture")))
			address, err := w.public(t.Context(), receipt)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if status, body := w.vendorReads(address); status != 200 || body != "a picture" {
					t.Errorf("as text %v: the vendor got %d %q", asText, status, body)
				}
			}
			time.Sleep(25 * time.Hour)
			if status, _ := w.vendorReads(address); status != 200 {
				t.Errorf("as text %v: after a day and an hour the vendor got %d", asText, status)
			}
			time.Sleep(6 * 24 * time.Hour)
			if status, _ := w.vendorReads(address); status == 200 {
				t.Errorf("as text %v: the address works after seven days", asText)
			}
			if changes := w.sim.StatusChanges(); len(changes) > 0 {
				t.Errorf("as text %v: using the address changed the picture: %+v", asText, changes)
			}
			if strings.Contains(w.log.String(), address) {
				t.Errorf("as text %v: the address is in the log", asText)
			}
		})
	}
}

func TestPublicIsRefused(t *testing.T) {
	tests := map[string]struct {
		options grandshootingsim.Options
		fault   faults.Fault
		id      string // "" means the picture's
		want    error  // nil means later
		says    string
	}{
		"v2 has it not":       {options: grandshootingsim.Options{NoPublicURL: true}, want: connectors.ErrRejected, says: "hands out no public address of picture"},
		"not this method":     {fault: faults.Fault{Status: 405}, want: connectors.ErrRejected, says: "open the call publicurl to account gs"},
		"not built":           {fault: faults.Fault{Status: 501}, want: connectors.ErrRejected, says: "hands out no public address"},
		"no right":            {fault: faults.Fault{Status: 403}, want: connectors.ErrRejected, says: "hands out no public address"},
		"the login":           {fault: faults.Fault{Status: 401}, want: connectors.ErrDenied, says: "check token"},
		"trouble":             {fault: faults.Fault{Status: 503}, says: "in trouble"},
		"the picture is gone": {id: "77", want: connectors.ErrRejected, says: "picture 77"},
		"another host, http":  {options: grandshootingsim.Options{PublicFrom: "ftp://files.example"}, want: connectors.ErrRejected, says: "not with https"},
	}
	for name, tt := range tests {
		w := newWorld(t, how{Options: tt.options})
		receipt := w.find(w.mustDeliver("a.jpg", []byte("a")))
		if tt.id != "" {
			receipt.ID = tt.id
		}
		w.faults.Then("publicurl", tt.fault)
		address, err := w.public(t.Context(), receipt)
		if err == nil || address != "" || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: got %q, %v; want an error that says %q", name, address, err, tt.says)
		}
		for _, kind := range []error{connectors.ErrRejected, connectors.ErrDenied} {
			if errors.Is(err, kind) != (kind == tt.want) {
				t.Errorf("%s: %v: is it %v?", name, err, kind)
			}
		}
	}
	w := newWorld(t, how{})
	if _, err := w.public(t.Context(), connectors.Receipt{Name: "a.jpg"}); err == nil || errors.Is(err, connectors.ErrRejected) || w.sim.Requests("") != 0 {
		t.Errorf("a photo that is not seen yet: %v, want later and nothing asked", err)
	}
}

// No document says what the answer looks like.
func TestAnswersWithAPublicAddress(t *testing.T) {
	const https = "https://files.example/x?signature=abc"
	tests := map[string]struct{ base, body, want string }{
		"text":                      {"https://gs.example/v2", " " + https + "\n", https},
		"JSON text":                 {"https://gs.example/v2", `"` + https + `"`, https},
		"an object":                 {"https://gs.example/v2", `{"publicurl":"` + https + `","validity":259200}`, https},
		"another":                   {"https://gs.example/v2", `{"public_url":"` + https + `"}`, https},
		"one without it":            {"https://gs.example/v2", `{"status":"OK"}`, ""},
		"nothing":                   {"https://gs.example/v2", ``, ""},
		"a word":                    {"https://gs.example/v2", `"OK"`, ""},
		"a path":                    {"https://gs.example/v2", `"/public/1"`, ""},
		"http from afar":            {"https://gs.example/v2", `"http://files.example/x"`, ""},
		"http though not from here": {"http://gs.example/v2", `"http://files.example/x"`, ""},
		"http from here":            {"http://127.0.0.1:1/v2", `"http://127.0.0.1:1/x"`, "http://127.0.0.1:1/x"},
		"with a login":              {"https://gs.example/v2", `"https://me:secret@files.example/x"`, ""},
		"a script":                  {"https://gs.example/v2", `"javascript:alert(1)"`, ""},
	}
	for name, tt := range tests {
		s := setupOf("url: "+tt.base+"\ntoken: env:GS_TOKEN", map[string]string{"b": "production: 1"})
		s.Rate, s.HTTP = quick, &http.Client{Transport: &always{body: tt.body}}
		a, err := newAccount(s)
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.public(t.Context(), connectors.Receipt{ID: "7"})
		if got != tt.want || errors.Is(err, connectors.ErrRejected) != (tt.want == "") {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
