package plugins

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin/runner"
)

// launcher starts a plugin's program as go-plugin asks, and as the programs of exec
// are: on a thread that lives on, in a group of its own, its output in the log.
type launcher struct {
	command command
	thread  *thread
	log     *programLog

	starting context.Context // its end cuts the start short
	started  func() bool     // says that the start is over

	program *program
	gone    chan struct{} // closed when the process was reaped and all it wrote was read
	first   *io.PipeReader
}

var _ runner.Runner = (*launcher)(nil)

// prepare starts the program, whose environment the command has.
func (l *launcher) prepare(_ hclog.Logger, cmd *exec.Cmd, _ string) (runner.Runner, error) {
	var err error
	l.thread.do(func() { l.program, err = l.command.start(cmd.Env) })
	if err != nil {
		return nil, err
	}
	l.program.in.Close() // there is nothing to read for it
	l.started = context.AfterFunc(l.starting, l.program.kill)
	l.gone = make(chan struct{})
	var to *io.PipeWriter
	l.first, to = io.Pipe()
	p := l.program
	go func() {
		defer close(l.gone)
		p.watch(func(stream io.Reader) { l.log.drain(p.process.Pid, stream) }, func(*program) {})
		p.out.Close()
	}()
	go l.listen(to)
	return l, nil
}

// maxHandshake bounds a plugin's first line, in bytes.
const maxHandshake = 1024

// listen hands the first line over, and logs what follows.
func (l *launcher) listen(to *io.PipeWriter) {
	line, err := l.program.reader.ReadSlice('\n')
	if len(line) > maxHandshake || errors.Is(err, bufio.ErrBufferFull) {
		line = line[:maxHandshake]
	}
	text := printable(line, maxHandshake)
	_, _ = io.WriteString(to, text+"\n")
	_ = to.Close() // it never fails
	l.log.drain(l.program.process.Pid, l.program.reader)
}

// Start implements runner.Runner: it has been started already.
func (l *launcher) Start(context.Context) error { return nil }

// Wait implements runner.Runner.
func (l *launcher) Wait(context.Context) error {
	<-l.program.exited
	return nil
}

// Kill implements runner.Runner.
func (l *launcher) Kill(context.Context) error {
	l.program.kill()
	return nil
}

// Stdout implements runner.Runner: the first line.
func (l *launcher) Stdout() io.ReadCloser { return l.first }

// Stderr implements runner.Runner: the log has it.
func (l *launcher) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Name implements runner.Runner.
func (l *launcher) Name() string { return l.command.path }

// ID implements runner.Runner.
func (l *launcher) ID() string { return strconv.Itoa(l.program.process.Pid) }

// Diagnose implements runner.Runner: how it ended, where it has.
func (l *launcher) Diagnose(context.Context) string {
	if l.program.gone() {
		return "it ended: " + l.program.status
	}
	return ""
}

// PluginToHost implements runner.Runner.
func (l *launcher) PluginToHost(network, address string) (string, string, error) {
	if network != "unix" {
		return "", "", fmt.Errorf("the plugin listens on %s: want unix", printable([]byte(network), maxText))
	}
	return network, address, nil
}

// HostToPlugin implements runner.Runner.
func (l *launcher) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// terminate asks the program to end.
func (l *launcher) terminate() { l.program.signal(syscall.SIGTERM) }
