package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain makes this test binary the command itself, too.
func TestMain(m *testing.M) {
	if os.Getenv("RUNTESTS_ITSELF") != "" {
		main()
	}
	os.Exit(m.Run())
}

// start runs the command with a go of our own in its path.
func start(t *testing.T, script string, args ...string) (*exec.Cmd, *bytes.Buffer, string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := exec.Command(self, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	cmd.Env = append(os.Environ(), "RUNTESTS_ITSELF=1", "CI=", "PATH="+dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, &out, dir
}

func TestArgumentsAndExitCodeArePassedOn(t *testing.T) {
	cmd, out, _ := start(t, `echo "$@"; echo '{"Action":"pass","Package":"p","Test":"TestX"}'; exit 3`, "-run", "Test X", "./...")
	_ = cmd.Wait() // the code says it
	if code := cmd.ProcessState.ExitCode(); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	if !strings.HasPrefix(out.String(), "test -json -run Test X ./...\n") {
		t.Errorf("got\n%s", out)
	}
}

// A signal ends go test and what it has started, also what ignores the signal.
func TestSignalEndsTheChildren(t *testing.T) {
	for _, c := range []struct {
		name, script string
		signal       syscall.Signal
		again        bool
	}{
		{"obedient", `sleep 60 & echo $! >child.new; mv child.new child; wait`, syscall.SIGTERM, false},
		{"deaf", `trap "" INT; sleep 60 & echo $! >child.new; mv child.new child; wait`, syscall.SIGINT, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd, out, dir := start(t, c.script)
			child := awaitNumber(t, filepath.Join(dir, "child"))
			if err := cmd.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() { defer close(ended); _ = cmd.Wait() }() // the code says it
			for again := time.Tick(20 * time.Millisecond); c.again; {
				select { // until it ends: two signals at once may be delivered as one
				case <-again:
					_ = cmd.Process.Signal(c.signal)
					continue
				case <-ended:
				}
				break
			}
			<-ended
			if code := cmd.ProcessState.ExitCode(); code != 128+int(c.signal) {
				t.Errorf("exit code %d, want %d, after\n%s", code, 128+int(c.signal), out)
			}
			for deadline := time.Now().Add(5 * time.Second); alive(child); time.Sleep(5 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("process %d is still there", child)
				}
			}
		})
	}
}

func awaitNumber(t *testing.T, path string) int {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if text, err := os.ReadFile(path); err == nil {
			n, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("no file %s", path)
	return 0
}

// alive doesn't count a process that is dead and not reaped.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
