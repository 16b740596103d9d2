package plugins

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
)

// Exit codes with a meaning, of sysexits.h. Every other one than 0 is a failure
// that may pass, as EX_TEMPFAIL (75) is.
const exitDataErr = 65

// messageDoer starts a program for each message and waits for its end: there are
// never more than calls.
type messageDoer struct {
	command command
	log     *programLog
	quit    chan struct{} // closed by close

	mu      sync.Mutex
	all     map[*program]struct{} // started, and not ended
	running int                   // calls that have, or may start, one
	changed chan struct{}         // closed and replaced when running falls
	closed  bool
}

func newMessageDoer(c command, logger hclog.Logger) *messageDoer {
	return &messageDoer{
		command: c, log: &programLog{logger: logger}, quit: make(chan struct{}),
		all: make(map[*program]struct{}), changed: make(chan struct{}),
	}
}

func (d *messageDoer) do(ctx context.Context, m *boostd.Message) boostd.Result {
	env, err := messageEnv(m)
	if err != nil {
		return dead(err.Error())
	}
	if !d.enter() {
		return retry(errClosed.Error())
	}
	defer d.leave()
	// The kernel ends a program with the thread that started it: this one waits.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p, err := d.start(ctx, env)
	if err != nil {
		return retry(err.Error())
	}
	return d.attend(ctx, p, m.Value)
}

var errClosed = errors.New("handler is closed")

// enter counts a call, unless the handler is closed.
func (d *messageDoer) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.running++
	}
	return !d.closed
}

func (d *messageDoer) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running--
	close(d.changed)
	d.changed = make(chan struct{})
}

// start starts the program. One that can't be started, because it is being
// replaced for example, is tried again until ctx ends: it costs no attempt before
// that.
func (d *messageDoer) start(ctx context.Context, env []string) (*program, error) {
	for failed := (restarts{}); ; {
		p, err := d.command.start(env)
		if err == nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.all[p] = struct{}{}
			if d.closed {
				p.kill()
			}
			return p, nil
		}
		d.log.notStarted(err)
		failed.failed(time.Now())
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s while waiting for a program: %w", whyEnded(ctx), err)
		case <-d.quit:
			return nil, errClosed
		case <-time.After(failed.delay()):
		}
	}
}

// attend hands the program its input, waits for its end, and judges it.
func (d *messageDoer) attend(ctx context.Context, p *program, value []byte) boostd.Result {
	stop := context.AfterFunc(ctx, p.kill)
	defer stop()
	var written sync.WaitGroup
	written.Go(func() {
		_, _ = p.in.Write(value) // who needs less than all of it reads less
		p.in.Close()
	})
	var last lastLine
	p.watch(func(stream io.Reader) { d.log.drain(p.process.Pid, io.TeeReader(stream, &last)) }, d.exited)
	written.Wait() // nothing of the message is kept
	return p.verdict(ctx, &last)
}

// exited is called when the program was reaped.
func (d *messageDoer) exited(p *program) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.all, p)
}

// verdict is what the exit code means. Where the program came to an end of its own
// it counts, even if it was too late.
func (p *program) verdict(ctx context.Context, last *lastLine) boostd.Result {
	if p.code == 0 {
		return done()
	}
	reason := p.status
	if p.code < 0 && ctx.Err() != nil {
		reason = whyEnded(ctx)
	}
	if text := printable(last.text(), maxText); text != "" {
		reason += ": " + text
	}
	if p.code == exitDataErr {
		return dead(reason)
	}
	return retry(reason)
}

// close ends what still runs, at once: whoever closes a handler has waited for
// its messages, or doesn't want to.
func (d *messageDoer) close(ctx context.Context) error {
	d.shut()
	ctx, cancel := context.WithTimeout(ctx, closeWait)
	defer cancel()
	if d.emptied(ctx) {
		return nil
	}
	last, cancelLast := context.WithTimeout(context.WithoutCancel(ctx), killWait)
	defer cancelLast()
	if d.emptied(last) {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return fmt.Errorf("programs don't end: %d", d.running)
}

// shut lets nobody in any more and kills what runs.
func (d *messageDoer) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		close(d.quit)
	}
	d.closed = true
	for p := range d.all {
		p.kill()
	}
}

// emptied waits until no program is left, at most until ctx ends.
func (d *messageDoer) emptied(ctx context.Context) bool {
	for {
		d.mu.Lock()
		running, changed := d.running, d.changed
		d.mu.Unlock()
		if running == 0 {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// lastLine keeps the last line of a stream that isn't blank, as far as it may go
// into a reason. It belongs to whoever writes until the stream has ended.
type lastLine struct{ last, line []byte }

// Write implements io.Writer.
func (l *lastLine) Write(b []byte) (int, error) {
	for part := range bytes.Lines(b) {
		room := max(maxText+1-len(l.line), 0)
		text, whole := bytes.CutSuffix(part, []byte("\n"))
		l.line = append(l.line, text[:min(len(text), room)]...)
		if whole {
			l.end()
		}
	}
	return len(b), nil
}

func (l *lastLine) end() {
	if len(bytes.TrimSpace(l.line)) > 0 {
		l.last, l.line = l.line, l.last
	}
	l.line = l.line[:0]
}

// text is valid until the next Write.
func (l *lastLine) text() []byte {
	l.end()
	return l.last
}
