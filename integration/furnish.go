//go:build integration && linux

package integration

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// The one account, which only the servers know: jail.sh puts these files in
// place of those in /etc.
const (
	user     = "studio"
	uid      = 5151
	password = "light and shadow"
	crypted  = "$6$benchtest$/lmFQlMsjwcSQo049kBvvlc7L/NLuO0Wv9SpK4VMWrEUYk8xp/yDu1ssrrFee0OfBCQBJI3heW7Q1.Vq2.Cns0"
)

func users() map[string]string {
	return map[string]string{
		"passwd": "root:x:0:0::/root:/bin/sh\n" +
			"nobody:x:65534:65534::/nonexistent:/bin/false\n" +
			"sshd:x:102:65534::/run/sshd:/bin/false\n" +
			fmt.Sprintf("%s:x:%d:%d::/mnt/home:/bin/sh\n", user, uid, uid),
		"shadow":       fmt.Sprintf("root:*:19000::::::\n%s:%s:19000::::::\n", user, crypted),
		"group":        fmt.Sprintf("root:x:0:\nnogroup:x:65534:\n%s:x:%d:\n", user, uid),
		"pam.d/studio": "auth required pam_unix.so nodelay\naccount required pam_unix.so\nsession required pam_permit.so\n",
	}
}

// furnish makes what the server finds when it starts.
func (s *Server) furnish() error {
	if err := os.MkdirAll(filepath.Join(s.dir, "etc", "pam.d"), 0o755); err != nil {
		return err
	}
	for name, content := range users() {
		if err := s.configure(name, content); err != nil {
			return err
		}
	}
	if err := s.furnishRoot(); err != nil {
		return err
	}
	if s.Kind == OpenSSH {
		return s.makeKeys()
	}
	return s.makeCertificate()
}

// configure writes a file that the server sees as /mnt/etc/NAME.
func (s *Server) configure(name, content string) error {
	return os.WriteFile(s.etc(name), []byte(content), 0o644)
}

func (s *Server) etc(name string) string { return filepath.Join(s.dir, "etc", name) }

func (s *Server) furnishRoot() error {
	if err := os.Mkdir(s.Root, 0o755); err != nil {
		return err
	}
	if s.opt.DiskSize != 0 {
		size := "mode=755,size=" + strconv.FormatInt(s.opt.DiskSize, 10)
		if err := syscall.Mount("tmpfs", s.Root, "tmpfs", 0, size); err != nil {
			return fmt.Errorf("mount a small disk: %w", err)
		}
	}
	owned := []string{filepath.Join(s.Root, "in"), filepath.Join(s.Root, "out")}
	for _, folder := range owned {
		if err := os.Mkdir(folder, 0o755); err != nil {
			return err
		}
	}
	if !s.opt.Chroot { // sshd refuses a chroot that its user may write to
		owned = append(owned, s.Root)
	}
	var errs []error
	for _, folder := range owned {
		errs = append(errs, os.Chown(folder, uid, uid))
	}
	return errors.Join(errs...)
}
