package conf

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// maxSocket is the longest path of a socket in bytes: the kernel takes 107, and
// a little is left for a lock beside it.
const maxSocket = 100

// off is what control and state_dir are given to have none.
const off = "off"

// place is what defaults of paths depend on.
type place struct {
	uid    int
	getenv func(string) string
}

// SystemControl is the socket of the machine's own daemon.
const SystemControl = "/run/boostd/boostd.sock"

// DefaultControl is the socket of a daemon whose boostd.yaml names none.
func DefaultControl() string { return place{os.Getuid(), os.Getenv}.control() }

// resolve makes the paths of control and state_dir absolute or empty. A
// relative path counts from the folder of boostd.yaml.
func (p place) resolve(f *File) []error {
	f.Control = p.path(f, f.Control, p.control())
	f.StateDir = p.path(f, f.StateDir, p.stateDir())
	var errs []error
	if n := len(f.Control); n > maxSocket {
		errs = append(errs, fmt.Errorf("control: %s: is %d bytes long, and the path of a socket can have %d: name a shorter one, or off", f.Control, n, maxSocket))
	}
	return errs
}

func (p place) path(f *File, given, preset string) string {
	switch {
	case given == off:
		return ""
	case given == "":
		return preset
	case filepath.IsAbs(given):
		return given
	}
	return filepath.Join(filepath.Dir(f.Path), given)
}

func (p place) control() string {
	switch runtime := p.getenv("XDG_RUNTIME_DIR"); {
	case p.getenv("RUNTIME_DIRECTORY") != "": // systemd's; ExecReload has it, too
		return filepath.Join(filepath.SplitList(p.getenv("RUNTIME_DIRECTORY"))[0], "boostd.sock")
	case p.uid == 0:
		return SystemControl
	case filepath.IsAbs(runtime):
		return filepath.Join(runtime, "boostd", "boostd.sock")
	}
	return filepath.Join(os.TempDir(), "boostd-"+strconv.Itoa(p.uid), "boostd.sock")
}

func (p place) stateDir() string {
	switch state, home := p.getenv("XDG_STATE_HOME"), p.getenv("HOME"); {
	case p.getenv("STATE_DIRECTORY") != "":
		return filepath.SplitList(p.getenv("STATE_DIRECTORY"))[0]
	case p.uid == 0:
		return "/var/lib/boostd"
	case filepath.IsAbs(state):
		return filepath.Join(state, "boostd")
	case filepath.IsAbs(home):
		return filepath.Join(home, ".local", "state", "boostd")
	}
	return ""
}
