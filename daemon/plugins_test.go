package daemon

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/plugins"
)

// withPlugins is a daemon whose boostd.yaml is in dir, with these files in its
// plugin_dir, plugins.
func withPlugins(t *testing.T, dir string, files ...string) *Daemon {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "plugins", "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if err := os.WriteFile(filepath.Join(dir, "plugins", name), nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return withConfig(&Daemon{snapshots: snapshots{making: make(chan struct{}, 1)}}, &conf.File{Path: filepath.Join(dir, "boostd.yaml"), PluginDir: "plugins", Handlers: map[string]conf.Handler{
		"mail": {Config: plugins.Config{Plugin: "mailer"}}, "orders": {Config: plugins.Config{Plugin: "./plugins/orders"}}, "quiet": {Config: plugins.Config{Noop: &plugins.NoopConfig{}}},
	}})
}

func TestPluginFile(t *testing.T) {
	dir := t.TempDir()
	d := withPlugins(t, dir, "mailer", "orders", "old", ".next")
	for plugin, want := range map[string]string{
		"mailer":   dir + "/plugins/mailer",
		"./mailer": dir + "/mailer", // whether it is there is found out elsewhere
		"a/../b":   dir + "/b",
		"/opt/p":   "/opt/p",
		"mialer":   `error plugin: "mialer": there is no such file in plugin_dir, ` + dir + `/plugins, did you mean "mailer"?; there is "mailer", "old", "orders"`,
		"folder":   `error plugin: "folder": there is no such file in plugin_dir, ` + dir + `/plugins; there is "mailer", "old", "orders"`,
		"..":       `error plugin: "..": there is no such file in plugin_dir, ` + dir + `/plugins; there is "mailer", "old", "orders"`,
		"a\x1b[2J": `error plugin: "a\x1b[2J": there is no such file in plugin_dir, ` + dir + `/plugins; there is "mailer", "old", "orders"`,
	} {
		got, err := d.pluginFile(plugin)
		if err != nil {
			got = "error " + err.Error()
		}
		if got != want {
			t.Errorf("%q is\n%s\nwant\n%s", plugin, got, want)
		}
	}
	for want, files := range map[string][]string{
		"it has no files; a path has a slash": nil,
		`"p09" and 3 more`:                    numbered(12),
	} {
		if _, err := withPlugins(t, t.TempDir(), files...).pluginFile("x"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d files: %v, want %q", len(files), err, want)
		}
	}
	d.file().PluginDir = "none"
	if _, err := d.pluginFile("x"); err == nil || !strings.Contains(err.Error(), "read plugin_dir: open "+dir+"/none: no such file") {
		t.Errorf("without the folder: %v", err)
	}
}

// numbered are p00 to pNN.
func numbered(last int) (names []string) {
	for n := range last + 1 {
		names = append(names, fmt.Sprintf("p%02d", n))
	}
	return names
}

// What no handler uses is listed, however it is named there.
func TestUnusedPlugins(t *testing.T) {
	d := withPlugins(t, t.TempDir(), append(numbered(150), "mailer", "orders")...)
	list, err := d.Handlers(t.Context())
	if err != nil || len(list.Unused) != maxUnused || list.Unused[0] != "p00" || list.Error != "" {
		t.Errorf("%+v, %v", list, err)
	}
	for _, name := range list.Unused {
		if name == "mailer" || name == "orders" {
			t.Errorf("%s is used", name)
		}
	}
	d.file().PluginDir = "none"
	if list, err := d.Handlers(t.Context()); err != nil || len(list.Unused) != 0 || list.Error != "" {
		t.Errorf("without the folder: %+v, %v", list, err)
	}
}

func TestReplacePluginThatIsNone(t *testing.T) {
	d := withPlugins(t, t.TempDir())
	_, err := d.ReplacePlugin(t.Context(), console.ReplaceOrder{Handler: "maill"})
	if !errors.Is(err, console.ErrNotFound) || !strings.Contains(err.Error(), `handler "maill": not found, did you mean "mail"?`) {
		t.Errorf("an unknown one: %v", err)
	}
}
