package kafkatest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is a child that can't outlive this process.
type process struct {
	cmd *exec.Cmd
	// ended is closed after the child was reaped; err is set before.
	ended chan struct{}
	err   error
}

// command describes a child. Its environment is env alone: nothing of the
// tests' own environment, secrets least of all, reaches a broker.
type command struct {
	path string
	args []string
	env  []string
	dir  string
	out  io.Writer
}

// spawn starts the child and a goroutine that waits for its end.
//
// The parent-death signal follows the thread that forked, not the process: so
// that goroutine keeps its thread from the fork to the child's end. Otherwise
// the runtime could retire the thread and kill a healthy node. The child has a
// process group of its own, so that Ctrl-C in a terminal reaches only us and we
// end the nodes in order.
func spawn(c command) (*process, error) {
	p := &process{ended: make(chan struct{})}
	p.cmd = exec.Command(c.path, c.args...)
	p.cmd.Env, p.cmd.Dir = c.env, c.dir
	p.cmd.Stdout, p.cmd.Stderr = c.out, c.out
	p.cmd.WaitDelay = 5 * time.Second
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", c.path, err)
	}
	return p, nil
}

// running tells whether the child has not been reaped yet.
func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// signal sends s; a child that has ended meanwhile is no error. The standard
// library signals through a process handle, so a reused id is never hit.
func (p *process) signal(s os.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && p.running() {
		return fmt.Errorf("signal process %d: %w", p.cmd.Process.Pid, err)
	}
	return nil
}

// killLimit bounds the wait for a killed child: the kernel needs milliseconds,
// more than this means that it hangs in the kernel.
const killLimit = 20 * time.Second

// kill ends the child at once and waits until it was reaped. It works on a
// stopped child too.
func (p *process) kill() error {
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	limit := time.NewTimer(killLimit)
	defer limit.Stop()
	select {
	case <-p.ended:
		return nil
	case <-limit.C:
		return fmt.Errorf("kill process %d: it has not ended after %v", p.cmd.Process.Pid, killLimit)
	}
}
