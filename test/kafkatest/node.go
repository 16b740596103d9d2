package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// brokerClass is the JVM's main class; the sweep knows a node by it.
const brokerClass = "kafka.Kafka"

// stopLimit bounds a controlled stop: 2 s, or 8 s where the quorum is lost.
const stopLimit = time.Minute

// Node is one broker and controller. Its methods are safe from any goroutine.
type Node struct {
	id    int
	kit   *kit
	place layout
	flags []string
	log   *nodeLog

	mu     sync.Mutex
	proc   *process // nil before the first start
	paused bool
	closed bool
}

func newNode(k *kit, l layout, id int, extraFlags []string) (*Node, error) {
	log, err := openNodeLog(filepath.Join(l.nodeDir(id), "server.log"))
	if err != nil {
		return nil, err
	}
	return &Node{id: id, kit: k, place: l, flags: extraFlags, log: log}, nil
}

// ID is the broker id, as metadata and leaders name it.
func (n *Node) ID() int { return n.id }

// Addr is the plaintext address, 127.0.0.1:port; it stays over restarts.
func (n *Node) Addr() string { return address(n.place.ports[n.id].plain) }

// PID is the process of the newest start, 0 before the first.
func (n *Node) PID() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.proc == nil {
		return 0
	}
	return n.proc.cmd.Process.Pid
}

// Start starts the node, again with the same address and data, and returns when
// it serves. A node that doesn't within ctx or 90 s is killed; the error has
// the end of its log. Of three nodes a single one serves only while another
// one runs: see Cluster.StartAll.
func (n *Node) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	p, ready, err := n.launch()
	if err != nil {
		return err
	}
	select {
	case <-ready:
		return nil
	case <-p.ended:
		err = fmt.Errorf("start node %d: it ended: %w", n.id, exitError(p))
	case <-ctx.Done():
		err = fmt.Errorf("start node %d: not ready in time: %w", n.id, ctx.Err())
	}
	text := n.log.text()
	if strings.Contains(text, "Address already in use") {
		err = fmt.Errorf("%w: %w", err, errPortTaken)
	}
	return errors.Join(fmt.Errorf("%w; the end of its log:\n%s", err, text), p.kill())
}

func (n *Node) launch() (*process, <-chan struct{}, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, nil, fmt.Errorf("start node %d: its cluster is closed", n.id)
	}
	if n.proc != nil && n.proc.running() {
		return nil, nil, fmt.Errorf("start node %d: it runs already", n.id)
	}
	args := append(jvmFlags(n.kit.archive), n.flags...)
	args = append(args, "-cp", n.kit.classPath, brokerClass, n.place.propertiesFile(n.id))
	ready := n.log.expectReady()
	p, err := spawn(command{path: n.kit.java, args: args, env: childEnv(), dir: n.place.nodeDir(n.id), out: n.log})
	if err != nil {
		return nil, nil, fmt.Errorf("start node %d: %w", n.id, err)
	}
	n.proc, n.paused = p, false
	return p, ready, nil
}

func exitError(p *process) error {
	if p.err == nil {
		return errors.New("exit status 0")
	}
	return p.err
}

// Stop asks the node to stop (SIGTERM) and waits until it has, at most a minute;
// a paused node goes on first. It hands its leadership over meanwhile. When ctx
// ends first, the node may still stop later.
func (n *Node) Stop(ctx context.Context) error {
	if !n.running() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	if err := n.Continue(); err != nil {
		return err
	}
	if err := n.signal(syscall.SIGTERM); err != nil {
		return err
	}
	return n.waitEnd(ctx)
}

// Kill ends the node at once (SIGKILL) and waits until it is gone. Started
// again, it serves only when the cluster has given up its old session: 9 s after
// the kill, or 2 s with Options.FastFailover.
func (n *Node) Kill() error {
	p := n.current()
	if p == nil {
		return nil
	}
	return p.kill()
}

// Pause stops the node's process without ending it (SIGSTOP): its connections
// stay open, and nothing answers. Pausing two of three stops the whole cluster.
func (n *Node) Pause() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.proc == nil || !n.proc.running() {
		return fmt.Errorf("pause node %d: it doesn't run", n.id)
	}
	n.paused = true
	return n.proc.signal(syscall.SIGSTOP)
}

// Continue lets a paused node go on (SIGCONT); otherwise it does nothing.
func (n *Node) Continue() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.paused {
		return nil
	}
	n.paused = false
	return n.proc.signal(syscall.SIGCONT)
}

func (n *Node) signal(s os.Signal) error {
	if p := n.current(); p != nil {
		return p.signal(s)
	}
	return fmt.Errorf("signal node %d: it doesn't run", n.id)
}

// waitEnd waits until the node's process has ended, however it ends.
func (n *Node) waitEnd(ctx context.Context) error {
	p := n.current()
	if p == nil {
		return nil
	}
	select {
	case <-p.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the end of node %d: %w", n.id, ctx.Err())
	}
}

func (n *Node) current() *process {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.proc
}

func (n *Node) running() bool {
	p := n.current()
	return p != nil && p.running()
}

// close ends the node for good; no later Start revives it.
func (n *Node) close() error {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	err := errors.Join(n.Continue(), n.Kill())
	n.log.close()
	return err
}
