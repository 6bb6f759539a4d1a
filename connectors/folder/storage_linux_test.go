package folder

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const table = `22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
36 22 0:57 / /mnt/in rw,relatime shared:1 master:2 - cifs //nas/in rw,vers=3.0
37 22 0:58 /sub /mnt/with\040space rw - nfs4 nas:/my\040photos rw,vers=4.2
38 22 8:17 / /media/usb rw - exfat /dev/sdb1 rw
3 22 0:60 / /mnt/s rw - fuse.sshfs studio@nas:/in rw
`

func TestMountIn(t *testing.T) {
	for id, want := range map[string][2]string{
		"22": {"ext4", "/dev/vda"},
		"36": {"SMB", "//nas/in"},
		"37": {"NFS", "nas:/my photos"},
		"38": {"exfat", "/dev/sdb1"},
		"3":  {"fuse.sshfs", "studio@nas:/in"},
		"99": {},
		"":   {},
	} {
		if kind, source := mountIn(table, id); kind != want[0] || source != want[1] {
			t.Errorf("%s: got %q, %q; want %q", id, kind, source, want)
		}
	}
}

func storage(t *testing.T, dir string) string {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	return storageOf(root)
}

func TestStorageOf(t *testing.T) {
	dir := t.TempDir()
	mkdir(t, filepath.Join(dir, "sub"))
	if err := os.Symlink(dir, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	on := storage(t, dir)
	if on == "" || strings.HasSuffix(on, " ") {
		t.Errorf("the temporary folder is on %q", on)
	}
	for _, same := range []string{dir, filepath.Join(dir, "sub"), filepath.Join(dir, "link")} {
		if got := storage(t, same); got != on {
			t.Errorf("%s is on %q, want %q", same, got, on)
		}
	}
	if got := storage(t, "/proc"); got != "proc" {
		t.Errorf("/proc is on %q", got)
	}
}
