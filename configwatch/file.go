package configwatch

import (
	"context"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/priority"
)

// file is a document in a file. Its changes are seen by fsnotify and by polling.
type file struct {
	path string
}

func openFile(path string, _ hclog.Logger) *file { return &file{path: path} }

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

// Changed implements Source.
func (f *file) Changed() <-chan struct{} { return nil }

func (f *file) String() string { return "file:" + f.path }

// Close implements Source.
func (f *file) Close() error { return nil }

// ReadFile reads a settings document; one that is larger than
// priority.MaxDocument, and what is no file, such as a pipe that could keep us
// waiting, is refused.
func ReadFile(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
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
