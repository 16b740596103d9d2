package install

import (
	"crypto/sha256"
	"os"
	"strings"
	"testing"
)

// installed are the package's files with mode and owner, in a machine.
var installed = map[string]string{
	"/usr/bin/boostd":                                  "755 root:root",
	"/usr/lib/systemd/system/boostd.service":           "644 root:root",
	"/usr/lib/sysusers.d/boostd.conf":                  "644 root:root",
	"/usr/share/man/man1/boostd.1.gz":                  "644 root:root",
	"/usr/share/man/man1/boostd-run.1.gz":              "644 root:root",
	"/usr/share/bash-completion/completions/boostd":    "644 root:root",
	"/usr/share/zsh/vendor-completions/_boostd":        "644 root:root",
	"/usr/share/fish/vendor_completions.d/boostd.fish": "644 root:root",
	"/usr/share/doc/boostd/copyright":                  "644 root:root",
	"/usr/share/doc/boostd/handlers-need-more.conf":    "644 root:root",
	"/usr/lib/boostd/plugins":                          "755 root:root",
	"/etc/boostd":                                      "750 root:boostd",
	"/etc/boostd/boostd.yaml":                          "640 root:boostd",
	"/etc/boostd/settings.json":                        "640 root:boostd",
}

// TestPackageWithoutSystemd: the package's whole life where no service manager
// runs, as in a chroot or an image that is being built.
func TestPackageWithoutSystemd(t *testing.T) {
	t.Parallel()
	require(t, "dpkg", "dpkg-deb", "systemd-sysusers")
	first, firstErr := oldDeb()
	second, secondErr := newDeb()
	must(t, first, firstErr)
	must(t, second, secondErr)
	m := boot(t, "/bin/cat")
	before := m.leftovers()
	m.copy(first, "/tmp/first.deb", 0o644)
	m.copy(second, "/tmp/second.deb", 0o644)

	m.run("dpkg", "-i", "/tmp/first.deb")
	for file, want := range installed {
		if got := m.run("stat", "-c", "%a %U:%G", file); got != want {
			t.Errorf("%s is %s, want %s", file, got, want)
		}
	}
	if v := m.run("boostd", "version"); !strings.HasPrefix(v, "boostd ") {
		t.Errorf("boostd version: %s", v)
	}
	m.run("boostd", "config", "validate", "-c", "/etc/boostd/boostd.yaml")
	m.run("runuser", "-u", "boostd", "--", "cat", "/etc/boostd/boostd.yaml", "/etc/boostd/settings.json")
	if out, err := m.try("runuser", "-u", "nobody", "--", "cat", "/etc/boostd/boostd.yaml"); err == nil {
		t.Errorf("everybody may read the configuration:\n%s", out)
	}
	if out := m.run("dpkg", "--verify", "boostd"); out != "" {
		t.Errorf("dpkg --verify: %s", out)
	}

	m.run("sh", "-c", "echo '# mine' >>/etc/boostd/boostd.yaml; chmod 600 /etc/boostd/settings.json")
	m.run("dpkg", "--force-confold", "-i", "/tmp/second.deb")
	if yaml := m.run("cat", "/etc/boostd/boostd.yaml"); !strings.HasSuffix(yaml, "# mine") {
		t.Error("the upgrade has lost what was edited in boostd.yaml")
	}
	if got := m.run("stat", "-c", "%a %U:%G", "/etc/boostd/settings.json"); got != "600 root:boostd" {
		t.Errorf("the upgrade has changed the modes that were set by hand: %s", got)
	}

	m.run("dpkg", "-r", "boostd")
	if _, err := m.try("test", "-e", "/usr/bin/boostd"); err == nil {
		t.Error("remove leaves the binary")
	}
	m.run("grep", "-q", "# mine", "/etc/boostd/boostd.yaml")
	m.run("install", "-d", "-o", "boostd", "/var/lib/boostd/deep")
	m.run("dpkg", "-P", "boostd")
	if after := m.leftovers(); after != before {
		t.Errorf("purge leaves\n%s\nbefore there was\n%s", after, before)
	}
}

// leftovers is all of a machine that has boostd in its name, and its user and group.
func (m *machine) leftovers() string {
	m.t.Helper()
	return m.run("sh", "-c", `find /etc /usr/bin /usr/lib/systemd /usr/lib/sysusers.d /usr/share /var/lib /var/log /run -name '*boostd*' ! -path '*/boostd-test*' | sort
		getent passwd boostd; getent group boostd; dpkg -l boostd 2>/dev/null | grep boostd; true`)
}

// TestPackageIsReproducible: the same binary comes to the same package.
func TestPackageIsReproducible(t *testing.T) {
	t.Parallel()
	require(t, "dpkg-deb")
	first, err := oldDeb()
	must(t, first, err)
	again, err := makeDeb("again", "v1.0.0")
	must(t, again, err)
	var sums [2][sha256.Size]byte
	for i, path := range []string{first, again} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sums[i] = sha256.Sum256(data)
	}
	if sums[0] != sums[1] {
		t.Errorf("%s and %s differ", first, again)
	}
}
