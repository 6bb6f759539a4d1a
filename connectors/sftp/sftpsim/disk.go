package sftpsim

import (
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"time"

	"github.com/pkg/sftp"
)

// Version 3 of the protocol has no code for these.
var (
	errExists = errors.New("it exists already")
	errKind   = errors.New("a folder is no file, and a file no folder")
)

// disk does on the folder what a client asks.
type disk struct{ sim *Sim }

func (d disk) Fileread(r *sftp.Request) (io.ReaderAt, error) {
	return d.sim.root.Open(clean(r.Filepath))
}

func (d disk) Filewrite(r *sftp.Request) (io.WriterAt, error) {
	return d.OpenFile(r)
}

func (d disk) OpenFile(r *sftp.Request) (sftp.WriterAtReaderAt, error) {
	ask, flags := r.Pflags(), os.O_WRONLY
	if ask.Read {
		flags = os.O_RDWR
	}
	for flag, on := range map[int]bool{os.O_CREATE: ask.Creat, os.O_TRUNC: ask.Trunc, os.O_EXCL: ask.Excl} {
		if on {
			flags |= flag
		}
	}
	return d.sim.root.OpenFile(clean(r.Filepath), flags, 0o666)
}

func (d disk) Filecmd(r *sftp.Request) error {
	root, name := d.sim.root, clean(r.Filepath)
	switch r.Method {
	case "Setstat":
		return d.setstat(name, r)
	case "Mkdir":
		return root.Mkdir(name, 0o777)
	case "Rmdir", "Remove":
		info, err := root.Lstat(name)
		if err == nil && info.IsDir() != (r.Method == "Rmdir") {
			err = errKind
		}
		if err != nil {
			return err
		}
		return root.Remove(name)
	case "Link":
		return root.Link(name, clean(r.Target))
	case "Symlink":
		return root.Symlink(r.Filepath, clean(r.Target))
	case "Rename":
		return d.rename(name, clean(r.Target))
	}
	return sftp.ErrSSHFxOpUnsupported
}

// rename is OpenSSH's for files: a link, which replaces nothing, and a removal.
func (d disk) rename(from, to string) error {
	root := d.sim.root
	if d.sim.opt.RenameReplaces {
		return root.Rename(from, to)
	}
	if err := root.Link(from, to); errors.Is(err, fs.ErrExist) {
		return errExists
	} else if err != nil {
		return err
	}
	return root.Remove(from)
}

func (d disk) PosixRename(r *sftp.Request) error {
	return d.sim.root.Rename(clean(r.Filepath), clean(r.Target))
}

func (d disk) StatVFS(*sftp.Request) (*sftp.StatVFS, error) {
	free := d.sim.opt.Free
	if free == 0 {
		free = math.MaxInt64
	}
	const block = 4096
	return &sftp.StatVFS{Bsize: block, Frsize: block, Blocks: math.MaxInt64 / block, Bfree: free / block, Bavail: free / block, Namemax: 255}, nil
}

func (d disk) setstat(name string, r *sftp.Request) error {
	flags, attrs := r.AttrFlags(), r.Attributes()
	if flags.Size {
		f, err := d.sim.root.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Truncate(int64(attrs.Size)), f.Close()); err != nil {
			return err
		}
	}
	if flags.Acmodtime && !d.sim.opt.ForgetTimes {
		return d.sim.root.Chtimes(name, time.Unix(int64(attrs.Atime), 0), time.Unix(int64(attrs.Mtime), 0))
	}
	return nil
}

func (d disk) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	name := clean(r.Filepath)
	if r.Method == "Stat" {
		return one(d.sim.root.Stat(name))
	}
	f, err := d.sim.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.Readdir(-1)
	if err == nil && d.sim.opt.List != nil {
		entries = d.sim.opt.List(name, entries)
	}
	return listing(entries), err
}

func (d disk) Lstat(r *sftp.Request) (sftp.ListerAt, error) {
	return one(d.sim.root.Lstat(clean(r.Filepath)))
}

func one(info fs.FileInfo, err error) (sftp.ListerAt, error) { return listing{info}, err }

type listing []fs.FileInfo

func (l listing) ListAt(into []fs.FileInfo, from int64) (int, error) {
	if from >= int64(len(l)) {
		return 0, io.EOF
	}
	n := copy(into, l[from:])
	if n < len(into) {
		return n, io.EOF
	}
	return n, nil
}
