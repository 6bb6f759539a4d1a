//go:build linux || darwin

package folder

import "strings"

// kindOf is the name of a file system, whatever version of its protocol was
// agreed on at this mount.
func kindOf(name string) string {
	switch name {
	case "nfs", "nfs3", "nfs4":
		return "NFS"
	case "cifs", "smb3", "smbfs":
		return "SMB"
	}
	return name
}

// isShare reports whether a mount's source is on another machine: //nas/in,
// nas:/export, user@host:/path, https://….
func isShare(source string) bool {
	return strings.HasPrefix(source, "//") || strings.Contains(source, ":")
}

// withoutUser makes //user@nas/in, as macOS has it, //nas/in: another login is no
// other share.
func withoutUser(source string) string {
	server, isSMB := strings.CutPrefix(source, "//")
	at, slash := strings.Index(server, "@"), strings.Index(server, "/")
	if !isSMB || at < 0 || slash >= 0 && at > slash {
		return source
	}
	return "//" + server[at+1:]
}
