package configwatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kafkaboost/boostd/lockfile"
	"github.com/kafkaboost/boostd/wholefile"
)

// fileHistory keeps the versions of a file in the folder history/ beside it: each
// as settings-TIME.json, with its note in settings-TIME.note. The file itself is a
// copy of the current one.
type fileHistory struct {
	path string // behind all links
	dir  string
	now  func() time.Time
}

// lockWait is the time between two tries for the lock.
const lockWait = 20 * time.Millisecond

func openFileHistory(path string) (*fileHistory, error) {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		real, err = path, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open history of %s: %w", path, err)
	}
	return &fileHistory{path: real, dir: filepath.Join(filepath.Dir(real), "history"), now: time.Now}, nil
}

// List implements History.
func (h *fileHistory) List(context.Context) ([]Entry, error) {
	entries, err := h.entries()
	if err != nil {
		return nil, err
	}
	current, err := h.current()
	if err != nil {
		return nil, err
	}
	if current.Hash == "" {
		return entries, nil
	}
	for n := range entries {
		if entries[n].Hash == current.Hash { // the newest of those with the same text
			entries[n].Current = true
			return entries, nil
		}
	}
	return append([]Entry{current}, entries...), nil
}

// entries are what the folder has, newest first.
func (h *fileHistory) entries() ([]Entry, error) {
	files, err := os.ReadDir(h.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list history: %w", err)
	}
	entries := []Entry{}
	for _, f := range files {
		if !isVersion(f.Name()) {
			continue
		}
		data, err := ReadFile(filepath.Join(h.dir, f.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, h.entry(f.Name(), data))
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(b.Name, a.Name) })
	return entries, nil
}

func (h *fileHistory) entry(name string, data []byte) Entry {
	e := Entry{Name: name, Hash: Hash(data)}
	e.At, _ = versionAt(name)
	if text, err := os.ReadFile(filepath.Join(h.dir, noteName(name))); err == nil {
		_ = json.Unmarshal(text, &e.Note) // without one nobody is known
	}
	return e
}

func noteName(name string) string { return strings.TrimSuffix(name, ".json") + ".note" }

// current is the file as an entry of its own; without a hash where there is none.
func (h *fileHistory) current() (Entry, error) {
	data, err := ReadFile(h.path)
	if errors.Is(err, fs.ErrNotExist) {
		return Entry{}, nil
	}
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Name: filepath.Base(h.path), Hash: Hash(data), Current: true, Note: Note{Comment: "written by other hands"}}
	if info, err := os.Stat(h.path); err == nil {
		e.At = info.ModTime().UTC()
	}
	return e, nil
}

// Get implements History.
func (h *fileHistory) Get(_ context.Context, name string) (Version, error) {
	path := filepath.Join(h.dir, name)
	switch {
	case name == filepath.Base(h.path):
		path = h.path
	case name != filepath.Base(name) || !isVersion(name):
		return Version{}, fmt.Errorf("version %q: %w", name, ErrNoVersion)
	}
	data, err := ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Version{}, fmt.Errorf("version %q: %w", name, ErrNoVersion)
	}
	return Version{Data: data, Name: name, Place: path}, err
}

// Push implements History. The version is in the history before the file is
// replaced, so that none is current that nobody can find.
func (h *fileHistory) Push(ctx context.Context, data []byte, base string, note Note) (Entry, error) {
	if err := os.MkdirAll(h.dir, 0o750); err != nil {
		return Entry{}, fmt.Errorf("make history: %w", err)
	}
	lock, err := h.lock(ctx)
	if err != nil {
		return Entry{}, err
	}
	defer lock.Close()
	wholefile.Sweep(h.path)
	all, err := h.List(ctx)
	if err != nil {
		return Entry{}, err
	}
	n := slices.IndexFunc(all, func(e Entry) bool { return e.Current })
	current := Entry{}
	if n >= 0 {
		current = all[n]
	}
	if current.Hash != base {
		v, _ := h.Get(ctx, current.Name) // it may be gone again
		return Entry{}, Conflict{current, v.Data}
	}
	last := h.last(all)
	if n >= 0 && current.Name == filepath.Base(h.path) { // by other hands: it would be lost
		v, err := h.Get(ctx, current.Name)
		if err != nil {
			return Entry{}, err
		}
		if last, err = h.keep(v.Data, current.Note, last); err != nil {
			return Entry{}, err
		}
	}
	name, err := h.keep(data, note.cut(), last)
	if err != nil {
		return Entry{}, err
	}
	if err := wholefile.Replace(h.path, data, h.path); err != nil {
		return Entry{}, fmt.Errorf("write settings: %w", err)
	}
	e := h.entry(name, data)
	e.Current = true
	return e, nil
}

// last is the newest name in the history.
func (h *fileHistory) last(all []Entry) string {
	for _, e := range all {
		if e.Name != filepath.Base(h.path) {
			return e.Name
		}
	}
	return ""
}

// keep writes a version and its note into the history.
func (h *fileHistory) keep(data []byte, note Note, last string) (name string, err error) {
	name = versionName(h.now(), last)
	text, err := json.Marshal(note)
	if err == nil {
		err = wholefile.Replace(filepath.Join(h.dir, noteName(name)), append(text, '\n'), h.path)
	}
	if err == nil {
		err = wholefile.Replace(filepath.Join(h.dir, name), data, h.path)
	}
	if err != nil {
		return "", fmt.Errorf("write history: %w", err)
	}
	return name, nil
}

// lock waits until nobody else pushes.
func (h *fileHistory) lock(ctx context.Context) (*os.File, error) {
	for {
		lock, err := lockfile.Take(filepath.Join(h.dir, "lock"))
		if _, held := errors.AsType[lockfile.Held](err); err == nil || !held {
			if err != nil {
				return nil, fmt.Errorf("lock history: %w", err)
			}
			return lock, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("lock history: it %w", err)
		case <-time.After(lockWait):
		}
	}
}
