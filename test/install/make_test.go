package install

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMakeInstall: below another PREFIX, over what is there, and away again.
func TestMakeInstall(t *testing.T) {
	t.Parallel()
	boostd, err := binary()
	must(t, boostd, err)
	root := t.TempDir()
	run := func(target string) {
		t.Helper()
		if err := command(exec.Command("make", target, "DESTDIR="+root, "PREFIX=/usr/local", "BOOSTD="+boostd)); err != nil {
			t.Fatal(err)
		}
	}
	run("install")
	for file, mode := range map[string]fs.FileMode{
		"usr/local/bin/boostd":                               0o755,
		"usr/local/lib/systemd/system/boostd.service":        0o644,
		"usr/local/share/man/man1/boostd-config.1.gz":        0o644,
		"usr/local/share/bash-completion/completions/boostd": 0o644,
		"etc/boostd/boostd.yaml":                             0o640,
		"etc/boostd/settings.json":                           0o640,
	} {
		info, err := os.Stat(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != mode || info.Size() == 0 {
			t.Errorf("%s: mode %v, %d bytes, want mode %v", file, info.Mode().Perm(), info.Size(), mode)
		}
	}
	plugins := filepath.Join(root, "usr/local/lib/boostd/plugins")
	if info, err := os.Stat(plugins); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the folder of plugins: %v, %v", info, err)
	}
	service := read(t, filepath.Join(root, "usr/local/lib/systemd/system/boostd.service"))
	if strings.Contains(service, "/usr/bin/") || !strings.Contains(service, "ExecStart=/usr/local/bin/boostd run") {
		t.Errorf("the unit doesn't start what was installed:\n%s", service)
	}
	example := filepath.Join(root, "etc/boostd/boostd.yaml")
	if out, err := exec.Command(boostd, "config", "validate", "-c", example).CombinedOutput(); err != nil {
		t.Errorf("the example is not valid: %v\n%s", err, out)
	}
	write(t, example, "mine\n")
	write(t, filepath.Join(root, "usr/local/share/man/man1/boostd-gone.1.gz"), "a command that is no more")
	run("install")
	if read(t, example) != "mine\n" {
		t.Error("install has overwritten boostd.yaml")
	}
	write(t, filepath.Join(plugins, "mine"), "")
	run("uninstall")
	if err := os.Remove(filepath.Join(plugins, "mine")); err != nil {
		t.Errorf("uninstall has removed a plugin: %v", err)
	}
	run("uninstall")
	if _, err := os.Stat(filepath.Dir(plugins)); err == nil {
		t.Error("uninstall leaves the folder of plugins")
	}
	var left []string
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			left = append(left, strings.TrimPrefix(path, root))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(left, " "); got != "/etc/boostd/boostd.yaml /etc/boostd/settings.json" {
		t.Errorf("uninstall leaves %s", got)
	}
}
