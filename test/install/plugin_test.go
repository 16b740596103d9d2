package install

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// noter is the plugin of test/plugin.
var noter = sync.OnceValues(func() (string, error) {
	path := filepath.Join(made, "noter")
	return path, command(exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", path, "./test/plugin"))
})

const withPlugin = `
kafka: {brokers: ["127.0.0.1:9092"], group: g}
settings: {source: "file:settings.json"}
topics: {orders: {handler: noter}}
handlers: {noter: {plugin: noter, settings: {takes: 1ms, journal: /var/lib/boostd/journal}, process: {nice: 5, memory: 512MiB}}}
`

// TestPluginInTheService: the unit's sandbox lets a plugin of the package's folder
// run, be replaced, and write where it may; none outlives the service, whatever ends
// it; and one that others may change isn't started.
func TestPluginInTheService(t *testing.T) {
	t.Parallel()
	path, err := noter()
	must(t, path, err)
	m := serviced(t)
	const place = "/usr/lib/boostd/plugins/noter"
	m.copy(path, place, 0o755)
	m.write("/etc/boostd/boostd.yaml", withPlugin)
	m.dropIn("RestartSec=50ms\n")
	m.run("systemctl", "start", "broker", "boostd")
	m.await("the plugin to run", func() bool { return m.pluginPID() != "" })
	m.run("boostd", "produce", "orders", "one", "-c", "/etc/boostd/boostd.yaml")
	m.await("a message to be handled", func() bool {
		text, err := m.try("cat", "/var/lib/boostd/journal")
		return err == nil && text == "orders/0@0"
	})
	first := m.pluginPID()
	if nice := m.run("ps", "-o", "ni=", "-p", first); strings.TrimSpace(nice) != "5" {
		t.Errorf("its niceness is %s, want 5", nice)
	}
	m.run("boostd", "handlers", "replace", "noter")
	second := m.pluginPID()
	if second == first || second == "" {
		t.Errorf("process %s is still there", first)
	}
	m.run("systemctl", "kill", "--kill-who=main", "--signal=KILL", "boostd")
	m.gone(second)
	m.await("another plugin", func() bool { now := m.pluginPID(); return now != "" && now != second })
	third := m.pluginPID()
	m.run("systemctl", "stop", "boostd")
	m.gone(third)
	if left := m.run("sh", "-c", "ls -d /tmp/systemd-private-*-boostd.service-*/tmp/boostd-plugins-* 2>/dev/null | wc -l"); left != "0" {
		t.Errorf("%s folders of sockets are left", left)
	}

	m.run("chmod", "o+w", place)
	m.run("sh", "-c", "systemctl start boostd || true")
	if code := m.show("ExecMainStatus"); code != "78" || !strings.Contains(m.journal(), "chmod go-w") {
		t.Errorf("with a plugin that everybody may change the exit code is %s, want 78", code)
	}
}

// pluginPID is the plugin's process, as the daemon says; empty while none runs.
func (m *machine) pluginPID() string {
	m.t.Helper()
	out, _ := m.try("sh", "-c", `boostd handlers list --json | sed -n 's/^ *"pid": \([0-9]*\),$/\1/p'`)
	if _, err := strconv.Atoi(out); err != nil {
		return ""
	}
	return out
}

// gone waits until there is no such process.
func (m *machine) gone(pid string) {
	m.t.Helper()
	m.await("the end of process "+pid, func() bool { _, err := m.try("test", "-e", "/proc/"+pid); return err != nil })
}
