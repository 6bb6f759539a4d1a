package ftpsim

import (
	"crypto/subtle"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"
)

const stamp = "20060102150405" // RFC 3659, section 2.3

// answer does one command of those that need no login.
func (c *session) answer() {
	switch opt := c.sim.opt; c.verb {
	case "AUTH":
		if opt.TLS != Explicit || c.encrypted() {
			c.reply(502, "no TLS here")
			return
		}
		c.reply(234, "go ahead")
		c.secure()
	case "USER":
		if opt.TLS == Explicit && !c.encrypted() {
			c.reply(530, "Non-anonymous sessions must use encryption.")
			return
		}
		c.user = c.arg
		c.reply(331, "Please specify the password.")
	case "PASS":
		c.pass()
	case "FEAT":
		c.block(211, "Features:", opt.features(), "End")
	case "QUIT":
		c.reply(221, "Goodbye.")
		c.over = true
	case "NOOP":
		c.reply(200, "NOOP ok.")
	default:
		if !c.loggedIn {
			c.reply(530, "Please login with USER and PASS.")
			return
		}
		c.command()
	}
}

func (c *session) pass() {
	opt := c.sim.opt
	f, ended := c.trouble(OpLogin)
	same := subtle.ConstantTimeCompare([]byte(c.arg), []byte(opt.Password)) == 1 && c.user == opt.User
	switch {
	case ended:
	case c.loggedIn:
		c.reply(230, "Already logged in.")
	case opt.User != "" && !same:
		c.reply(530, "Login incorrect.")
	case !c.sim.enter(&c.sim.loggedIn, opt.LoginLimit):
		c.reply(530, "Sorry, the maximum number of clients (%d) for this user are already connected.", opt.LoginLimit)
	default:
		c.loggedIn = true
		c.done(f, 230, "Login successful.")
	}
}

func (o Options) features() []string {
	list := []string{"EPSV", "PASV"}
	for feature, missing := range map[string]bool{
		"SIZE": o.NoSize, "REST STREAM": o.NoRest, "UTF8": o.NoUTF8, "MDTM": o.NoMDTM, "MFMT": o.NoMDTM || o.NoSetTime,
		"MLST type*;size*;modify*;": o.NoMLSD, "AUTH TLS": o.TLS != Explicit, "PBSZ": o.TLS == Plain, "PROT": o.TLS == Plain,
	} {
		if !missing {
			list = append(list, feature)
		}
	}
	return list
}

// command does one of those that need a login.
func (c *session) command() {
	opt := c.sim.opt
	switch c.verb {
	case "TYPE", "OPTS", "PBSZ":
		c.reply(200, "fine")
	case "PROT":
		c.private = strings.EqualFold(c.arg, "P")
		c.reply(200, "fine")
	case "PWD":
		c.reply(257, `"%s" is the current directory`, strings.ReplaceAll(c.cwd, `"`, `""`))
	case "CWD":
		c.chdir()
	case "EPSV", "PASV":
		c.listen()
	case "LIST", "MLSD":
		c.list()
	case "RETR":
		c.retr()
	case "STOR":
		c.stor()
	case "REST":
		c.restart()
	case "RNFR":
		c.renameFrom()
	case "RNTO":
		c.renameTo()
	case "SIZE":
		c.stat(opt.NoSize, func(info fs.FileInfo) { c.reply(213, "%d", info.Size()+opt.LyingSize) })
	case "MDTM":
		c.mdtm()
	case "MFMT":
		when, name, _ := strings.Cut(c.arg, " ")
		c.setTime(when, name)
	case "MLST":
		c.stat(opt.NoMLSD, func(info fs.FileInfo) {
			c.block(250, "Listing", []string{c.sim.facts(info) + " " + c.arg}, "End")
		})
	case "MKD":
		c.change(OpMkdir, opt.NoMkdir, 257, func(name string) error { return c.sim.root.Mkdir(name, 0o777) })
	case "DELE":
		c.change(OpDelete, opt.NoDelete, 250, c.sim.root.Remove)
	case "RMD":
		c.change(OpDelete, opt.NoDelete, 250, c.sim.root.Remove)
	default:
		c.reply(500, "Unknown command.")
	}
}

