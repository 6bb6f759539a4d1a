//go:build linux || darwin

package folder

import "testing"

func TestASourceOnAnotherMachineIsAShare(t *testing.T) {
	for source, want := range map[string]string{ // the share, or "" for a disk
		"//nas/in":                     "//nas/in",
		"//studio@nas/in":              "//nas/in",
		"//nas/in@work":                "//nas/in@work",
		"//nas._smb._tcp.local/in":     "//nas._smb._tcp.local/in",
		"nas:/export/in":               "nas:/export/in",
		"studio@nas:/in":               "studio@nas:/in",
		"https://dav.example/in":       "https://dav.example/in",
		"drive:photos":                 "drive:photos",
		"/dev/sdb1":                    "",
		"/dev/mapper/vg-root":          "",
		"tank/photos":                  "",
		"overlay":                      "",
		"tmpfs":                        "",
		"map auto_home":                "",
		"com.apple.TimeMachine.backup": "",
	} {
		if !isShare(source) {
			if want != "" {
				t.Errorf("%s passes for a disk", source)
			}
			continue
		}
		if got := withoutUser(source); got != want {
			t.Errorf("%s is the share %q, want %q", source, got, want)
		}
	}
	for name, want := range map[string]string{"nfs4": "NFS", "nfs": "NFS", "cifs": "SMB", "smb3": "SMB", "smbfs": "SMB", "ext4": "ext4", "fuse.sshfs": "fuse.sshfs"} {
		if got := kindOf(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
