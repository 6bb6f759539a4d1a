package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"

	kardianos "github.com/kardianos/service"
)

// Install registers the service to start with the system, and to be started again
// 2 s after it ended for whatever reason. It does not start it now. Errors of this
// and the following functions say what to do.
func Install(opt Options) error { return control("install", opt, kardianos.Service.Install) }

// Uninstall stops the service and removes it. Configuration, ledger and logs stay.
func Uninstall(opt Options) error {
	return control("uninstall", opt, func(s kardianos.Service) error {
		if status, err := s.Status(); err == nil && status == kardianos.StatusRunning {
			if err := s.Stop(); err != nil {
				return err
			}
		}
		return s.Uninstall()
	})
}

// Start starts the installed service now.
func Start(opt Options) error { return control("start", opt, kardianos.Service.Start) }

// Stop stops the service; it starts again with the system.
func Stop(opt Options) error { return control("stop", opt, kardianos.Service.Stop) }

// Status is "running", "stopped" or "not installed". An error means that the
// manager could not tell, or that the service has failed.
func Status(opt Options) (string, error) {
	s, err := kardianos.New(&program{}, opt.kardianos())
	if err != nil {
		return "", opt.explain("status", err)
	}
	status, err := s.Status()
	switch {
	case errors.Is(err, kardianos.ErrNotInstalled):
		return "not installed", nil
	case err != nil:
		return "", opt.explain("status", err)
	case status == kardianos.StatusRunning:
		return "running", nil
	default:
		return "stopped", nil
	}
}

func control(action string, opt Options, do func(kardianos.Service) error) error {
	s, err := kardianos.New(&program{}, opt.kardianos())
	if err == nil {
		err = do(s)
	}
	return opt.explain(action, err)
}

// kardianos is opt as the library takes it, for all systems at once.
func (opt Options) kardianos() *kardianos.Config {
	return &kardianos.Config{
		Name: opt.Name, DisplayName: opt.displayName(), Description: opt.Description,
		Executable: opt.Executable, Arguments: opt.Arguments,
		UserName: userName(opt.User, runtime.GOOS), WorkingDirectory: opt.WorkingDirectory,
		Option: kardianos.KeyValue{
			// The library's own unit waits 120 s before it starts a service again.
			"SystemdScript": unit(opt),
			// launchd
			"KeepAlive": true,
			"RunAtLoad": true,
			// Windows
			"DelayedAutoStart":       true,
			"OnFailure":              "restart",
			"OnFailureDelayDuration": "2s",
			"OnFailureResetPeriod":   60, // seconds without failure until the count begins anew
		},
	}
}

func (opt Options) displayName() string {
	if opt.DisplayName == "" {
		return opt.Name
	}
	return opt.DisplayName
}

// userName writes a user of this machine as Windows wants it: .\name.
func userName(user, system string) string {
	if system != "windows" || user == "" || strings.ContainsAny(user, `\@`) {
		return user
	}
	return `.\` + user
}

// explain says what went wrong and what to do about it; nil stays nil.
func (opt Options) explain(action string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("service %s: %w%s", action, err, opt.advice(err, runtime.GOOS, os.Geteuid()))
}

// advice for err on a system, by user euid (-1 on Windows).
func (opt Options) advice(err error, system string, euid int) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "already exists"):
		return fmt.Sprintf("; it is installed already: run %q first to change it", opt.Name+" service uninstall")
	case errors.Is(err, kardianos.ErrNotInstalled), strings.Contains(text, "not installed"):
		return fmt.Sprintf("; run %q first", opt.Name+" service install")
	case system == "windows" && errors.Is(err, fs.ErrPermission):
		return "; run it again in a window opened with \"Run as administrator\""
	case euid > 0:
		return "; run it again with sudo"
	case system == "linux":
		return fmt.Sprintf("; %q and %q tell more", "systemctl status "+opt.Name, "journalctl -u "+opt.Name)
	case system == "darwin":
		return fmt.Sprintf("; /var/log/%s.err.log tells more", opt.Name)
	}
	return ""
}
