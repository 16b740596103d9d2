package conf

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// environment is what the process was given beside its arguments: variables,
// and with two of them credentials and paths.
type environment map[string]string

func newEnvironment(environ []string) environment {
	env := environment{}
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok {
			env[name] = value
		}
	}
	return env
}

func (env environment) place() place {
	return place{os.Getuid(), func(name string) string { return env[name] }}
}

// maxSecret is the largest file that a reference may stand for, in bytes.
const maxSecret = 64 << 10

// credential is the file of a credential of systemd.
func (env environment) credential(name string) (string, error) {
	dir := env["CREDENTIALS_DIRECTORY"]
	switch {
	case name == "" || name == "." || name == ".." || strings.ContainsRune(name, '/'):
		return "", fmt.Errorf("%.40q is no name of a credential", name)
	case dir == "":
		return "", fmt.Errorf("there is no credential %q: systemd gives credentials to a unit with LoadCredential=%s:PATH; elsewhere use ${file:PATH}", name, name)
	}
	return filepath.Join(dir, name), nil
}

// readSecret reads a file whole, but for the newline that editors leave at its
// end. open says whether others than its owner may read it. No error shows
// content.
func readSecret(path string) (text string, open bool, err error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", false, fmt.Errorf("file %s can't be read: %w", path, cause(err))
	case !info.Mode().IsRegular(): // to open a pipe would wait for a writer
		return "", false, fmt.Errorf("file %s can't be read: it is no ordinary file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", false, fmt.Errorf("file %s can't be read: %w", path, cause(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	text = strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	switch {
	case err != nil:
		return "", false, fmt.Errorf("file %s can't be read: %w", path, cause(err))
	case len(data) > maxSecret:
		return "", false, fmt.Errorf("file %s is larger than %d bytes", path, maxSecret)
	case text == "":
		return "", false, fmt.Errorf("file %s is empty", path)
	case strings.ContainsRune(text, 0):
		return "", false, fmt.Errorf("file %s has a NUL byte in it, which no value can have", path)
	}
	return text, info.Mode().Perm()&0o077 != 0, nil
}
