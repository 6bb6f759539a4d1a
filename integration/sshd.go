//go:build integration && linux

package integration

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// sshd is sshd_config(5).
func (s *Server) sshd() string {
	conf := lines(
		"ListenAddress "+s.Addr,
		"HostKey /mnt/etc/host_key",
		"AuthorizedKeysFile /mnt/etc/client_key.pub",
		"StrictModes no",
		"PidFile none",
		"UsePAM no",
		"KbdInteractiveAuthentication no",
		"Subsystem sftp internal-sftp",
		"UseDNS no",
		"MaxStartups 100",
	)
	if s.opt.Chroot {
		conf += "ChrootDirectory /mnt/home\n"
	}
	if s.opt.OneClient {
		// sshd itself limits only those that have not logged in yet. As with
		// pam_limits, the second may log in and is then sent away. In a chroot there
		// would be nothing to run.
		return conf + "ForceCommand flock --nonblock /mnt/home /opt/usr/lib/openssh/sftp-server || echo 'Too many logins' >&2\n"
	}
	return conf + "ForceCommand internal-sftp\n"
}

// makeKeys makes the host's key and the user's.
func (s *Server) makeKeys() error {
	s.Key = s.etc("client_key")
	s.KnownHosts = filepath.Join(s.dir, "known_hosts")
	if err := keygen(s.Key, s.opt.Passphrase); err != nil {
		return err
	}
	return s.ChangeHostKey()
}

// ChangeHostKey gives an OpenSSH server another host key, from its next start
// on, and writes it to KnownHosts in place of the old one.
func (s *Server) ChangeHostKey() error {
	key := s.etc("host_key")
	os.Remove(key) // ssh-keygen does not overwrite
	if err := keygen(key, ""); err != nil {
		return err
	}
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return err
	}
	line := fmt.Sprintf("[%s]:%s %s\n", host, port, strings.TrimSpace(string(public)))
	return os.WriteFile(s.KnownHosts, []byte(line), 0o600)
}

func keygen(path, passphrase string) error {
	folder, err := fetched(OpenSSH)
	if err != nil {
		return err
	}
	program := filepath.Join(folder, "usr", "bin", "ssh-keygen")
	out, err := exec.Command(program, "-q", "-t", "ed25519", "-C", "integration", "-N", passphrase, "-f", path).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ssh-keygen: %w: %s", err, out)
	}
	return nil
}
