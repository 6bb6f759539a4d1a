package folder

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// storageOf names a share by its kind and source ("SMB //nas/in"), which a
// remount keeps, and a disk by its kind and, where that is written on the disk
// and not made up at each mount, its id. It depends on no mount point: a service
// may see others than its user does.
func storageOf(root *os.Root) string {
	dir, err := root.Open(".")
	if err != nil {
		return ""
	}
	defer dir.Close()
	kind, source := mountOf(dir)
	if isShare(source) {
		return kind + " " + source
	}
	var st unix.Statfs_t
	if keepsID(kind) && unix.Fstatfs(int(dir.Fd()), &st) == nil {
		return fmt.Sprintf("%s %08x%08x", kind, uint32(st.Fsid.Val[0]), uint32(st.Fsid.Val[1]))
	}
	return kind
}

func keepsID(kind string) bool {
	switch kind {
	case "ext2", "ext3", "ext4", "btrfs", "zfs":
		return true
	}
	return false
}

// mountOf asks for the mount that an open folder belongs to; it is exact where a
// path is not (links, one mount over another, subvolumes).
func mountOf(dir *os.File) (kind, source string) {
	about, err := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", dir.Fd()))
	if err != nil {
		return "", ""
	}
	_, rest, _ := strings.Cut(string(about), "mnt_id:")
	id, _, _ := strings.Cut(strings.TrimSpace(rest), "\n")
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || id == "" {
		return "", ""
	}
	return mountIn(string(table), id)
}

// mountIn reads a line of mountinfo (proc(5)):
//
//	36 35 0:57 / /mnt/in rw shared:1 - cifs //nas/in rw,vers=3.0
func mountIn(table, id string) (kind, source string) {
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, id+" ") {
			continue
		}
		_, rest, _ := strings.Cut(line, " - ")
		if f := strings.Fields(rest); len(f) >= 2 {
			return kindOf(f[0]), octal.Replace(f[1])
		}
	}
	return "", ""
}

// octal undoes what the table does to names.
var octal = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
