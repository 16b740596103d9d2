package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// brokerEnd is how long the child has to end once its input has, before it is
// killed.
const brokerEnd = 2 * time.Second

// broker is the embedded broker as a child process, so that its work isn't the
// daemon's. It ends with its input: also when this process is killed.
type broker struct {
	address string
	command *exec.Cmd
	input   io.Closer
	ended   chan struct{}
}

// startBroker runs this very program as `boostd broker`; onEnd is called when it
// has ended, for whatever reason.
func startBroker(ctx context.Context, onEnd func()) (*broker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start embedded broker: %w", err)
	}
	c := exec.Command(self, "broker", "--listen", "127.0.0.1:0", "--until-eof")
	c.Stderr = os.Stderr
	// In a group of its own, so that Ctrl-C in a terminal ends the daemon first.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	input, err := c.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start embedded broker: %w", err)
	}
	output, err := c.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start embedded broker: %w", err)
	}
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("start embedded broker: %w", err)
	}
	b := &broker{command: c, input: input, ended: make(chan struct{})}
	first := make(chan string, 1)
	go b.attend(output, first, onEnd)
	select {
	case line := <-first:
		if address, ok := strings.CutPrefix(line, "listening on "); ok {
			b.address = address
			return b, nil
		}
		err = fmt.Errorf("start embedded broker: it said %q instead of its address", line)
	case <-ctx.Done():
		err = fmt.Errorf("start embedded broker: %w", context.Cause(ctx))
	}
	b.close()
	return nil, err
}

// attend reads the child's output to its end and then waits for the child,
// which ends it in this order. Its owner is the broker: close awaits it.
func (b *broker) attend(output io.Reader, first chan<- string, onEnd func()) {
	defer close(b.ended)
	lines := bufio.NewReader(output)
	line, _ := lines.ReadString('\n') // an empty line is what a child that died has said
	first <- strings.TrimSpace(line)
	_, _ = io.Copy(io.Discard, lines)
	_ = b.command.Wait() // that it has ended is all there is to know
	onEnd()
}

var errBrokerEnded = errors.New("the embedded broker has ended by itself")

// close ends the child and waits for it.
func (b *broker) close() {
	_ = b.input.Close()
	select {
	case <-b.ended:
	case <-time.After(brokerEnd):
		_ = b.command.Process.Kill()
		<-b.ended
	}
}
