package install

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// top is the checkout.
const top = "../.."

// made is what tests share, in a folder that is removed at the end.
var made string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "boostd-install-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	made = dir
	code := m.Run()
	if err := os.RemoveAll(made); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// binary is boostd; faulty is one that goes wrong on purpose (kafkaio/faults.go).
var (
	binary = sync.OnceValues(func() (string, error) { return goBuild("boostd") })
	faulty = sync.OnceValues(func() (string, error) { return goBuild("boostd-faulty", "-tags", "faults") })
)

func goBuild(name string, flags ...string) (string, error) {
	path := filepath.Join(made, name)
	args := append(append([]string{"build", "-trimpath", "-buildvcs=false"}, flags...), "-o", path, "./cmd/boostd")
	return path, command(exec.Command("go", args...))
}

// oldDeb and newDeb are packages of the same files, and another binary's version
// of the example configuration in the newer.
var (
	oldDeb = sync.OnceValues(func() (string, error) { return makeDeb("old", "v1.0.0") })
	newDeb = sync.OnceValues(func() (string, error) {
		old, err := oldDeb()
		if err != nil {
			return "", err
		}
		return upgradeOf(old)
	})
)

func makeDeb(folder, version string) (string, error) {
	boostd, err := binary()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(made, folder)
	if err := command(exec.Command("make", "deb", "DEB_DIR="+dir, "BOOSTD="+boostd, "VERSION="+version)); err != nil {
		return "", err
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("make deb made %v (%w)", found, err)
	}
	return found[0], nil
}

// upgradeOf takes a package apart and makes a later version of it, with another
// boostd.yaml.
func upgradeOf(deb string) (string, error) {
	script := `dpkg-deb -R "$0" "$1" && cd "$1" &&
		sed -i 's/^Version: .*/Version: 1.0.1/' DEBIAN/control &&
		echo '# of 1.0.1' >>etc/boostd/boostd.yaml && sed -i '/boostd.yaml$/d' DEBIAN/md5sums &&
		dpkg-deb -Zgzip -z1 --root-owner-group -b . "$1.deb"`
	dir := filepath.Join(made, "new")
	return dir + ".deb", command(exec.Command("sh", "-c", script, deb, dir))
}

// command runs in the checkout.
func command(cmd *exec.Cmd) error {
	cmd.Dir = top
	for _, v := range os.Environ() { // of the make that runs the tests
		if !strings.HasPrefix(v, "MAKE") && !strings.HasPrefix(v, "MFLAGS") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}

// must is what a build gave.
func must(t *testing.T, path string, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
