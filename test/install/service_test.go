package install

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	// settingsFile is where the service's settings are.
	settingsFile = "/etc/boostd/settings.json"
	settings     = `{"max_priority": 9, "default_priority": 0, "Priority_boost": [{"topic_name": "orders", "priority_boost_min_value": 8, "number_of_partitions": 1}]}`
	config       = `
kafka: {brokers: ["127.0.0.1:9092"], group: g}
settings: {source: "file:settings.json"}
topics: {orders: {handler: quiet}}
handlers: {quiet: {noop: {}}}
`
	brokerUnit = `
[Service]
DynamicUser=yes
ExecStart=/usr/bin/boostd broker --listen 127.0.0.1:9092
`
	systemd = "/lib/systemd/systemd"
)

// serviced boots a machine with systemd and the package, and with a broker that
// it can be started with.
func serviced(t *testing.T) *machine {
	t.Helper()
	require(t, systemd, "systemctl", "dpkg")
	deb, err := oldDeb()
	must(t, deb, err)
	m := boot(t, systemd, "--system", "--unit=basic.target", "--log-target=journal", "--show-status=no")
	m.await("systemd", func() bool {
		state, _ := m.try("systemctl", "is-system-running")
		return state == "running" || state == "degraded"
	})
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := m.try("journalctl", "--no-pager", "-n", "200")
			t.Logf("the journal:\n%s", log)
		}
	})
	m.copy(deb, "/tmp/boostd.deb", 0o644)
	m.run("dpkg", "-i", "/tmp/boostd.deb")
	m.write("/etc/systemd/system/broker.service", brokerUnit)
	m.dropIn("")
	m.write("/etc/boostd/boostd.yaml", config)
	m.write(settingsFile, settings)
	return m
}

// dropIn sets the lines that the service has beside its own.
func (m *machine) dropIn(lines string) {
	m.t.Helper()
	m.write("/etc/systemd/system/boostd.service.d/test.conf", "[Service]\n"+lines)
	m.run("systemctl", "daemon-reload")
}

// show is a property of the service.
func (m *machine) show(property string) string {
	m.t.Helper()
	return m.run("systemctl", "show", "boostd", "--value", "-p", property)
}

// showing waits until a property has a value.
func (m *machine) showing(property, value string) {
	m.t.Helper()
	m.await(property+" to be "+value, func() bool { return m.show(property) == value })
}

func (m *machine) journal() string {
	m.t.Helper()
	return m.run("journalctl", "--no-pager", "-o", "cat", "-u", "boostd")
}

// TestServiceLife: what systemd sees of the daemon, from the first start to the
// purge of the package.
func TestServiceLife(t *testing.T) {
	t.Parallel()
	m := serviced(t)
	newer, err := newDeb()
	must(t, newer, err)

	m.write("/etc/boostd/boostd.yaml", "nonsense: true\n")
	if out, err := m.try("systemctl", "start", "boostd"); err == nil {
		t.Errorf("a wrong boostd.yaml starts: %s", out)
	}
	if state, code, n := m.show("ActiveState"), m.show("ExecMainStatus"), m.show("NRestarts"); state != "failed" || code != "78" || n != "0" {
		t.Errorf("with a wrong boostd.yaml: %s, exit code %s, %s restarts; want failed, 78 and none", state, code, n)
	}

	m.write("/etc/boostd/boostd.yaml", config)
	m.run("systemctl", "start", "boostd") // comes back when it is ready, without any broker
	if state := m.show("ActiveState"); state != "active" {
		t.Errorf("after its start it is %s", state)
	}
	m.run("systemctl", "start", "broker")
	m.await("a status text that says ready", func() bool { return strings.HasPrefix(m.show("StatusText"), "ready") })
	if got := m.run("stat", "-c", "%a %U:%G", "/run/boostd/boostd.sock"); got != "660 boostd:boostd" {
		t.Errorf("the control socket is %s", got)
	}
	m.run("boostd", "status")

	m.write(settingsFile, strings.ReplaceAll(settings, `"default_priority": 0`, `"default_priority": 1`))
	m.run("systemctl", "reload", "boostd")
	m.write(settingsFile, `{"max_priority": "many"}`)
	if out, err := m.try("systemctl", "reload", "boostd"); err == nil {
		t.Errorf("refused settings count as reloaded: %s", out)
	}
	if state := m.show("ActiveState"); state != "active" || !strings.Contains(m.journal(), "max_priority") {
		t.Errorf("after refused settings it is %s, and the journal should have the reason", state)
	}
	m.write(settingsFile, settings)

	pid := m.show("MainPID")
	m.run("systemctl", "kill", "--kill-who=main", "--signal=KILL", "boostd")
	m.showing("NRestarts", "1")
	m.showing("ActiveState", "active")
	if again := m.show("MainPID"); again == pid {
		t.Errorf("the process is still %s", pid)
	}

	pid = m.show("MainPID")
	m.copy(newer, "/tmp/newer.deb", 0o644)
	m.run("dpkg", "--force-confold", "-i", "/tmp/newer.deb")
	if again := m.show("MainPID"); again == pid || m.show("ActiveState") != "active" {
		t.Errorf("the upgrade hasn't restarted the daemon: %s, process %s", m.show("ActiveState"), again)
	}

	began := time.Now()
	m.run("systemctl", "stop", "boostd")
	if took := time.Since(began); took > 20*time.Second || m.show("Result") != "success" {
		t.Errorf("it stopped in %v with %s", took, m.show("Result"))
	}
	m.run("dpkg", "--force-confold", "-i", "/tmp/newer.deb")
	if state := m.show("ActiveState"); state != "inactive" {
		t.Errorf("an upgrade of a stopped daemon leaves it %s", state)
	}

	m.run("systemctl", "enable", "--now", "boostd")
	m.run("dpkg", "-P", "boostd")
	if state := m.show("ActiveState"); state != "inactive" {
		t.Errorf("after its removal the daemon is %s", state)
	}
	m.run("rm", "-r", "/etc/systemd/system/boostd.service.d") // the administrator's own
	if left := m.leftovers(); left != "" {
		t.Errorf("purge leaves\n%s", left)
	}
}

// TestWatchdogFindsABlockedLoop: a poll loop that hangs for ever is found, and
// the daemon is started anew.
func TestWatchdogFindsABlockedLoop(t *testing.T) {
	t.Parallel()
	broken, err := faulty()
	must(t, broken, err)
	m := serviced(t)
	m.copy(broken, "/usr/bin/boostd", 0o755)
	m.dropIn("WatchdogSec=3\nEnvironment=BOOSTD_TEST_BLOCK_POLL=/run/block\n")
	m.run("systemctl", "start", "broker", "boostd")
	m.await("a status text that says ready", func() bool { return strings.HasPrefix(m.show("StatusText"), "ready") })
	pid := m.show("MainPID")
	m.write("/run/block", "")
	m.await("the first loop to block", func() bool { return strings.Contains(m.journal(), "blocked on purpose") })
	m.run("rm", "/run/block")
	m.showing("NRestarts", "1")
	m.showing("ActiveState", "active")
	if again, err := strconv.Atoi(m.show("MainPID")); err != nil || strconv.Itoa(again) == pid {
		t.Errorf("the process is still %s (%v)", pid, err)
	}
	for _, want := range []string{"has stood still", "Watchdog timeout"} {
		if !strings.Contains(m.run("journalctl", "--no-pager", "-o", "cat"), want) {
			t.Errorf("the journal doesn't say %q", want)
		}
	}
}
