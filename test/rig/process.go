package rig

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binaries are the commands that were built, by package, in one folder.
var binaries struct {
	mu    sync.Mutex
	dir   string
	built map[string]string
}

// build builds a command of this module once and returns its path.
func build(t testing.TB, pkg string, flags ...string) string {
	t.Helper()
	binaries.mu.Lock()
	defer binaries.mu.Unlock()
	key := strings.Join(append(flags, pkg), " ")
	if path := binaries.built[key]; path != "" {
		return path
	}
	if binaries.dir == "" {
		dir, err := os.MkdirTemp("", "boostd-test-")
		if err != nil {
			t.Fatal(err)
		}
		binaries.dir, binaries.built = dir, map[string]string{}
	}
	path := filepath.Join(binaries.dir, filepath.Base(pkg)+strings.Repeat("x", len(binaries.built)))
	args := append(append([]string{"build"}, flags...), "-o", path, "github.com/kafkaboost/boostd/"+pkg)
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	binaries.built[key] = path
	return path
}

// Binary builds boostd once and returns its path, for who runs it himself.
func Binary(t testing.TB) string {
	t.Helper()
	return build(t, "cmd/boostd")
}

// RemoveBinaries is for the end of a test process.
func RemoveBinaries() { _ = os.RemoveAll(binaries.dir) } // in the temporary folder anyway

// Process is boostd as a process of its own.
type Process struct {
	t      testing.TB
	cmd    *exec.Cmd
	out    *buffer // both streams
	stdout *buffer
	began  time.Time
	done   chan struct{}
	took   time.Duration // its life
	code   int
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
	return s.SpawnWith(t, nil, args...)
}

// SpawnWith is Spawn with more variables in the environment.
func (s *Setup) SpawnWith(t testing.TB, environ []string, args ...string) *Process {
	t.Helper()
	return s.spawnRun(t, build(t, "cmd/boostd"), environ, nil, args...)
}

// SpawnPreferred is Spawn for who judges the order of starts: the daemon gets a
// processor before the brokers and the producer that share its machine, as on one
// of its own. It needs the right to do so; without, the daemon is like all others.
func (s *Setup) SpawnPreferred(t testing.TB) *Process {
	t.Helper()
	return s.spawnRun(t, build(t, "cmd/boostd"), nil, []string{"nice", "-n", "-10"})
}

// SpawnFaulty is SpawnWith for a boostd that was built to go wrong on purpose: see
// kafkaio/faults.go.
func (s *Setup) SpawnFaulty(t testing.TB, environ []string, args ...string) *Process {
	t.Helper()
	return s.spawnRun(t, build(t, "cmd/boostd", "-tags", "faults"), environ, nil, args...)
}

// spawnRun runs the binary below the command under, if there is one.
func (s *Setup) spawnRun(t testing.TB, path string, environ, under []string, args ...string) *Process {
	t.Helper()
	var p *Process
	n := s.instance(func() bool { return p.ended() })
	command := slices.Concat(under, []string{path, "run", "-c", s.Path(),
		"--set", "control=" + s.ControlOf(n), "--set", "state_dir=" + s.StateOf(n)}, args)
	p = spawn(t, command[0], environ, command[1:]...)
	return p
}

// Spawn runs boostd; it is killed at the test's end if it still runs.
func Spawn(t testing.TB, args ...string) *Process {
	t.Helper()
	return spawn(t, build(t, "cmd/boostd"), nil, args...)
}

// SpawnEnv is Spawn with more variables in the environment.
func SpawnEnv(t testing.TB, environ []string, args ...string) *Process {
	t.Helper()
	return spawn(t, build(t, "cmd/boostd"), environ, args...)
}

func spawn(t testing.TB, path string, environ []string, args ...string) *Process {
	t.Helper()
	p := &Process{t: t, cmd: exec.Command(path, args...), out: &buffer{}, stdout: &buffer{}, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = io.MultiWriter(p.out, p.stdout), p.out
	p.cmd.Env = append(os.Environ(), environ...)
	p.began = time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		var exit *exec.ExitError
		if err := p.cmd.Wait(); errors.As(err, &exit) {
			p.code = exit.ExitCode()
		}
		p.took = time.Since(p.began)
		close(p.done)
	}()
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("output of %s %s:\n%s", filepath.Base(path), strings.Join(args, " "), p.Output())
		}
	})
	return p
}

// ended reports whether the process has ended.
func (p *Process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Ended is closed when the process has ended; Code is known then.
func (p *Process) Ended() <-chan struct{} { return p.done }

// Code is the exit code of a process that has ended, -1 after a signal's.
func (p *Process) Code() int { return p.code }

// PID is the process's number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Began is when it was started.
func (p *Process) Began() time.Time { return p.began }

// Took is how long it has lived, once it has ended.
func (p *Process) Took() time.Duration { return p.took }

// Output is what it has printed so far.
func (p *Process) Output() string { return p.out.String() }

// Stdout is what it has printed on its standard output so far.
func (p *Process) Stdout() string { return p.stdout.String() }

// Says reports whether all of the texts are in its output.
func (p *Process) Says(texts ...string) bool {
	out := p.Output()
	return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(out, text) })
}

// Signal sends a signal; a process that has ended doesn't mind.
func (p *Process) Signal(sig syscall.Signal) { _ = p.cmd.Process.Signal(sig) }

// Kill ends it with SIGKILL and waits.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.done
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

var assignment = regexp.MustCompile(`partitions assigned.*partitions"?[:=][1-9]`)

// Assigned reports whether the process's log tells of an assignment with
// partitions.
func (p *Process) Assigned() bool { return assignment.MatchString(p.Output()) }

// Argument is the value of one of its flags.
func (p *Process) Argument(flag string) string {
	p.t.Helper()
	n := slices.Index(p.cmd.Args, flag)
	if n < 0 || n+1 == len(p.cmd.Args) {
		p.t.Fatalf("it was started without %s", flag)
	}
	return p.cmd.Args[n+1]
}

// Console is the address that its console says it listens on, with http://, once
// it does. Its log must be JSON.
func (p *Process) Console() (address string, ok bool) {
	_, rest, ok := strings.Cut(p.Output(), `"address":"127.0.0.1:`)
	port, _, _ := strings.Cut(rest, `"`)
	return "http://127.0.0.1:" + port, ok
}

// Plugin builds the plugin of test/plugin once and returns its path.
func Plugin(t testing.TB) string {
	t.Helper()
	return build(t, "test/plugin")
}

// Runs reports whether there is a process with that number that hasn't ended.
func Runs(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}
