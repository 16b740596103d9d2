package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin/runner"
)

const (
	// keptOutput bounds what is kept of a plugin's output for reports, in bytes: the
	// beginning of its standard output, and the end of its standard error.
	keptOutput = 4 << 10
	// leftover is how long pipes are read on when the process has ended: something
	// that it left behind may hold them open.
	leftover = 250 * time.Millisecond
)

// process is a plugin's process, as go-plugin wants one. Its own goroutine waits for
// its end.
type process struct {
	cmd  *exec.Cmd
	dir  string // where its sockets are
	out  *os.File
	errs *os.File

	said, complained kept
	started          chan struct{} // closed when it was started
	drained          chan struct{} // closed when its standard error was read to the end
	exited           chan struct{} // closed when it was reaped
}

var _ runner.Runner = (*process)(nil)

func newProcess(path string, args []string) *process {
	cmd := exec.Command(path, args...)
	// The kernel ends it with the thread that starts it, which is target.start's.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return &process{
		cmd: cmd, started: make(chan struct{}), drained: make(chan struct{}), exited: make(chan struct{}),
		said: kept{first: true}, complained: kept{},
	}
}

// Start starts the process.
func (p *process) Start(context.Context) error {
	var err error
	var out, errs *os.File
	if p.out, out, err = os.Pipe(); err != nil {
		return fmt.Errorf("start plugin: %w", err)
	}
	defer out.Close()
	if p.errs, errs, err = os.Pipe(); err != nil {
		p.out.Close()
		return fmt.Errorf("start plugin: %w", err)
	}
	defer errs.Close()
	p.cmd.Stdout, p.cmd.Stderr = out, errs
	if err := p.cmd.Start(); err != nil {
		p.out.Close()
		p.errs.Close()
		return fmt.Errorf("start plugin: %w", err)
	}
	close(p.started)
	go func() {
		p.cmd.Wait() //nolint:errcheck // how it ended is in ProcessState
		soon := time.Now().Add(leftover)
		p.out.SetReadDeadline(soon)
		p.errs.SetReadDeadline(soon)
		close(p.exited)
	}()
	return nil
}

// Wait waits for the end of the process.
func (p *process) Wait(context.Context) error {
	<-p.exited
	if !p.cmd.ProcessState.Success() {
		return errors.New(p.cmd.ProcessState.String())
	}
	return nil
}

// begun reports whether the process was started.
func (p *process) begun() bool { return p.cmd.Process != nil }

// Kill ends the process with its whole group.
func (p *process) Kill(context.Context) error {
	if !p.begun() {
		return nil
	}
	p.signal(syscall.SIGKILL)
	<-p.exited
	return nil
}

// signal reaches the group, also what the process has left in it.
func (p *process) signal(s syscall.Signal) { syscall.Kill(-p.cmd.Process.Pid, s) }

// group are the processes that are left of the group, as people name them.
func (p *process) group() []string {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil // the pattern is a good one
	}
	var left []string
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		name, rest, ok := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		if err != nil || !ok || len(fields) < 3 {
			continue // it has ended
		}
		if state := fields[0]; fields[2] == p.ID() && state != "Z" && state != "X" {
			left = append(left, strings.Replace(name, " (", " ", 1))
		}
	}
	return left
}

func (p *process) Stdout() io.ReadCloser { return &tee{File: p.out, kept: &p.said} }
func (p *process) Stderr() io.ReadCloser {
	return &tee{File: p.errs, kept: &p.complained, end: p.drained}
}
func (p *process) Name() string { return p.cmd.Path }

// ID is the process's number, or empty while there is none.
func (p *process) ID() string {
	if !p.begun() {
		return ""
	}
	return strconv.Itoa(p.cmd.Process.Pid)
}

func (p *process) Diagnose(context.Context) string { return "" }

func (p *process) PluginToHost(network, address string) (hostNetwork, hostAddress string, err error) {
	return network, address, nil
}

func (p *process) HostToPlugin(network, address string) (pluginNetwork, pluginAddress string, err error) {
	return network, address, nil
}

// tee reads a pipe and keeps a part of it. A pipe that was given up has ended.
type tee struct {
	*os.File
	kept *kept
	end  chan struct{} // closed at the end, once; nil where nobody waits
}

func (t *tee) Read(b []byte) (int, error) {
	n, err := t.File.Read(b)
	t.kept.add(b[:n])
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = io.EOF
	}
	if err != nil && t.end != nil {
		close(t.end)
		t.end = nil
	}
	return n, err
}

// kept is the first or the last part of what was written.
type kept struct {
	first bool

	mu   sync.Mutex
	text []byte
}

func (k *kept) add(b []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.first {
		k.text = append(k.text, b[:min(len(b), keptOutput-len(k.text))]...)
		return
	}
	k.text = append(k.text, b...)
	k.text = bytes.Clone(k.text[max(0, len(k.text)-keptOutput):])
}

func (k *kept) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return strings.ToValidUTF8(string(k.text), "?")
}
