package install

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

//go:embed boot.sh
var bootScript string

// patience is how long a condition may take to come about, on a machine that is
// busy with other tests.
const patience = 60 * time.Second

// machine is this machine's root with all changes kept in memory, in namespaces
// of its own: processes, mounts, users' processes, host name and network.
type machine struct {
	t     *testing.T
	pid   int // of its process 1, as we see it
	group string
}

var machines atomic.Int32

// boot starts a machine whose process 1 is init; it is gone at the test's end,
// or when the test process dies.
func boot(t *testing.T, init ...string) *machine {
	t.Helper()
	require(t, "unshare", "nsenter", "pivot_root")
	m := &machine{t: t, group: fmt.Sprintf("boostd-test-%d-%d", os.Getpid(), machines.Add(1))}
	cmd := exec.Command("/bin/sh", append([]string{"-c", bootScript, "boot", t.TempDir(), m.group}, init...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "container=boostd-test"}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWNET,
		Pdeathsig:  syscall.SIGKILL,
	}
	input, err := cmd.StdinPipe() // open for as long as the machine lives
	if err != nil {
		t.Fatal(err)
	}
	started, ended := make(chan error, 1), make(chan struct{})
	go func() { // the thread's end would be the machine's, too
		runtime.LockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // it is killed
		}
	}()
	if err := <-started; err != nil {
		t.Skipf("NOT RUN: no namespaces of our own (%v)", err)
	}
	m.pid = cmd.Process.Pid
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		_ = input.Close()
		if t.Failed() {
			t.Logf("the machine's console:\n%s", out.String())
		}
		m.removeGroup()
	})
	m.await("process 1 to be "+init[0], func() bool {
		select {
		case <-ended:
			t.Skipf("NOT RUN: no machine in namespaces of our own (%s)", strings.TrimSpace(out.String()))
		default:
		}
		now, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", m.pid))
		return err == nil && filepath.Base(now) == filepath.Base(resolve(init[0]))
	})
	return m
}

// resolve is a program's path without links.
func resolve(program string) string {
	if path, err := exec.LookPath(program); err == nil {
		program = path
	}
	if path, err := filepath.EvalSymlinks(program); err == nil {
		program = path
	}
	return program
}

// require ends the test as NOT RUN where this machine can't boot another one.
func require(t *testing.T, tools ...string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT RUN: not root")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("NOT RUN: no " + tool)
		}
	}
}

// removeGroup removes the machine's cgroups; they are empty now.
func (m *machine) removeGroup() {
	script := `mount -t cgroup2 none "$0" && find "$0/$1" -depth -type d -exec rmdir {} + ; umount "$0"`
	cmd := exec.Command("unshare", "--mount", "/bin/sh", "-c", script, m.t.TempDir(), m.group)
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Logf("cgroups of the test stay: %v\n%s", err, out)
	}
}

// path is a file of the machine, as we reach it. No folder on its way may be a link.
func (m *machine) path(name string) string { return fmt.Sprintf("/proc/%d/root%s", m.pid, name) }

func (m *machine) write(name, text string) {
	m.t.Helper()
	path := m.path(name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		m.t.Fatal(err)
	}
}

// copy brings a file to the machine.
func (m *machine) copy(from, to string, mode os.FileMode) {
	m.t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		m.t.Fatal(err)
	}
	m.write(to, string(data))
	if err := os.Chmod(m.path(to), mode); err != nil {
		m.t.Fatal(err)
	}
}

// try runs a command inside.
func (m *machine) try(args ...string) (string, error) {
	cmd := exec.Command("nsenter", append([]string{"--target", strconv.Itoa(m.pid), "--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup"}, args...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/root", "DEBIAN_FRONTEND=noninteractive"}
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// run is try for what must work.
func (m *machine) run(args ...string) string {
	m.t.Helper()
	out, err := m.try(args...)
	if err != nil {
		m.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// await waits for a condition that nobody announces.
func (m *machine) await(what string, holds func() bool) {
	m.t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for end := time.After(patience); !holds(); {
		select {
		case <-ticker.C:
		case <-end:
			m.t.Fatalf("waited %v for %s", patience, what)
		}
	}
}
