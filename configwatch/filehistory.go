package configwatch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kafkaboost/boostd/wholefile"
)

// fileHistory keeps the versions of a file in the folder history/ beside it: each
// as settings-TIME.json, with its note in settings-TIME.note, which also says which
// file it is of, for there may be several in one folder. The file itself is a copy
// of the current one.
type fileHistory struct {
	named string // as boostd.yaml has it
	path  string // behind all links
	dir   string
	now   func() time.Time
}

// maxFileVersions is how many versions List reads.
const maxFileVersions = 1000

func openFileHistory(path string) (*fileHistory, error) {
	behind, err := behindLinks(path)
	if err != nil {
		return nil, fmt.Errorf("open history of %s: %w", path, err)
	}
	return &fileHistory{named: path, path: behind, dir: filepath.Join(filepath.Dir(behind), "history"), now: time.Now}, nil
}

// behindLinks is where a file is, or would be.
func behindLinks(path string) (string, error) {
	behind, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	return behind, err
}

// List implements History. What is current is looked at first: whoever pushes
// meanwhile has his version in the folder before it is current.
func (h *fileHistory) List(context.Context) ([]Entry, error) {
	current, data, err := h.read()
	if err != nil {
		return nil, err
	}
	versions, err := h.versions()
	if err != nil {
		return nil, err
	}
	entries, found := []Entry{}, data == nil
	for _, v := range versions[:min(len(versions), maxFileVersions)] {
		e, ok := h.entry(v)
		if !ok {
			continue
		}
		if !found && e.Hash == current.Hash { // the newest of those with the same text
			found, e.Current = true, true
		}
		entries = append(entries, e)
	}
	if !found {
		return append([]Entry{current}, entries...), nil
	}
	return entries, nil
}

// Current implements History.
func (h *fileHistory) Current(context.Context) (Entry, []byte, error) {
	current, data, _, err := h.look()
	return current, data, err
}

// look finds the current version, and whether it is in the folder. Data is nil where
// there is none.
func (h *fileHistory) look() (current Entry, data []byte, kept bool, err error) {
	current, data, err = h.read()
	if err != nil || data == nil {
		return Entry{}, nil, false, err
	}
	versions, err := h.versions()
	if err != nil {
		return Entry{}, nil, false, err
	}
	for _, v := range versions[:min(len(versions), maxFileVersions)] {
		if info, err := v.Info(); err != nil || info.Size() != int64(len(data)) {
			continue // most files needn't be read
		}
		if e, ok := h.entry(v); ok && e.Hash == current.Hash {
			e.Current = true
			return e, data, true, nil
		}
	}
	return current, data, false, nil
}

// read is the file as an entry of its own; data is nil where there is none.
func (h *fileHistory) read() (e Entry, data []byte, err error) {
	if data, err = ReadFile(h.path); errors.Is(err, fs.ErrNotExist) {
		return Entry{}, nil, nil
	}
	if err != nil {
		return Entry{}, nil, err
	}
	e = Entry{Name: filepath.Base(h.path), Hash: Hash(data), Current: true, Note: Note{Comment: "written by other hands"}}
	if info, err := os.Stat(h.path); err == nil { // else it is gone again
		e.At = info.ModTime().UTC()
	}
	return e, data, nil
}

// versions are the names in the folder, newest first. What isn't a plain file is
// none: a link could lead to what isn't anybody's to read.
func (h *fileHistory) versions() ([]fs.DirEntry, error) {
	all, err := os.ReadDir(h.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list history: %w", err)
	}
	all = slices.DeleteFunc(all, func(f fs.DirEntry) bool { return !isVersion(f.Name()) || !f.Type().IsRegular() })
	slices.SortFunc(all, func(a, b fs.DirEntry) int { return strings.Compare(b.Name(), a.Name()) })
	return all, nil
}

// entry is false for a version of another file, and for one that is gone again. One
// that can't be read hides no other.
func (h *fileHistory) entry(f fs.DirEntry) (e Entry, ok bool) {
	note := h.note(f.Name())
	if !note.of(h.path) {
		return Entry{}, false
	}
	e = Entry{Name: f.Name(), Note: note.Note}
	var err error
	if e.At, err = versionAt(f.Name()); err != nil {
		if info, err := f.Info(); err == nil {
			e.At = info.ModTime().UTC()
		}
	}
	data, err := readFile(filepath.Join(h.dir, f.Name()), noFollow)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Entry{}, false
	case err != nil:
		e.Problem = err.Error()
	default:
		e.Hash = Hash(data)
	}
	return e, true
}

