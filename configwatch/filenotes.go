package configwatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/kafkaboost/boostd/lockfile"
	"github.com/kafkaboost/boostd/wholefile"
)

// What stands beside the versions of a file: notes, the lock, and what crashes have
// left.

const (
	// maxNoteFile bounds a note in bytes.
	maxNoteFile = 16 << 10
	// lockWait is the time between two tries for the lock.
	lockWait = 20 * time.Millisecond
	noFollow = syscall.O_NOFOLLOW
)

// fileNote is a note as it stands in its file.
type fileNote struct {
	Note

	// File is the name of the file that the version is of.
	File string `json:"file"`
}

// of reports whether the version is one of the file's: so are those that other hands
// have put there.
func (n fileNote) of(path string) bool { return n.File == "" || n.File == filepath.Base(path) }

func noteName(name string) string { return strings.TrimSuffix(name, ".json") + ".note" }

// note is empty where there is none that can be read: nobody is known then.
func (h *fileHistory) note(name string) (n fileNote) {
	text, err := wholefile.ReadSmall("note", filepath.Join(h.dir, noteName(name)), maxNoteFile)
	if err != nil || json.Unmarshal(text, &n) != nil {
		return fileNote{}
	}
	n.Note = n.cut()
	return n
}

func (h *fileHistory) writeNote(name string, note Note) error {
	text, err := json.Marshal(fileNote{note, filepath.Base(h.path)})
	if err != nil {
		return err
	}
	return wholefile.Replace(filepath.Join(h.dir, noteName(name)), append(text, '\n'), h.like())
}

// makeFolder makes the history's folder where it is missing. Whoever may write
// beside the file may write into it, but not everybody.
func (h *fileHistory) makeFolder() error {
	if err := os.Mkdir(h.dir, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		return err
	}
	info, err := os.Stat(filepath.Dir(h.dir))
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && os.Chown(h.dir, int(owner.Uid), int(owner.Gid)) != nil {
		_ = os.Chown(h.dir, -1, int(owner.Gid)) // as far as it can be
	}
	return os.Chmod(h.dir, info.Mode()&(fs.ModePerm|fs.ModeSetgid)&^0o002)
}

// lock waits until nobody else pushes.
func (h *fileHistory) lock(ctx context.Context) (*os.File, error) {
	for {
		lock, err := lockfile.Take(filepath.Join(h.dir, "lock"))
		if _, held := errors.AsType[lockfile.Held](err); err == nil || !held {
			if err != nil {
				return nil, fmt.Errorf("lock history: %w", err)
			}
			h.share(lock)
			return lock, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("lock history: it %w", err)
		case <-time.After(lockWait):
		}
	}
}

// share lets those take the lock who may write into the folder, and nobody else: he
// could keep it.
func (h *fileHistory) share(lock *os.File) {
	info, err := os.Stat(h.dir)
	if err != nil {
		return
	}
	mode := fs.FileMode(0o600)
	if info.Mode()&0o020 != 0 {
		mode |= 0o060
	}
	if is, err := lock.Stat(); err != nil || is.Mode().Perm() == mode {
		return
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = lock.Chown(-1, int(owner.Gid))
	}
	_ = lock.Chmod(mode) // its owner alone can
}

// sweep removes what crashed pushes have left: temporaries, and notes of versions
// that have never been there. The caller has the lock.
func (h *fileHistory) sweep() {
	wholefile.Sweep(h.path)
	wholefile.SweepFolder(h.dir)
	all, _ := os.ReadDir(h.dir)
	there := map[string]bool{}
	for _, f := range all {
		there[f.Name()] = true
	}
	for _, f := range all {
		name, note := strings.CutSuffix(f.Name(), ".note")
		if _, err := versionAt(name); note && err == nil && f.Type().IsRegular() && !there[name+".json"] {
			_ = os.Remove(filepath.Join(h.dir, f.Name()))
		}
	}
}
