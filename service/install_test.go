package service

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	kardianos "github.com/kardianos/service"
)

func TestAdvice(t *testing.T) {
	denied := fmt.Errorf("open: %w", fs.ErrPermission)
	failed := errors.New("exit status 1")
	for _, tt := range []struct {
		name, system string
		euid         int
		err          error
		want         string
	}{
		{"user on Linux", "linux", 1000, denied, "; run it again with sudo"},
		{"user on macOS", "darwin", 501, failed, "; run it again with sudo"},
		{"user on Windows", "windows", -1, denied, `; run it again in a window opened with "Run as administrator"`},
		{"installed twice", "linux", 0, errors.New("Init already exists: /etc/x"), `; it is installed already: run "studio-agent service uninstall" first to change it`},
		{"installed twice on Windows", "windows", -1, errors.New("service studio-agent already exists"), `; it is installed already: run "studio-agent service uninstall" first to change it`},
		{"not installed", "linux", 0, kardianos.ErrNotInstalled, `; run "studio-agent service install" first`},
		{"not installed on Windows", "windows", -1, errors.New("service studio-agent is not installed"), `; run "studio-agent service install" first`},
		{"failed on Linux", "linux", 0, failed, `; "systemctl status studio-agent" and "journalctl -u studio-agent" tell more`},
		{"failed on macOS", "darwin", 0, failed, "; /var/log/studio-agent.err.log tells more"},
		{"failed on Windows", "windows", -1, failed, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := packaged.advice(tt.err, tt.system, tt.euid); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestExplain(t *testing.T) {
	if err := packaged.explain("start", nil); err != nil {
		t.Errorf("got %v for no error", err)
	}
	err := packaged.explain("start", kardianos.ErrNotInstalled)
	if !errors.Is(err, kardianos.ErrNotInstalled) || !strings.HasPrefix(err.Error(), "service start: ") {
		t.Errorf("got %v", err)
	}
}

func TestUserName(t *testing.T) {
	for _, tt := range []struct{ user, system, want string }{
		{"photo", "linux", "photo"},
		{"", "windows", ""},
		{"photo", "windows", `.\photo`},
		{`STUDIO\photo`, "windows", `STUDIO\photo`},
		{"photo@studio.example", "windows", "photo@studio.example"},
		{`NT AUTHORITY\NetworkService`, "windows", `NT AUTHORITY\NetworkService`},
	} {
		if got := userName(tt.user, tt.system); got != tt.want {
			t.Errorf("%s on %s: got %s, want %s", tt.user, tt.system, got, tt.want)
		}
	}
}

func TestLibraryConfig(t *testing.T) {
	opt := packaged
	opt.DisplayName = ""
	c := opt.kardianos()
	if c.Name != "studio-agent" || c.DisplayName != "studio-agent" || c.Executable != opt.Executable || len(c.Arguments) != 3 {
		t.Errorf("got %+v", c)
	}
	if got, want := c.Option["SystemdScript"], unit(opt); got != want {
		t.Errorf("got %v, want our own unit", got)
	}
	for key, want := range map[string]any{"KeepAlive": true, "RunAtLoad": true, "DelayedAutoStart": true, "OnFailure": "restart", "OnFailureDelayDuration": "2s"} {
		if got := c.Option[key]; got != want {
			t.Errorf("%s: got %v, want %v", key, got, want)
		}
	}
}

// A service of this name is on no machine.
func TestStatusOfNothing(t *testing.T) {
	got, err := Status(Options{Name: "studio-agent-that-nobody-installed", Executable: "/nowhere/studio-agent"})
	if err != nil {
		t.Skipf("this machine has no service manager that answers: %v", err)
	}
	if got != "not installed" {
		t.Errorf("got %q", got)
	}
}
