package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kafkaboost/boostd/lockfile"
	"github.com/kafkaboost/boostd/wholefile"
)

// state is what must survive a restart: files in state_dir, which one instance
// at a time holds. A nil state keeps nothing.
type state struct {
	dir  string
	lock *os.File
}

// maxState bounds a state file in bytes.
const maxState = 4 << 20

// openState takes the folder, which is made when it is missing. It fails when
// another instance has it.
func openState(dir string) (*state, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make state_dir: %w", err)
	}
	lock, err := lockfile.Take(filepath.Join(dir, "lock"))
	if held, ok := errors.AsType[lockfile.Held](err); ok {
		return nil, fmt.Errorf("state_dir %s %w: give each instance its own", dir, held)
	}
	if err != nil {
		return nil, fmt.Errorf("lock state_dir: %w", err)
	}
	wholefile.SweepFolder(dir) // nobody else writes there: what a crash left is nobody's
	return &state{dir, lock}, nil
}

func (s *state) close() error {
	if s == nil {
		return nil
	}
	if err := s.lock.Close(); err != nil {
		return fmt.Errorf("close state_dir: %w", err)
	}
	return nil
}

// load reads a file into v and leaves v alone when there is none.
func (s *state) load(name string, v any) error {
	if s == nil {
		return nil
	}
	path := filepath.Join(s.dir, name)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("read state: %w", err)
	case info.Size() > maxState:
		return fmt.Errorf("read state %s: larger than %d bytes", path, maxState)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read state: %w", err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("read state %s: %w", path, err)
	}
	return nil
}

// save replaces a file as a whole: after a crash the old or the new one is
// there.
func (s *state) save(name string, v any) error {
	if s == nil {
		return nil
	}
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write state %s: %w", name, err)
	}
	path := filepath.Join(s.dir, name)
	if err := wholefile.Replace(path, append(data, '\n'), ""); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return nil
}
