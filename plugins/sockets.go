package plugins

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
)

var socketFolderName = regexp.MustCompile(`^boostd-plugins-(\d+)-\d+$`)

// socketFolder makes a folder that nobody else can enter, for the sockets of one
// handler's plugins, and removes those of daemons that were killed.
func socketFolder() (string, error) {
	base := os.TempDir()
	old, _ := filepath.Glob(filepath.Join(base, "boostd-plugins-*")) // the pattern is good
	for _, path := range old {
		m := socketFolderName.FindStringSubmatch(filepath.Base(path))
		if m == nil {
			continue
		}
		pid, err := strconv.Atoi(m[1])
		if err == nil && syscall.Kill(pid, 0) == syscall.ESRCH && ownedWell(path) == nil {
			_ = os.RemoveAll(path)
		}
	}
	dir, err := os.MkdirTemp(base, fmt.Sprintf("boostd-plugins-%d-", os.Getpid()))
	if err != nil {
		return "", fmt.Errorf("make folder for plugins' sockets: %w", err)
	}
	return dir, nil
}
