//go:build integration && linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/integration"
)

const gcm = "aes128-gcm@openssh.com"

// A peer is another program that uploads, tuned: its commands run side by side.
type peer struct {
	name     string
	commands func(d *dataset, s *integration.Server, scratch string) ([]*exec.Cmd, error)
}

func peers(kind string, d *dataset) []peer {
	if kind == integration.Vsftpd {
		return []peer{{"lftp mirror -R P8, asynchronous", lftpFTP}, {"rclone T8 no-check-dest", rcloneFTP}}
	}
	openssh := peer{"OpenSSH sftp x4, aes128-gcm, -R 256", sftps(4)}
	if d.files == 1 {
		openssh = peer{"OpenSSH sftp, aes128-gcm, -R 256", sftps(1)}
	}
	return []peer{{"lftp mirror -R P8, aes128-gcm", lftpSFTP}, openssh, {"rclone T8 conc64 nohash inplace, aes128-gcm", rcloneSFTP}}
}

// run starts all commands and waits for them.
func (p peer) run(ctx context.Context, d *dataset, s *integration.Server, scratch string) (outcome, error) {
	commands, err := p.commands(d, s, scratch)
	if err != nil {
		return outcome{}, err
	}
	var said bytes.Buffer
	var pids []int
	begin := time.Now()
	for _, cmd := range commands {
		cmd.Env = append(os.Environ(), "LFTP_HOME="+scratch, "RCLONE_CONFIG="+os.DevNull)
		cmd.Stderr = &said
		if len(commands) > 1 {
			cmd.Stderr = nil // not for several
		}
		if err := cmd.Start(); err != nil {
			return outcome{}, err
		}
		pids = append(pids, cmd.Process.Pid)
	}
	stop := context.AfterFunc(ctx, func() {
		for _, cmd := range commands {
			cmd.Process.Kill()
		}
	})
	defer stop()
	sampling, end := context.WithCancel(context.Background())
	peak := make(chan float64, 1)
	go func() { peak <- footprint(sampling, pids...) }()
	var errs []error
	for _, cmd := range commands {
		errs = append(errs, cmd.Wait())
	}
	wall := time.Since(begin)
	end()
	o := outcome{wall: wall, rss: <-peak}
	for _, cmd := range commands {
		o.cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	if err := errors.Join(errs...); err != nil {
		return o, fmt.Errorf("%w\n%s", err, said.String()[max(0, said.Len()-1000):])
	}
	return o, nil
}

// sshOptions are those of ssh and sftp alike.
func sshOptions(s *integration.Server) []string {
	return []string{"-F", "none", "-i", s.Key, "-o", "UserKnownHostsFile=" + s.KnownHosts, "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"}
}

func address(s *integration.Server) (host, port string) {
	host, port, _ = net.SplitHostPort(s.Addr)
	return host, port
}

// sftps deals the files out to n processes, each with its own connection. The
// folders are made before the time counts.
func sftps(n int) func(*dataset, *integration.Server, string) ([]*exec.Cmd, error) {
	return func(d *dataset, s *integration.Server, scratch string) (all []*exec.Cmd, _ error) {
		batches := make([]strings.Builder, n)
		host, port := address(s)
		made := map[string]bool{".": true}
		for i, name := range sortedNames(d) {
			if dir := filepath.Dir(name); !made[dir] {
				made[dir] = true
				for b := range batches {
					fmt.Fprintf(&batches[b], "-mkdir in/%s\n", dir)
				}
			}
			fmt.Fprintf(&batches[i%n], "put %s in/%s\n", filepath.Join(d.dir, name), name)
		}
		for b := range batches {
			path := filepath.Join(scratch, fmt.Sprintf("batch%d", b))
			if err := os.WriteFile(path, []byte(batches[b].String()), 0o600); err != nil {
				return nil, err
			}
			args := append([]string{"-q", "-R", "256", "-c", gcm, "-P", port, "-b", path}, sshOptions(s)...)
			all = append(all, exec.Command("sftp", append(args, s.User+"@"+host)...))
		}
		return all, nil
	}
}

func sortedNames(d *dataset) (names []string) {
	for name := range d.sums {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

const lftpSettings = "set cmd:fail-exit yes; set net:max-retries 2; set mirror:set-permissions no; set bmk:save-passwords no; "

func lftpSFTP(d *dataset, s *integration.Server, _ string) ([]*exec.Cmd, error) {
	script := fmt.Sprintf(`%sset sftp:auto-confirm yes; set sftp:connect-program "ssh -a -x %s -c %s"; open sftp://%s:x@%s; mirror -R --parallel=8 %s in`,
		lftpSettings, strings.Join(sshOptions(s), " "), gcm, s.User, s.Addr, d.dir)
	return []*exec.Cmd{exec.Command("lftp", "-c", script)}, nil
}

func lftpFTP(d *dataset, s *integration.Server, _ string) ([]*exec.Cmd, error) {
	script := fmt.Sprintf(`%sset ftp:ssl-allow no; set ftp:sync-mode off; set ftp:use-allo no; set ftp:use-mdtm no; set ftp:use-site-utime no; set ftp:use-site-utime2 no; open --user %s --password "%s" ftp://%s; mirror -R --parallel=8 %s in`,
		lftpSettings, s.User, s.Password, s.Addr, d.dir)
	return []*exec.Cmd{exec.Command("lftp", "-c", script)}, nil
}

// rcloneProgram is where bench/tools has put it.
func rcloneProgram() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	program := filepath.Join(cache, "studio-agent-bench", "rclone")
	if _, err := os.Stat(program); err != nil {
		return "", fmt.Errorf("rclone is not here, run bench/tools: %w", err)
	}
	return program, nil
}

func rcloneSFTP(d *dataset, s *integration.Server, _ string) ([]*exec.Cmd, error) {
	program, err := rcloneProgram()
	host, port := address(s)
	return []*exec.Cmd{exec.Command(program, "copy", d.dir, ":sftp:in",
		"--sftp-host", host, "--sftp-port", port, "--sftp-user", s.User, "--sftp-key-file", s.Key, "--sftp-known-hosts-file", s.KnownHosts,
		"--transfers", "8", "--checkers", "16", "--sftp-concurrency", "64", "--sftp-chunk-size", "255k", "--sftp-disable-hashcheck",
		"--no-check-dest", "--no-traverse", "--inplace", "--sftp-set-modtime=false", "--sftp-ciphers", gcm)}, err
}

func rcloneFTP(d *dataset, s *integration.Server, _ string) ([]*exec.Cmd, error) {
	program, err := rcloneProgram()
	if err != nil {
		return nil, err
	}
	obscure := exec.Command(program, "obscure", "-")
	obscure.Stdin = strings.NewReader(s.Password)
	password, err := obscure.Output()
	host, port := address(s)
	return []*exec.Cmd{exec.Command(program, "copy", d.dir, ":ftp:in",
		"--ftp-host", host, "--ftp-port", port, "--ftp-user", s.User, "--ftp-pass", strings.TrimSpace(string(password)),
		"--transfers", "8", "--checkers", "8", "--ftp-concurrency", "0", "--no-check-dest", "--no-traverse")}, err
}
