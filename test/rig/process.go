package rig

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var binary struct {
	once sync.Once
	path string
	err  error
}

// Binary builds boostd once and returns its path.
func Binary(t testing.TB) string {
	t.Helper()
	binary.once.Do(func() {
		dir, err := os.MkdirTemp("", "boostd-test-")
		if err != nil {
			binary.err = err
			return
		}
		binary.path = filepath.Join(dir, "boostd")
		out, err := exec.Command("go", "build", "-o", binary.path, "github.com/kafkaboost/boostd/cmd/boostd").CombinedOutput()
		if err != nil {
			binary.err = fmt.Errorf("build boostd: %w\n%s", err, out)
		}
	})
	if binary.err != nil {
		t.Fatal(binary.err)
	}
	return binary.path
}

// RemoveBinary is for the end of a test process.
func RemoveBinary() {
	if binary.path != "" {
		_ = os.RemoveAll(filepath.Dir(binary.path)) // in the temporary folder anyway
	}
}

// Process is boostd as a process of its own.
type Process struct {
	t    testing.TB
	cmd  *exec.Cmd
	out  *buffer
	done chan struct{}
	code int
}

// buffer collects a process's output.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Spawn runs `boostd run` with the setup's configuration.
func (s *Setup) Spawn(t testing.TB, args ...string) *Process {
	t.Helper()
	return Spawn(t, append([]string{"run", "-c", s.Path()}, args...)...)
}

// Spawn runs boostd; it is killed at the test's end if it still runs.
func Spawn(t testing.TB, args ...string) *Process {
	t.Helper()
	p := &Process{t: t, cmd: exec.Command(Binary(t), args...), out: &buffer{}, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		var exit *exec.ExitError
		if err := p.cmd.Wait(); errors.As(err, &exit) {
			p.code = exit.ExitCode()
		}
		close(p.done)
	}()
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("output of boostd %s:\n%s", strings.Join(args, " "), p.Output())
		}
	})
	return p
}

// PID is the process's number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Output is what it has printed so far.
func (p *Process) Output() string { return p.out.String() }

// Signal sends a signal; a process that has ended doesn't mind.
func (p *Process) Signal(sig syscall.Signal) { _ = p.cmd.Process.Signal(sig) }

// Kill ends it with SIGKILL and waits.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.done
}

// Running reports whether it hasn't ended.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Wait waits for its end and returns the exit code, -1 after a signal's.
func (p *Process) Wait(patience time.Duration) int {
	p.t.Helper()
	select {
	case <-p.done:
		return p.code
	case <-time.After(patience):
		p.t.Fatalf("boostd has not ended within %v", patience)
		return -1
	}
}

// Terminate sends SIGTERM and returns the exit code.
func (p *Process) Terminate() int {
	p.t.Helper()
	p.Signal(syscall.SIGTERM)
	return p.Wait(Patience)
}
