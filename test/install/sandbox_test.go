package install

import (
	"strings"
	"testing"
)

// asHandler runs a script in the service's place, with all that the unit allows
// and forbids, as a handler's program has it.
const asHandler = `
Type=oneshot
Restart=no
WatchdogSec=0
ExecStart=
ExecStart=/bin/sh /etc/boostd/program.sh
`

// allowed is what programs of handlers do; each line must work. The last makes
// code and could run it, as Java and Node do.
const allowed = `
echo kept >"$STATE_DIRECTORY/file"
echo scratch >/tmp/file
cat /etc/boostd/boostd.yaml
sh -c 'exit 0' | cat
awk '/^MemTotal/ {exit !($2 > 0)}' /proc/meminfo
nice -n 5 true
getent hosts localhost
python3 -c 'import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)'
`

// forbidden is what nobody who has taken a handler over should do; each line must fail.
const forbidden = `
touch /usr/bin/mine
touch /etc/boostd/mine
touch ~root/mine
kill -0 1
mount -t tmpfs none /mnt
unshare --user true
mknod /tmp/device c 1 3
hostname another
chmod 4755 /tmp/file
cat /proc/1/environ
`

// TestSandbox: the hardened unit lets handlers' programs work, and does keep
// them from what it says.
func TestSandbox(t *testing.T) {
	t.Parallel()
	require(t, "/usr/bin/python3")
	m := serviced(t)
	m.dropIn(asHandler)
	m.write("/etc/boostd/program.sh", each(allowed, `|| echo "WRONG: fails: $line"`)+
		each(forbidden, `&& echo "WRONG: works: $line"`)+"echo checked\n")
	_, err := m.try("systemctl", "start", "boostd")
	journal := m.journal()
	if err != nil || !strings.Contains(journal, "checked") {
		t.Errorf("the script doesn't run: %v\n%s", err, journal)
	}
	for line := range strings.Lines(journal) {
		if strings.HasPrefix(line, "WRONG: ") {
			t.Error(line)
		}
	}
}

// each is a shell's loop that runs every line, and verdict behind it.
func each(lines, verdict string) string {
	return "while read -r line; do sh -c \"$line\" </dev/null >/dev/null 2>&1 " + verdict + "\ndone <<'END'\n" + strings.TrimSpace(lines) + "\nEND\n"
}
