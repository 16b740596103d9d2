package plugins

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/kafkaboost/boostd"
)

const (
	// leftoverWait is how long the pipes of a program that ended are read on,
	// for what it had written before.
	leftoverWait = 250 * time.Millisecond
	// exitWait is how long a program whose output ended has until its exit
	// status is no longer waited for.
	exitWait = 500 * time.Millisecond
	// keptBuffer is the largest request buffer that is kept for the next one.
	keptBuffer = 64 << 10
)

// program is one process of an exec handler. ask and close belong to the call
// that holds it, or to the pool while it is idle; kill and signal may be
// called by anybody.
type program struct {
	process *os.Process
	in, out *os.File // out is nil where the command is mute
	errs    *os.File

	// Only touched by the holder.
	reader *bufio.Reader
	buffer []byte
	lastID uint64

	// Guarded by the pool's lock.
	answered  bool
	dismissed bool // there were more than slots

	mu     sync.Mutex // guards reaped against signals to a pid that isn't ours any more
	reaped bool
	exited chan struct{} // closed when the process was reaped; then status says how it ended
	status string
	code   int    // its exit code, or -1 after a signal
	why    string // it was ended for; guarded by mu until exited is closed
}

// command is what a handler's programs are started from.
type command struct {
	path      string
	argv, env []string
	limits    Limits
	mute      bool // what it writes to standard output goes nowhere
}

func newCommand(c Config) (command, error) {
	argv := c.Exec
	path, err := exec.LookPath(argv[0])
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return command{}, fmt.Errorf("exec: %q: want a program that exists and is executable: %w", argv[0], err)
	}
	return command{path: path, argv: slices.Clone(argv), env: programEnv(c.Process.Env), limits: c.Process.Limits, mute: c.ExecOptions.PerMessage}, nil
}

// start starts a process in a group of its own, with an environment of its own:
// the command's and more. It must be called on a thread that outlives the process,
// since the kernel ends the process with the thread.
func (c *command) start(more []string) (*program, error) {
	var files [6]*os.File // in, out and errs: reading end, writing end
	for i := 0; i < len(files); i += 2 {
		var err error
		if i == 2 && c.mute {
			files[3], err = os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		} else {
			files[i], files[i+1], err = os.Pipe()
		}
		if err != nil {
			closeAll(files[:i])
			return nil, fmt.Errorf("start program: %w", err)
		}
	}
	process, err := os.StartProcess(c.path, c.argv, &os.ProcAttr{
		Env:   slices.Concat(c.env, more),
		Files: []*os.File{files[0], files[3], files[5]},
		Sys:   &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		closeAll(files[:])
		return nil, fmt.Errorf("start program: %w", err)
	}
	closeAll([]*os.File{files[0], files[3], files[5]})
	p := &program{
		process: process, in: files[1], out: files[2], errs: files[4],
		exited: make(chan struct{}),
	}
	if !c.mute {
		p.reader = bufio.NewReader(p.out)
	}
	if err := c.limits.apply(process.Pid); err != nil {
		p.discard()
		return nil, fmt.Errorf("start program: %w", err)
	}
	if c.limits.Memory != 0 {
		go p.bound(c.limits) // until it has ended
	}
	return p, nil
}

// bound ends a program that uses too much memory.
func (p *program) bound(l Limits) {
	every(memoryInterval, p.exited, func() {
		why := l.over(p.process.Pid)
		if why == "" {
			return
		}
		p.mu.Lock()
		p.why = why
		p.mu.Unlock()
		p.kill()
	})
}

// discard ends a program that nobody has been given.
func (p *program) discard() {
	p.kill()
	_, _ = p.process.Wait()
	p.close()
	p.errs.Close()
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close() // nothing happens where there is none
	}
}

// watch is the program's own goroutine: it waits for the end of the process,
// then ends what is left of its group. drain reads its standard error to the end;
// onExit is called when the process was reaped. watch returns after both.
func (p *program) watch(drain func(io.Reader), onExit func(*program)) {
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		drain(p.errs)
	}()
	awaitExit(p.process.Pid)
	// The pid stays ours until Wait, so the group can't be another's.
	p.signal(syscall.SIGKILL)
	p.mu.Lock()
	state, err := p.process.Wait()
	p.reaped = true
	p.mu.Unlock()
	p.status, p.code = "lost", -1
	if err == nil {
		p.status, p.code = state.String(), state.ExitCode()
	}
	if p.why != "" {
		p.status = p.why
	}
	// Something that left the group may hold the pipes open: don't wait for it.
	soon := time.Now().Add(leftoverWait)
	p.in.SetWriteDeadline(soon)
	p.out.SetReadDeadline(soon)
	p.errs.SetReadDeadline(soon)
	close(p.exited)
	onExit(p)
	<-drained
	p.errs.Close()
}

// awaitExit waits until the process has ended, and leaves it to be reaped.
func awaitExit(pid int) {
	const byPID = 1 // P_PID of waitid(2)
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, byPID, uintptr(pid), 0, syscall.WEXITED|syscall.WNOWAIT, 0, 0)
		if errno != syscall.EINTR {
			return
		}
	}
}

// signal reaches the program's whole group, while it is there.
func (p *program) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		syscall.Kill(-p.process.Pid, s)
	}
}

// kill ends the program and whatever waits for its pipes.
func (p *program) kill() {
	p.signal(syscall.SIGKILL)
	p.in.SetWriteDeadline(time.Unix(1, 0))
	p.out.SetReadDeadline(time.Unix(1, 0))
}

// gone reports whether the process has ended.
func (p *program) gone() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// ask hands the program a message and waits for its answer. After an error, or
// when intact is false, the program must not be asked again; it may be running.
func (p *program) ask(ctx context.Context, m *boostd.Message) (r boostd.Result, intact bool, err error) {
	stop := context.AfterFunc(ctx, p.kill)
	r, err = p.exchange(m)
	intact = stop() && err == nil
	if err != nil {
		err = p.explain(ctx, err)
	}
	return r, intact, err
}

func (p *program) exchange(m *boostd.Message) (boostd.Result, error) {
	p.lastID++
	line := appendRequest(p.buffer[:0], p.lastID, m)
	p.buffer = nil
	_, err := p.in.Write(line)
	if cap(line) <= keptBuffer {
		clear(line) // nothing of a message is kept after its attempt
		p.buffer = line[:0]
	}
	if err != nil {
		return boostd.Result{}, io.EOF // nobody reads any more: it ends or ended
	}
	answer, err := readLine(p.reader)
	if err != nil {
		return boostd.Result{}, err
	}
	return parseAnswer(answer, p.lastID)
}

// explain turns the error of an exchange into a reason for people. Where the
// pipes broke it gives the process a moment to show how it ended.
func (p *program) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New(whyEnded(ctx))
	}
	if !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	timer := time.NewTimer(exitWait)
	defer timer.Stop()
	select {
	case <-p.exited:
		return fmt.Errorf("program ended: %s", p.status)
	case <-timer.C:
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.why != "" { // it is killed, and its memory takes the kernel a while
			return fmt.Errorf("program ended: %s", p.why)
		}
		return errors.New("program closed its input or output")
	case <-ctx.Done():
		return errors.New(whyEnded(ctx))
	}
}

// close gives up the pipes: a well-behaved program ends when its input does.
func (p *program) close() {
	p.in.Close()
	p.out.Close()
}
