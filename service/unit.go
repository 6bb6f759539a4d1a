package service

import (
	_ "embed"
	"os"
	"strings"
)

//go:embed studio-agent.service.tmpl
var unitTemplate string

// unit is the systemd unit of opt. Where a line belongs to an option that is not
// used, it stands there as a comment.
func unit(opt Options) string {
	executable := opt.Executable
	if executable == "" {
		executable, _ = os.Executable()
	}
	command := []string{quote(executable, false)}
	for _, a := range opt.Arguments {
		command = append(command, quote(a, true))
	}
	user, directory := "#User=studio", "#WorkingDirectory=/"
	if opt.User != "" {
		user = "User=" + value(opt.User)
	}
	if opt.WorkingDirectory != "" {
		directory = "WorkingDirectory=" + value(opt.WorkingDirectory)
	}
	description := opt.Description
	if description == "" {
		description = opt.displayName()
	}
	return strings.NewReplacer("@NAME@", opt.Name, "@DESCRIPTION@", value(description), "@EXEC@", strings.Join(command, " "),
		"@USER@", user, "@DIRECTORY@", directory).Replace(unitTemplate)
}

// quote writes one word of ExecStart (systemd.service(5), "Command lines", and
// systemd.syntax(7), "Quoting"): % and, in arguments only, $ are doubled. Braces
// are written as codes since the library takes the unit for a template.
func quote(word string, argument bool) string {
	plain := strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-:=,+") == ""
	if plain && word != "" {
		return word
	}
	dollar := "$"
	if argument {
		dollar = "$$"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "$", dollar, "{", `\x7b`, "\n", `\n`, "\t", `\t`).Replace(word) + `"`
}

// value writes a setting that systemd reads to the end of the line, spaces and all.
func value(text string) string {
	return strings.NewReplacer("%", "%%", "\n", " ").Replace(text)
}