// Get implements History.
func (h *fileHistory) Get(_ context.Context, name string) (Version, error) {
	path, flags := filepath.Join(h.dir, name), noFollow
	switch {
	case name == filepath.Base(h.path):
		path, flags = h.path, 0
	case !isVersion(name) || !h.note(name).of(h.path): // it leads nowhere else, either
		return Version{}, fmt.Errorf("version %q: %w", name, ErrNoVersion)
	}
	data, err := readFile(path, flags)
	if errors.Is(err, fs.ErrNotExist) {
		return Version{}, fmt.Errorf("version %q: %w", name, ErrNoVersion)
	}
	return Version{Data: data, Name: name, Place: path}, err
}

// Push implements History. The version is in the history before the file is
// replaced, so that none is current that nobody can find.
func (h *fileHistory) Push(ctx context.Context, data []byte, base string, note Note) (Entry, error) {
	if err := h.makeFolder(); err != nil {
		return Entry{}, fmt.Errorf("make history: %w", err)
	}
	lock, err := h.lock(ctx)
	if err != nil {
		return Entry{}, err
	}
	defer lock.Close()
	h.sweep()
	current, old, kept, err := h.look()
	if err != nil {
		return Entry{}, err
	}
	if current.Hash != base {
		return Entry{}, Conflict{current, old}
	}
	if behind, err := behindLinks(h.named); err != nil || behind != h.path {
		return Entry{}, fmt.Errorf("%s leads elsewhere than it did a moment ago: try again", h.named)
	}
	if old != nil && !kept { // by other hands: it would be lost
		if _, err := h.keep(old, current.Note); err != nil {
			return Entry{}, err
		}
	}
	name, err := h.keep(data, note.cut())
	if err != nil {
		return Entry{}, err
	}
	if err := h.replace(data, base); err != nil {
		if now, _, _, lost := h.look(); lost == nil && now.Hash != Hash(data) {
			h.forget(name)
		}
		return Entry{}, err
	}
	at, _ := versionAt(name)
	return Entry{Name: name, Hash: Hash(data), At: at, Current: true, Note: note.cut()}, nil
}

// replace makes data the file. Other hands take no lock: what they have written until
// now isn't overwritten.
func (h *fileHistory) replace(data []byte, base string) error {
	current, old, _, err := h.look()
	if err != nil {
		return err
	}
	if current.Hash != base {
		return Conflict{current, old}
	}
	if err := wholefile.Replace(h.path, data, h.like()); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return nil
}

// keep writes a version and its note into the history, behind all that are there.
// The caller has the lock.
func (h *fileHistory) keep(data []byte, note Note) (name string, err error) {
	versions, err := h.versions()
	if err != nil {
		return "", err
	}
	taken, last := map[string]bool{}, ""
	for _, v := range versions {
		taken[v.Name()] = true
		if _, err := versionAt(v.Name()); err == nil && last == "" {
			last = v.Name()
		}
	}
	now := h.now()
	for name = versionName(now, last); taken[name]; name = versionName(now, "") {
		now = now.Add(time.Millisecond) // never over what is there
	}
	if err := h.writeNote(name, note); err != nil {
		return "", fmt.Errorf("write history: %w", err)
	}
	if err := wholefile.Replace(filepath.Join(h.dir, name), data, h.like()); err != nil {
		h.forget(name)
		return "", fmt.Errorf("write history: %w", err)
	}
	return name, nil
}

// forget removes a version that hasn't become current.
func (h *fileHistory) forget(name string) {
	_ = os.Remove(filepath.Join(h.dir, name))
	_ = os.Remove(filepath.Join(h.dir, noteName(name))) // else sweep does it later
}

// like is whose mode and owner new files get: the file's, and the folder's where
// this is the first.
func (h *fileHistory) like() string {
	if _, err := os.Stat(h.path); err != nil {
		return filepath.Dir(h.path)
	}
	return h.path
}
