package wholefile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// ReadSmall reads a file of at most limit bytes, and nothing that could keep us
// waiting, such as a pipe. what begins its errors: the key of boostd.yaml that names
// the file, for example.
func ReadSmall(what, path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("%s: %w: let the user that boostd runs as read it", what, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %s: want a file, this is something else", what, path)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", what, err)
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("%s: %s is larger than %d bytes", what, path, limit)
	}
	return data, nil
}
