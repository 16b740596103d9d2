package configwatch

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/priority"
)

// file is a document in a file.
type file struct {
	path    string
	logger  hclog.Logger
	changed chan struct{} // nil before Changed
	watch   *fileWatch    // nil also where the system can't
}

func openFile(path string, logger hclog.Logger) *file { return &file{path: path, logger: logger} }

// Read implements Source.
func (f *file) Read(context.Context, bool) (Version, error) {
	data, err := ReadFile(f.path)
	if err != nil {
		return Version{}, err
	}
	v := Version{Data: data, Place: f.path}
	if info, err := os.Stat(f.path); err == nil { // else it is gone again
		v.Name = info.ModTime().UTC().Format(time.RFC3339)
	}
	return v, nil
}

// Changed implements Source. The first call begins to watch; where that can't be,
// the file is still looked at each Refresh.
func (f *file) Changed() <-chan struct{} {
	if f.changed != nil {
		return f.changed
	}
	f.changed = make(chan struct{}, 1)
	path, err := filepath.Abs(f.path)
	if err == nil {
		f.watch, err = watchFile(path, f.changed, f.logger)
	}
	if err != nil {
		f.logger.Warn("settings file can't be watched: changes are seen at the next look, see settings.refresh", "file", f.path, "error", err)
	}
	return f.changed
}

func (f *file) String() string { return "file:" + f.path }

// Close implements Source.
func (f *file) Close() error {
	if f.watch == nil {
		return nil
	}
	return f.watch.close()
}

// ReadFile reads a settings document; one that is larger than
// priority.MaxDocument, and what is no file, such as a pipe that could keep us
// waiting, is refused.
func ReadFile(path string) ([]byte, error) { return readFile(path, 0) }

// readFile opens with more flags.
func readFile(path string, flags int) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|flags, 0)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() && !info.IsDir() {
		return nil, fmt.Errorf("read settings: %s: want a file, this is something else", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, priority.MaxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	if len(data) > priority.MaxDocument {
		return nil, fmt.Errorf("read settings: %s: larger than %d bytes", path, priority.MaxDocument)
	}
	return data, nil
}
