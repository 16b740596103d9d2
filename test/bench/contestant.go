package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// contestant is one that runs, as a process of its own.
type contestant struct {
	*journal
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	// began is when it was started; ended is closed when it has been reaped, and all
	// that it said is read.
	began time.Time
	ended chan struct{}
	err   error
	last  *tail
}

// maxLine bounds an event: the waits of a million messages.
const maxLine = 32 << 20

// launcher makes the command of a contestant.
type launcher func(ctx context.Context, name string, t task.Task) (*exec.Cmd, error)

// start starts a contestant. It ends with stop or kill, with ctx, and, by the
// kernel's parent-death signal, with this process, whatever ends that. It has a
// process group of its own, so that a kill reaches what it has started itself.
func start(ctx context.Context, launch launcher, name string, t task.Task) (*contestant, error) {
	cmd, err := launch(ctx, name, t)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	c := &contestant{journal: newJournal(), name: name, cmd: cmd, ended: make(chan struct{}), last: &tail{}}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if cmd.Cancel != nil { // only a command with a context may have it
		cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	}
	if c.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	started := make(chan error)
	go c.live(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	context.AfterFunc(ctx, c.kill)
	return c, nil
}

// live starts the process and waits for its end, on one thread: the parent-death
// signal follows the thread that forked. The pipes are our own, because Wait would wait
// for what the process has started and left behind, which holds them open.
func (c *contestant) live(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(c.ended)
	stdout, stderr, err := c.spawn()
	started <- err
	if err != nil {
		return
	}
	var reading sync.WaitGroup
	reading.Go(func() { c.listen(stdout) })
	reading.Go(func() { _, _ = io.Copy(c.last, stderr) }) // it never fails to write
	c.err = c.cmd.Wait()
	_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL) // what it has left behind, which is nothing as a rule
	reading.Wait()
	stdout.Close()
	stderr.Close()
}

// spawn starts the process and returns the ends of its output.
func (c *contestant) spawn() (stdout, stderr *os.File, err error) {
	stdout, out, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer out.Close()
	stderr, end, err := os.Pipe()
	if err != nil {
		stdout.Close()
		return nil, nil, err
	}
	defer end.Close()
	c.cmd.Stdout, c.cmd.Stderr = out, end
	c.began = time.Now()
	if err := c.cmd.Start(); err != nil {
		stdout.Close()
		stderr.Close()
		return nil, nil, err
	}
	return stdout, stderr, nil
}

func (c *contestant) listen(from io.Reader) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		c.read(lines.Bytes(), func() usage { u, _ := c.used(); return u })
	}
	if lines.Err() != nil { // too long a line: let it not wait for a reader
		_, _ = io.Copy(io.Discard, from)
	}
}

// used is what it has used up to now.
func (c *contestant) used() (usage, error) { return usageOf(c.cmd.Process.Pid) }

// await waits for an event that comes once.
func (c *contestant) await(ctx context.Context, kind string) (said, error) {
	return wait(ctx, c, kind, func() (said, bool, <-chan struct{}, error) { return c.event(kind) })
}

// ask asks for a mark and waits for it.
func (c *contestant) ask(ctx context.Context) (task.Event, error) {
	if _, err := fmt.Fprintln(c.stdin, task.AskMark); err != nil {
		return task.Event{}, c.why(fmt.Errorf("ask %s for a mark: %w", c.name, err))
	}
	return wait(ctx, c, "mark", c.mark)
}

func wait[T any](ctx context.Context, c *contestant, what string, look func() (T, bool, <-chan struct{}, error)) (T, error) {
	for {
		e, ok, changed, err := look()
		if err != nil {
			return e, err
		}
		if ok {
			return e, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return e, c.why(fmt.Errorf("wait for event %s: %w", what, ctx.Err()))
		case <-c.ended:
			if e, ok, _, err := look(); ok && err == nil { // its last words
				return e, nil
			}
			return e, c.why(fmt.Errorf("wait for event %s: it has ended: %w", what, c.exit()))
		}
	}
}

// stop asks it to stop and waits for its end. It returns how long that took.
func (c *contestant) stop(ctx context.Context) (time.Duration, error) {
	asked := time.Now()
	if _, err := fmt.Fprintln(c.stdin, task.AskStop); err != nil {
		return 0, c.why(fmt.Errorf("stop %s: %w", c.name, err))
	}
	select {
	case <-c.ended:
	case <-ctx.Done():
		return 0, c.why(fmt.Errorf("stop %s: %w", c.name, ctx.Err()))
	}
	took := time.Since(asked)
	if c.err != nil {
		return 0, c.why(fmt.Errorf("stop %s: %w", c.name, c.err))
	}
	return took, nil
}

// kill ends it at once and waits until it is gone; one that has ended doesn't mind.
func (c *contestant) kill() {
	select {
	case <-c.ended:
	default:
		_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL) // it may have ended since
		<-c.ended
	}
}

func (c *contestant) exit() error {
	if c.err == nil {
		return errors.New("exit status 0")
	}
	return c.err
}

// why adds the last that it has said on standard error.
func (c *contestant) why(err error) error {
	if text := c.last.String(); text != "" {
		return fmt.Errorf("%w; it said: %s", err, text)
	}
	return err
}

// tail keeps the end of what is written.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailLimit = 2000

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - tailLimit; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

// String is in one line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(strings.Fields(string(t.text)), " ")
}
