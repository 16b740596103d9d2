package configwatch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/hashicorp/go-hclog"
)

const (
	// quiet is how long nothing must happen before a change counts as whole: editors
	// write in several steps.
	quiet = 100 * time.Millisecond
	// longest is how long changes without a pause are waited for.
	longest = time.Second
	// maxLinks is how many links lead to a file at most, as the kernel has it.
	maxLinks = 40
)

// fileWatch tells when a path may lead to another file, or the file to another
// text. It watches folders, because a watch on a file goes blind when another is
// moved there: those of the file and of each link on the way to it, and the ones
// above, which may be moved or made anew themselves.
type fileWatch struct {
	path    string // absolute
	watcher *fsnotify.Watcher
	changed chan<- struct{}
	ended   chan struct{}
	logger  hclog.Logger

	// The goroutine's own.
	ours map[string]bool // the file and the links to it
}

// watchFile begins to watch. changed has room for one.
func watchFile(path string, changed chan<- struct{}, logger hclog.Logger) (*fileWatch, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", path, err)
	}
	w := &fileWatch{path: path, watcher: watcher, changed: changed, ended: make(chan struct{}), logger: logger}
	w.follow()
	w.tell() // what happened before isn't seen
	go w.run()
	return w, nil
}

func (w *fileWatch) close() error {
	err := w.watcher.Close()
	<-w.ended
	if err != nil {
		return fmt.Errorf("end the watch of %s: %w", w.path, err)
	}
	return nil
}

// run waits until it is quiet, then looks again which folders count, and only
// then tells: what happens after that is seen.
func (w *fileWatch) run() {
	defer close(w.ended)
	var first time.Time // of the changes that wait
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case e, open := <-w.watcher.Events:
			if !open {
				return
			}
			if !w.matters(e) {
				continue
			}
		case err, open := <-w.watcher.Errors: // too many events: some are lost
			if !open {
				return
			}
			w.logger.Debug("watch of the settings' file", "error", err)
		case <-timer.C:
			first = time.Time{}
			w.follow()
			w.tell()
			continue
		}
		now := time.Now()
		if first.IsZero() {
			first = now
		}
		timer.Reset(min(quiet, first.Add(longest).Sub(now)))
	}
}

func (w *fileWatch) tell() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// matters leaves out what is written to neighbours, such as an audit: it makes no
// other file of the path.
func (w *fileWatch) matters(e fsnotify.Event) bool {
	return e.Has(fsnotify.Create) || e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) || w.ours[e.Name]
}

// follow watches the folders that count now, and no others.
func (w *fileWatch) follow() {
	var folders []string
	folders, w.ours = chain(w.path)
	for _, old := range w.watcher.WatchList() {
		if !slices.Contains(folders, old) {
			_ = w.watcher.Remove(old) // it may be gone by itself
		}
	}
	for _, folder := range folders {
		if err := w.watcher.Add(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			w.logger.Debug("folder of the settings' file can't be watched", "folder", folder, "error", err)
		}
	}
}

// chain follows a path through all links. It returns the folders in which a change
// may lead it elsewhere, and the names of file and links. Of what isn't there the
// nearest folder that is counts.
func chain(path string) (folders []string, names map[string]bool) {
	names = map[string]bool{}
	note := func(name string) {
		names[name] = true
		for _, folder := range []string{filepath.Dir(name), filepath.Dir(filepath.Dir(name))} {
			if folder = existing(folder); !slices.Contains(folders, folder) {
				folders = append(folders, folder)
			}
		}
	}
	for range maxLinks {
		link, target, rest := firstLink(path)
		if link == "" {
			break
		}
		note(link)
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(link), target)
		}
		path = filepath.Join(target, rest)
	}
	note(path)
	return folders, names
}

// firstLink is the shortest beginning of the path that is a link, where it leads,
// and what of the path follows; empty when there is none.
func firstLink(path string) (link, target, rest string) {
	for end := 0; end < len(path); {
		if next := strings.IndexByte(path[end+1:], filepath.Separator); next >= 0 {
			end += 1 + next
		} else {
			end = len(path)
		}
		if target, err := os.Readlink(path[:end]); err == nil {
			return path[:end], target, path[end:]
		}
	}
	return "", "", ""
}

// existing is the folder, or the nearest above it that exists.
func existing(folder string) string {
	for {
		if info, err := os.Stat(folder); err == nil && info.IsDir() || filepath.Dir(folder) == folder {
			return folder
		}
		folder = filepath.Dir(folder)
	}
}
