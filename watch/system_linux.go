package watch

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// folderFlags keep an open from waiting for the other end of a pipe that has
// taken a folder's name.
const folderFlags = unix.O_DIRECTORY | unix.O_NONBLOCK

// remote are the file systems whose changes elsewhere raise no events here and
// whose leases say nothing about writers elsewhere, by statfs(2) magic.
func remote(magic uint32) string {
	switch magic {
	case unix.NFS_SUPER_MAGIC:
		return "NFS"
	case unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC:
		return "SMB"
	case unix.AFS_FS_MAGIC, unix.AFS_SUPER_MAGIC:
		return "AFS"
	case unix.CEPH_SUPER_MAGIC:
		return "Ceph"
	case unix.CODA_SUPER_MAGIC:
		return "Coda"
	case unix.NCP_SUPER_MAGIC:
		return "NetWare"
	case unix.V9FS_MAGIC:
		return "9P"
	case 0x786f4256, 0x7c7c6673, 0xbacbacbc:
		return "shared folder of a virtual machine"
	case 0x0bd00bd0, 0x19830326, 0x47504653, 0x01161970, 0x7461636f:
		return "cluster file system" // Lustre, BeeGFS, GPFS, GFS2, OCFS2
	}
	return ""
}

func magicOf(st *unix.Statfs_t) uint32 { return uint32(st.Type) }

// OnNetwork reports whether path lies on a network share, and which kind. What
// cannot be looked at counts as local.
func OnNetwork(path string) (share bool, kind string) {
	var st unix.Statfs_t
	if unix.Statfs(path, &st) != nil {
		return false, ""
	}
	if magicOf(&st) == unix.FUSE_SUPER_MAGIC {
		kind = remoteFuse(path)
	} else {
		kind = remote(magicOf(&st))
	}
	return kind != "", kind
}

// remoteFuse asks the mount table, because statfs cannot tell a USB disk from
// a server behind FUSE.
func remoteFuse(path string) string {
	var st unix.Stat_t
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || unix.Stat(path, &st) != nil {
		return ""
	}
	dev := fmt.Sprintf("%d:%d", unix.Major(uint64(st.Dev)), unix.Minor(uint64(st.Dev)))
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); len(f) < 3 || f[2] != dev {
			continue
		}
		_, rest, _ := strings.Cut(line, " - ")
		kind, _, _ := strings.Cut(rest, " ")
		switch strings.TrimPrefix(kind, "fuse.") {
		case "sshfs", "rclone", "s3fs", "goofys", "glusterfs", "ceph-fuse", "smbnetfs", "curlftpfs",
			"davfs", "davfs2", "gvfsd-fuse", "vmhgfs-fuse", "nfs", "moosefs", "mfs":
			return kind
		}
	}
	return ""
}

// keepsChanged is false on FAT, which has no inode change time: the kernel
// makes one up that does not last.
func keepsChanged(path string) bool {
	var st unix.Statfs_t
	if unix.Statfs(path, &st) != nil {
		return false
	}
	magic := magicOf(&st)
	return magic != unix.MSDOS_SUPER_MAGIC && magic != unix.EXFAT_SUPER_MAGIC
}

func changedTime(fi fs.FileInfo) time.Time {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return time.Unix(st.Ctim.Unix())
	}
	return time.Time{}
}

// idOf tells a folder from another one that has taken its name.
func idOf(fi fs.FileInfo) fileID {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return fileID{uint64(st.Dev), st.Ino}
	}
	return fileID{}
}

// identity names the folder itself, whatever its path: file system and inode.
// The id that a file system stores outlives a reboot and another port; a share
// gets a new device number with each mount, so there the inode must do.
func identity(path string, fi fs.FileInfo) (string, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return "", err
	}
	id := uint64(uint32(st.Fsid.Val[0]))<<32 | uint64(uint32(st.Fsid.Val[1]))
	if sys, ok := fi.Sys().(*syscall.Stat_t); ok && id == 0 && remote(magicOf(&st)) == "" {
		id = uint64(sys.Dev)
	}
	return fmt.Sprintf("%x-%x-%d", magicOf(&st), id, idOf(fi).inode), nil
}