func (c *session) chdir() {
	info, err := c.sim.root.Stat(c.local(c.arg))
	if err != nil || !info.IsDir() {
		c.reply(550, "Failed to change directory.")
		return
	}
	c.cwd = path.Join("/", c.local(c.arg))
	c.reply(250, "Directory successfully changed.")
}

// change makes or removes something.
func (c *session) change(op string, never bool, code int, do func(string) error) {
	if never {
		c.reply(550, "Permission denied.")
		return
	}
	f, ended := c.trouble(op)
	if ended {
		return
	}
	if err := do(c.local(c.arg)); err != nil {
		c.reply(550, "%s operation failed.", c.verb)
		return
	}
	c.done(f, code, "%s done.", c.verb)
}

func (c *session) restart() {
	var n int64
	if _, err := fmt.Sscanf(c.arg, "%d", &n); err != nil || n < 0 || c.sim.opt.NoRest {
		c.reply(502, "REST is not known here.")
		return
	}
	c.rest = n
	c.reply(350, "Restart position accepted (%d).", n)
}

func (c *session) renameFrom() {
	name := c.local(c.arg)
	if _, err := c.sim.root.Lstat(name); err != nil || c.sim.opt.NoRename {
		c.reply(550, "RNFR command failed.")
		return
	}
	c.from = name
	c.reply(350, "Ready for RNTO.")
}

func (c *session) renameTo() {
	from := c.from
	c.from = ""
	if from == "" {
		c.reply(503, "RNFR required first.")
		return
	}
	f, ended := c.trouble(OpRename)
	if ended {
		return
	}
	name := c.local(c.arg)
	if _, err := c.sim.root.Lstat(name); err == nil && c.sim.opt.NoReplace {
		c.reply(553, "Rename failed: the file exists.")
		return
	}
	if err := c.sim.root.Rename(from, name); err != nil {
		c.reply(550, "Rename failed.")
		return
	}
	f.LoseReply = f.LoseReply || c.lose
	c.lose = false
	c.done(f, 250, "Rename successful.")
}

// stat answers with what is known of a regular file (MLST: of any).
func (c *session) stat(never bool, tell func(fs.FileInfo)) {
	if never {
		c.reply(502, "%s is not known here.", c.verb)
		return
	}
	f, ended := c.trouble(OpStat)
	if ended {
		return
	}
	info, err := c.sim.root.Stat(c.local(c.arg))
	switch {
	case f.LoseReply:
		c.breakOff()
	case err != nil || !info.Mode().IsRegular() && c.verb != "MLST":
		c.reply(550, "Could not get it.")
	default:
		tell(info)
	}
}

// mdtm asks for a time, or sets it as vsftpd lets one: MDTM 20260304050607 NAME.
func (c *session) mdtm() {
	when, name, two := strings.Cut(c.arg, " ")
	if _, err := time.Parse(stamp, when); two && err == nil && !c.sim.opt.NoMDTM {
		c.setTime(when, name)
		return
	}
	c.stat(c.sim.opt.NoMDTM, func(info fs.FileInfo) { c.reply(213, "%s", info.ModTime().UTC().Format(stamp)) })
}

func (c *session) setTime(when, name string) {
	if c.sim.opt.NoMDTM || c.sim.opt.NoSetTime {
		c.reply(550, "%s is not known here.", c.verb)
		return
	}
	f, ended := c.trouble(OpTime)
	if ended {
		return
	}
	t, err := time.Parse(stamp, when)
	if err == nil {
		err = c.sim.root.Chtimes(c.local(name), time.Time{}, t)
	}
	if err != nil {
		c.reply(550, "Could not set the time.")
		return
	}
	c.done(f, 213, "Modify=%s; %s", when, name)
}
