package configwatch

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/kafkaboost/boostd/priority"
)

// Config is the section `settings:` of boostd.yaml.
type Config struct {
	// Source is file:PATH; a relative path counts from the folder of boostd.yaml.
	Source string `yaml:"source" schema:"required"`
}

// Validate returns everything that is wrong. Each error's text begins with the
// path of its key inside the section.
func (c Config) Validate() []error {
	scheme, rest, _ := strings.Cut(c.Source, ":")
	switch {
	case c.Source == "":
		return []error{fmt.Errorf("source: is missing: say where the settings document is, such as file:settings.json")}
	case scheme == "s3" || scheme == "https" || scheme == "http":
		return []error{fmt.Errorf("source: %s is not supported by this version: use file:PATH", scheme)}
	case scheme != "file" || rest == "" || strings.HasPrefix(rest, "//") && !strings.HasPrefix(rest, "///"):
		// The source isn't shown: an address may have a password in it.
		return []error{fmt.Errorf("source: want file:PATH, such as file:settings.json or file:///etc/boostd/settings.json")}
	}
	return nil
}

// Path is the file that Source names; dir is the folder of boostd.yaml.
func (c Config) Path(dir string) string {
	path := strings.TrimPrefix(strings.TrimPrefix(c.Source, "file:"), "//")
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

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
