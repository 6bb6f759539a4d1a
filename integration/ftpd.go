//go:build integration && linux

package integration

import (
	"fmt"
	"strconv"
)

const lastPassivePort = passivePort + passivePorts - 1

// vsftpd is vsftpd.conf(5).
func (s *Server) vsftpd() string {
	conf := lines(
		"listen=YES", "listen_ipv6=NO", "background=NO",
		"listen_address="+s.ip.String(),
		fmt.Sprintf("listen_port=%d", controlPort),
		fmt.Sprintf("pasv_min_port=%d", passivePort),
		fmt.Sprintf("pasv_max_port=%d", lastPassivePort),
		"anonymous_enable=NO", "local_enable=YES", "write_enable=YES", "local_umask=022",
		"chroot_local_user=YES", "allow_writeable_chroot=YES",
		"pam_service_name=studio",
		"secure_chroot_dir=/run/sshd", // any empty folder
		"delay_failed_login=0",
		"use_localtime=YES", // what that is, clock says
		"vsftpd_log_file=/mnt/log", "xferlog_enable=YES", "dual_log_enable=NO",
	)
	if s.opt.OneClient {
		conf += "max_clients=1\n"
	}
	if s.TLS == Plain {
		return conf
	}
	conf += lines(
		"ssl_enable=YES", "force_local_logins_ssl=YES", "force_local_data_ssl=YES",
		"require_ssl_reuse=YES",
		"ssl_ciphers=HIGH",
		"rsa_cert_file=/mnt/etc/server.pem",
	)
	if s.TLS == Implicit {
		conf += "implicit_ssl=YES\n"
	}
	return conf
}

// proftpd is proftpd.conf: www.proftpd.org/docs/directives.
func (s *Server) proftpd() string {
	conf := lines(
		"ServerName studio", "ServerType standalone",
		"DefaultAddress "+s.ip.String(), "SocketBindTight on", "UseIPv6 off", "UseReverseDNS off",
		fmt.Sprintf("Port %d", controlPort),
		fmt.Sprintf("PassivePorts %d %d", passivePort, lastPassivePort),
		"User nobody", "Group nogroup", "Umask 022", "DefaultRoot ~",
		"AuthPAM off", "UseFtpUsers off", "WtmpLog off", "DelayEngine off",
		"AllowOverwrite on", "AllowStoreRestart on", "TimesGMT on",
		"PidFile /run/proftpd.pid", "ScoreboardFile /run/proftpd.scoreboard",
		"SystemLog /mnt/log",
	)
	if s.opt.OneClient {
		conf += "MaxClients 1\n"
	}
	if s.TLS == Plain {
		return conf
	}
	conf += lines(
		"ModulePath /opt/usr/lib/proftpd", "LoadModule mod_tls.c",
		"TLSEngine on", "TLSRequired on", "TLSVerifyClient off", "TLSLog /mnt/log",
		"TLSECCertificateFile /mnt/etc/server.pem", "TLSECCertificateKeyFile /mnt/etc/server.pem",
	)
	if s.TLS == Implicit {
		conf += "TLSOptions UseImplicitSSL\n"
	}
	return conf
}

// pureFTPd is pure-ftpd(8), which has no configuration file.
func (s *Server) pureFTPd() []string {
	argv := []string{
		"/opt/usr/sbin/pure-ftpd",
		"--bind", fmt.Sprintf("%s,%d", s.ip, controlPort),
		"--passiveportrange", fmt.Sprintf("%d:%d", passivePort, lastPassivePort),
		"--login", "unix", "--noanonymous", "--chrooteveryone", "--minuid", strconv.Itoa(uid),
		"--umask", "022:022", "--dontresolve", "--pidfile", "/run/pure-ftpd.pid",
	}
	if s.opt.OneClient {
		argv = append(argv, "--maxclientsnumber", "1")
	}
	if s.TLS == Explicit {
		argv = append(argv, "--tls", "3", "--certfile", "/mnt/etc/server.pem") // 3: also the data must be encrypted
	}
	return argv
}
