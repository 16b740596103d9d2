package conf

import "testing"

func TestPaths(t *testing.T) {
	for _, c := range []struct {
		name                   string
		uid                    int
		env                    environment
		control, stateDir      string
		wantControl, wantState string
	}{
		{"root", 0, environment{"HOME": "/root", "XDG_RUNTIME_DIR": "/run/user/0"}, "", "", "/run/boostd/boostd.sock", "/var/lib/boostd"},
		{"a user", 7, environment{"HOME": "/home/u", "XDG_RUNTIME_DIR": "/run/user/7"}, "", "", "/run/user/7/boostd/boostd.sock", "/home/u/.local/state/boostd"},
		{"a user with folders of his own", 7, environment{"HOME": "/home/u", "XDG_STATE_HOME": "/s", "TMPDIR": "/t"}, "", "", "", "/s/boostd"},
		{"relative variables count for nothing", 7, environment{"HOME": "/h", "XDG_RUNTIME_DIR": "r", "XDG_STATE_HOME": "s"}, "", "", "", "/h/.local/state/boostd"},
		{"a user without a home", 7, environment{"XDG_RUNTIME_DIR": "/r"}, "", "", "/r/boostd/boostd.sock", ""},
		{"systemd", 7, environment{"STATE_DIRECTORY": "/var/lib/boostd:/var/lib/other", "XDG_RUNTIME_DIR": "/r"}, "", "", "/r/boostd/boostd.sock", "/var/lib/boostd"},
		{"systemd's folder for sockets", 7, environment{"RUNTIME_DIRECTORY": "/run/orders:/run/other", "HOME": "/h"}, "", "", "/run/orders/boostd.sock", "/h/.local/state/boostd"},
		{"off", 0, nil, "off", "off", "", ""},
		{"relative", 0, nil, "run/b.sock", "state", "/etc/boostd/run/b.sock", "/etc/boostd/state"},
		{"absolute", 0, nil, "/b.sock", "/state", "/b.sock", "/state"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &File{Control: c.control, StateDir: c.stateDir, Path: "/etc/boostd/boostd.yaml"}
			p := c.env.place()
			p.uid = c.uid
			if errs := p.resolve(f); len(errs) > 0 {
				t.Error(errs)
			}
			if c.wantControl == "" && c.control == "" {
				c.wantControl = p.control() // in the temporary folder, wherever that is
			}
			if f.Control != c.wantControl || f.StateDir != c.wantState {
				t.Errorf("control %q, state_dir %q, want %q and %q", f.Control, f.StateDir, c.wantControl, c.wantState)
			}
		})
	}
}
