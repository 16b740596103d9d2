package kafkatest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/kafkaboost/boostd/test/kafkatest/internal/filelock"
)

// tempPrefix begins the name of every temporary cluster directory; nothing
// without it is ever removed.
const tempPrefix = "boostd-kafka-"

// claim is one cluster's entry in the cache's list of running clusters: a file
// that its owner keeps locked. The ports in it stay the cluster's while a node
// is down, so that it gets the same ones again; and once the lock is free, the
// owner has died and the rest can be cleaned up.
type claim struct {
	lock *filelock.Lock
	path string

	Dir   string
	Temp  bool
	Ports []int
}

// newClaim sweeps up after dead owners, then takes a directory and as many free
// ports as asked for. dir "" makes a temporary one.
func newClaim(ctx context.Context, dir string, ports int) (*claim, error) {
	base, err := CacheDir()
	if err != nil {
		return nil, err
	}
	runs := filepath.Join(base, "run")
	if err := os.MkdirAll(runs, 0o700); err != nil {
		return nil, fmt.Errorf("claim ports: %w", err)
	}
	all, err := filelock.Wait(ctx, filepath.Join(runs, "lock"))
	if err != nil {
		return nil, fmt.Errorf("claim ports: %w", err)
	}
	defer all.Unlock()
	taken := sweep(runs)
	c := &claim{Dir: dir, Temp: dir == ""}
	if c.Ports, err = freePorts(ports, taken); err != nil {
		return nil, err
	}
	if c.Temp {
		c.Dir, err = os.MkdirTemp("", tempPrefix)
	} else {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("create cluster directory: %w", err)
	}
	if err := c.write(runs); err != nil {
		return nil, errors.Join(err, c.release())
	}
	return c, nil
}

func (c *claim) write(runs string) error {
	c.path = filepath.Join(runs, "cluster-"+newUUID()+".json")
	var err error
	if c.lock, err = filelock.Try(c.path); err != nil {
		return fmt.Errorf("claim ports: %w", err)
	}
	if err := json.NewEncoder(c.lock.File()).Encode(c); err != nil {
		return fmt.Errorf("claim ports: %w", err)
	}
	return nil
}

// release removes the directory, if it is a temporary one, and the entry. The
// entry stays where the directory couldn't be removed: a later sweep tries again.
func (c *claim) release() error {
	if c.lock != nil {
		defer c.lock.Unlock()
	}
	if c.Temp && strings.HasPrefix(filepath.Base(c.Dir), tempPrefix) {
		if err := os.RemoveAll(c.Dir); err != nil {
			return fmt.Errorf("remove cluster directory: %w", err)
		}
	}
	if c.path != "" {
		if err := os.Remove(c.path); err != nil {
			return fmt.Errorf("release ports: %w", err)
		}
	}
	return nil
}

// sweep cleans up after owners that have died, and returns the ports of those
// that live. The caller holds the list's lock. What can't be cleaned up now is
// left for the next sweep: it is no reason to fail somebody else's test.
func sweep(runs string) map[int]bool {
	taken := map[int]bool{}
	entries, err := filepath.Glob(filepath.Join(runs, "cluster-*.json"))
	if err != nil {
		return taken
	}
	for _, path := range entries {
		c, err := readClaim(path)
		lock, lockErr := filelock.Try(path)
		switch {
		case errors.Is(lockErr, filelock.ErrHeld):
			for _, port := range c.Ports {
				taken[port] = true
			}
		case lockErr != nil:
		case err != nil: // its owner died while writing it
			os.Remove(path)
			lock.Unlock()
		default:
			c.lock = lock
			c.clean()
		}
	}
	return taken
}

// clean ends what a dead owner left running, and removes what it left behind.
func (c *claim) clean() {
	killNodesIn(c.Dir)
	c.release()
}

func readClaim(path string) (*claim, error) {
	c := &claim{path: path}
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, c)
	}
	if err == nil && !filepath.IsAbs(c.Dir) {
		err = fmt.Errorf("read claim %s: directory %q is not absolute", path, c.Dir)
	}
	return c, err
}

// killNodesIn kills every process that was started with a server.properties
// below dir. The parent-death signal has done this already in all cases known;
// this is for one that isn't.
func killNodesIn(dir string) {
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return
	}
	for _, entry := range processes {
		var pid int
		if _, err := fmt.Sscanf(filepath.Base(entry), "%d", &pid); err != nil || pid == os.Getpid() {
			continue
		}
		// The handle first, then the look: so the one looked at is the one killed.
		p, err := os.FindProcess(pid)
		if err != nil {
			continue
		}
		if isNodeIn(entry, dir) {
			p.Kill()
		}
		p.Release()
	}
}

func isNodeIn(entry, dir string) bool {
	cmdline, err := os.ReadFile(filepath.Join(entry, "cmdline"))
	if err != nil {
		return false
	}
	args := strings.Split(strings.TrimRight(string(cmdline), "\x00"), "\x00")
	last := args[len(args)-1]
	return len(args) > 2 && args[len(args)-2] == brokerClass && strings.HasPrefix(last, filepath.Join(dir, "node-"))
}

// Ports come from below 32768, where the kernel's ephemeral range begins: up
// there an outgoing connection of any client can have a stopped node's port.
const (
	lowestPort = 12000
	portsEnd   = 32768
	portTries  = 2000
)

// FreeAddress is one on 127.0.0.1 that nobody listens on, and that no outgoing connection
// and no listener on a port of the kernel's choice gets, for a server that is yet to start.
func FreeAddress() (string, error) {
	ports, err := freePorts(1, nil)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("127.0.0.1:%d", ports[0]), nil
}

// freePorts picks ports at random that nobody listens on and no cluster claims.
func freePorts(n int, taken map[int]bool) ([]int, error) {
	var ports []int
	var open []net.Listener
	defer func() {
		for _, l := range open {
			l.Close()
		}
	}()
	for range portTries {
		port := lowestPort + rand.IntN(portsEnd-lowestPort)
		if taken[port] {
			continue
		}
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		open, ports = append(open, l), append(ports, port)
		if len(ports) == n {
			return ports, nil
		}
	}
	return nil, fmt.Errorf("find %d free ports on 127.0.0.1 from %d to %d: only %d in %d tries", n, lowestPort, portsEnd-1, len(ports), portTries)
}
