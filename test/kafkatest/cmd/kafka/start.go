package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kafkaboost/boostd/test/kafkatest/internal/filelock"
)

const (
	// startLimit is above kafkatest's own limits for fetching jars and starting.
	startLimit = 9 * time.Minute
	// stopLimit is far above what ending the nodes takes.
	stopLimit = 30 * time.Second
	// logTail is how much of the background process's log an error shows.
	logTail = 4096
)

// start leaves a cluster running and prints its addresses. With one running
// already it prints that one's, if it has as many nodes.
func start(ctx context.Context, s settings, stdout io.Writer) error {
	if err := os.MkdirAll(s.state, 0o700); err != nil {
		return fmt.Errorf("create state directory: %w", err)
	}
	lock, err := filelock.Try(s.pidFile())
	if err == nil {
		// Nobody runs. A second start at this moment meets serve's own lock.
		lock.Unlock()
		err = s.background(ctx)
	} else if errors.Is(err, filelock.ErrHeld) {
		err = nil
	}
	if err != nil {
		return err
	}
	r, err := s.readCluster()
	if err != nil {
		return err
	}
	if r.Nodes != s.Nodes || (r.Secure != nil) != s.Security {
		return fmt.Errorf("start: another kind of cluster runs already, %d nodes, secure %v: stop it first", r.Nodes, r.Secure != nil)
	}
	return r.print(stdout)
}

func (s settings) readCluster() (running, error) {
	var r running
	text, err := os.ReadFile(s.clusterFile())
	if err != nil {
		return r, fmt.Errorf("read the running cluster (is another start under way?): %w", err)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("read the running cluster: %w", err)
	}
	return r, nil
}

// background starts serve in a session of its own and returns when the cluster
// is ready; its output goes to the log file, so that no pipe of ours stays open.
func (s settings) background(ctx context.Context) error {
	os.Remove(s.clusterFile())
	log, err := os.Create(s.logFile())
	if err != nil {
		return fmt.Errorf("start in the background: %w", err)
	}
	defer log.Close()
	ready, theirs, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start in the background: %w", err)
	}
	defer ready.Close()
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start in the background: %w", err)
	}
	cmd := exec.Command(self, "serve", "-state", s.state, "-nodes", strconv.Itoa(s.Nodes),
		"-secure="+strconv.FormatBool(s.Security), "-fast="+strconv.FormatBool(s.FastFailover))
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = log, log, []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return fmt.Errorf("start in the background: %w", err)
	}
	return s.awaitReady(ctx, cmd, ready)
}

func (s settings) awaitReady(ctx context.Context, cmd *exec.Cmd, ready *os.File) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	// Interrupted, this process takes the one in the background with it.
	unhook := context.AfterFunc(ctx, func() { cmd.Process.Signal(syscall.SIGTERM) })
	defer unhook()
	word, err := io.ReadAll(io.LimitReader(ready, 64))
	if err == nil && strings.TrimSpace(string(word)) == "ready" {
		return cmd.Process.Release()
	}
	return errors.Join(fmt.Errorf("start: no cluster came up; the end of %s:\n%s", s.logFile(), tail(s.logFile())), cmd.Wait())
}

func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-logTail):])
}

// stop ends the cluster and returns when it is gone; without one it does nothing.
func stop(ctx context.Context, s settings, stdout io.Writer) error {
	if _, err := os.Stat(s.pidFile()); os.IsNotExist(err) {
		fmt.Fprintln(stdout, "no cluster runs")
		return nil
	}
	lock, err := filelock.Try(s.pidFile())
	if err == nil {
		defer lock.Unlock()
		fmt.Fprintln(stdout, "no cluster runs")
		return os.Remove(s.pidFile())
	}
	if !errors.Is(err, filelock.ErrHeld) {
		return err
	}
	return s.end(ctx)
}

func (s settings) end(ctx context.Context) error {
	text, err := os.ReadFile(s.pidFile())
	if err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 {
		return fmt.Errorf("stop: %s holds %q, no process id", s.pidFile(), text)
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	defer p.Release()
	if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	lock, err := filelock.Wait(ctx, s.pidFile())
	if err != nil {
		// Its nodes end with it: see kafkatest.
		return errors.Join(fmt.Errorf("stop: process %d did not end in time and is killed: %w", pid, err), p.Kill())
	}
	lock.Unlock()
	return os.Remove(s.pidFile())
}
