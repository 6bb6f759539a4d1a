package main

import (
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/service"
)

func (c *cli) serviceCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "service", Short: "Install, start and stop the agent as a service of this machine"}
	var user string
	do := func(use, short, done string, act func(service.Options) error) *cobra.Command {
		return &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			opt, err := c.serviceOptions(user)
			if err != nil {
				return err
			}
			if err := act(opt); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), done)
			return nil
		}}
	}
	install := do("install", "Install the service; it starts with the machine", "installed; start it with: studio-agent service start", func(opt service.Options) error {
		cfg, err := c.load()
		if err != nil { // a service that cannot start helps nobody
			return err
		}
		if err := writableByService(runtime.GOOS, cfg); err != nil {
			return err
		}
		return service.Install(opt)
	})
	install.Flags().StringVar(&user, "user", "", "the `NAME` of the user that it runs as; default: the system's")
	cmd.AddCommand(install,
		do("uninstall", "Remove the service; ledger and configuration stay", "removed", service.Uninstall),
		do("start", "Start the service", "started", service.Start),
		do("stop", "Stop the service; transfers get a few seconds to finish", "stopped", service.Stop),
		&cobra.Command{Use: "status", Short: "Say whether the service is installed and running", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			opt, err := c.serviceOptions(user)
			if err != nil {
				return err
			}
			text, err := service.Status(opt)
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), text)
			}
			return err
		}})
	return cmd
}

// writableByService refuses places that our systemd unit makes read-only.
func writableByService(system string, cfg *config.Config) error {
	if system != "linux" {
		return nil
	}
	for _, place := range [][2]string{{"ledger", cfg.Ledger}, {"log.file", cfg.Log.File}, {"quarantine", cfg.Quarantine}} {
		key, path := place[0], place[1]
		for _, closed := range []string{"/etc", "/usr", "/boot"} {
			if rel, err := filepath.Rel(closed, path); err == nil && path != "" && filepath.IsLocal(rel) {
				return fmt.Errorf("the service may not write to %s, where %s lies: set `%s: %s` in %s",
					closed, path, key, filepath.Join("/var/lib/studio-agent", filepath.Base(path)), cfg.File)
			}
		}
	}
	return nil
}

func (c *cli) serviceOptions(user string) (service.Options, error) {
	file, err := filepath.Abs(c.config)
	if err != nil {
		return service.Options{}, err
	}
	opt := serviceOptions(file)
	opt.User = user
	opt.WorkingDirectory = filepath.Dir(file)
	return opt, nil
}
