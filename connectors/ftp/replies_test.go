package ftp

import (
	"errors"
	"fmt"
	"net/textproto"
	"strings"
	"testing"

	"github.com/studio-agent/studio-agent/connectors"
)

const (
	denied   = "denied"
	rejected = "rejected"
	later    = "later"
)

func meaning(err error) string {
	switch {
	case err == nil:
		return "fine"
	case errors.Is(err, connectors.ErrDenied):
		return denied
	case errors.Is(err, connectors.ErrRejected):
		return rejected
	}
	return later
}

// The table of judge.
func TestWhatRepliesMean(t *testing.T) {
	for _, c := range []struct {
		code                       int
		text                       string
		entering, probing, working string
		says                       string
	}{
		{421, "Timeout.", later, later, later, "421"},
		{421, "There are too many connected users.", later, later, later, "too many users"},
		{425, "Can't open data connection.", later, later, later, "firewall"},
		{426, "Broken pipe.", later, later, later, "426"},
		{450, "Busy.", later, later, later, "450"},
		{451, "Local error.", later, later, later, "451"},
		{452, "No space.", later, later, later, "make room"},
		{552, "Quota exceeded.", later, later, later, "make room"},
		{530, "Login incorrect.", denied, denied, later, "530"},
		{430, "Invalid username or password.", denied, denied, later, "430"},
		{332, "Need account.", denied, denied, later, "332"},
		{532, "Need account.", denied, denied, later, "532"},
		{530, "Sorry, the maximum number of clients (1) are already connected.", later, later, later, "too many users"},
		{530, "Too many failed login attempts.", denied, denied, later, "530"},
		{521, "Data connection cannot be opened with this PROT setting.", denied, denied, denied, "encryption"},
		{522, "session reuse required", denied, denied, denied, "encryption"},
		{534, "Policy requires SSL.", denied, denied, denied, "encryption"},
		{550, "Permission denied.", denied, denied, later, "550"},
		{553, "Could not create file.", denied, denied, later, "553"},
		{502, "Command not implemented.", later, denied, later, "502"},
		{500, "Unknown command.", later, denied, later, "500"},
		{499, "?", later, later, later, "499"},
		{599, "?", later, later, later, "599"},
	} {
		for when, want := range map[stage]string{entering: c.entering, probing: c.probing, working: c.working} {
			err := judge(fmt.Errorf("store: %w", &refusal{verb: "STOR", code: c.code, text: c.text}), when)
			if got := meaning(err); got != want {
				t.Errorf("%d %s at stage %d means %s, want %s", c.code, c.text, when, got, want)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("%d: %q does not say %q", c.code, err, c.says)
			}
		}
	}
}

func TestARefusedNameIsOnlyRejectedByItsOwnReplies(t *testing.T) {
	for code, want := range map[int]string{553: rejected, 551: rejected, 501: rejected, 550: later, 450: later, 426: later} {
		err := badName(&refusal{verb: "RNTO", code: code, text: "no"}, "a.jpg")
		if got := meaning(err); got != want {
			t.Errorf("%d means %s, want %s", code, got, want)
		}
	}
}

func TestTheTapHearsVerbsAndCodesAndKeepsNoSecret(t *testing.T) {
	tap := new(tap)
	tap.replies([]byte("220 hello\r\n"))
	tap.command([]byte("FEAT\r\n"))
	for _, piece := range []string{"211-Features:\r\n SI", "ZE\r\n MLST type*;\r\n211 End\r\n"} {
		tap.replies([]byte(piece))
	}
	tap.command([]byte("USER studio\r\n"))
	tap.replies([]byte("530 Sor"))
	tap.replies([]byte("ry\r\n"))
	tap.command([]byte("PASS open sesame\r\n"))
	if tap.verb != "PASS" || tap.code != 530 {
		t.Errorf("heard %s and %d, want PASS and 530", tap.verb, tap.code)
	}
	for feature, want := range map[string]bool{"SIZE": true, "MLST": true, "MDTM": false, "": true} {
		if tap.has(feature) != want {
			t.Errorf("feature %q: %v, want %v", feature, tap.has(feature), want)
		}
	}
	if held := fmt.Sprintf("%+v", tap.features) + string(tap.rest) + tap.verb; strings.Contains(held, "sesame") {
		t.Errorf("the tap keeps %q", held)
	}
}

// The library drops the code of a reply to USER.
func TestARefusedUserHasItsCode(t *testing.T) {
	tap := new(tap)
	tap.command([]byte("USER studio\r\n"))
	tap.replies([]byte("530 Must use TLS.\r\n"))
	if r, ok := refused(tap.told(errors.New("Must use TLS.")), 530); !ok || r.verb != "USER" {
		t.Errorf("got %+v", r)
	}
	if err := tap.told(&textproto.Error{Code: 550, Msg: "no"}); !forGood(err) {
		t.Errorf("got %v", err)
	}
	if tap.told(nil) != nil {
		t.Error("no error became one")
	}
}
