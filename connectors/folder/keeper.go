package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/studio-agent/studio-agent/connectors"
)

// A keeper opens the account's folders and vouches that each is on the disk or
// share that it was on when it was first used. A share that is not mounted
// leaves its mount point behind: an empty folder that would swallow photos, and
// in which every photo that was delivered looks picked up.
type keeper struct {
	account string
	memory  connectors.Memory
	storage func(*os.Root) string // what a folder is on, in words that outlive a remount; "" if it cannot be told

	mu   sync.Mutex
	sure map[string]fs.FileInfo // by folder: itself, when it was last found where it belongs
}

// open opens a folder that must be there, on its own disk or share. It makes
// nothing. Trouble that passes is a plain error.
func (k *keeper) open(dir string) (*os.Root, error) {
	root, err := k.find(dir)
	if err != nil {
		return nil, err
	}
	if err := k.vouch(dir, root); err != nil {
		root.Close()
		return nil, err
	}
	return root, nil
}

// find opens a folder, whatever disk or share it is on.
func (k *keeper) find(dir string) (*os.Root, error) {
	root, err := os.OpenRoot(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the folder %s is missing; is the share mounted?", dir)
	case errors.Is(err, fs.ErrPermission):
		return nil, connectors.Denied("the agent's user may not open the folder %s; give it access: %w", dir, err)
	case err != nil:
		return nil, fmt.Errorf("the folder %s cannot be opened: %w", dir, k.trouble(dir, err))
	}
	return root, nil
}

// vouch says why root is not the folder that dir was, or nil. It asks the memory
// only when the folder itself is another than at the last time: that is once.
func (k *keeper) vouch(dir string, root *os.Root) error {
	info, err := root.Stat(".")
	if err != nil {
		return fmt.Errorf("the folder %s: %w", dir, k.trouble(dir, err))
	}
	if k.isSure(dir, info) {
		return nil
	}
	was, err := k.recall(storageKey, dir)
	if err != nil {
		return err
	}
	now := k.storage(root)
	switch {
	case now == "":
		return nil
	case was == "":
		err = k.keep(storageKey, dir, now)
	case was != now:
		err = fmt.Errorf("the folder %s is not on the disk or share it was on (was %s, now %s): is the share mounted? If it moved for good, say `studio-agent doctor %s`",
			dir, was, now, k.account)
	}
	if err == nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.sure == nil {
			k.sure = map[string]fs.FileInfo{}
		}
		k.sure[dir] = info
	}
	return err
}

func (k *keeper) isSure(dir string, info fs.FileInfo) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	before := k.sure[dir]
	return before != nil && os.SameFile(before, info)
}

// learn remembers what root is on from now on, and returns that and what it was
// on before.
func (k *keeper) learn(dir string, root *os.Root) (now, was string, err error) {
	if was, err = k.recall(storageKey, dir); err != nil {
		return "", "", err
	}
	now = k.storage(root)
	return now, was, k.keep(storageKey, dir, now)
}

// trouble names the disk or share if err says that it does not answer. Such
// trouble passes, and photos wait.
func (k *keeper) trouble(dir string, err error) error {
	var far farError
	if !silent(err) || errors.As(err, &far) {
		return err
	}
	on, recalled := k.recall(storageKey, dir)
	if recalled != nil || on == "" {
		on = dir
	}
	return fmt.Errorf("the disk or share (%s) does not answer; is it connected, and its server up? %w", on, err)
}

// A fact that is kept about a folder.
type fact string

const (
	storageKey fact = "storage of " // see keeper.storage
	timesKey   fact = "times of "   // timesRefused, or nothing
)

// timesRefused is where a folder lets the agent write files, but not set their
// times: a share whose files all belong to another user.
const timesRefused = "refused"

func (k *keeper) recall(f fact, dir string) (string, error) {
	value, err := k.memory.Recall(string(f) + dir)
	if err != nil {
		return "", fmt.Errorf("what is known of the folder %s cannot be recalled: %w", dir, err)
	}
	return value, nil
}

func (k *keeper) keep(f fact, dir, value string) error {
	if err := k.memory.Keep(string(f)+dir, value); err != nil {
		return fmt.Errorf("what was found out about the folder %s cannot be kept: %w", dir, err)
	}
	return nil
}
