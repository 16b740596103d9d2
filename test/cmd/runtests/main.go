// Command runtests runs go test, shows what matters of its output and says at
// the end what was not run, so that a missing tool is never taken for a passed
// test:
//
//	runtests -race ./...     all arguments are go test's own
//
// It owns the go test process and the verdict. What a test needs is the test's
// own business: it skips itself with "NOT RUN: " and what is missing.
//
// The exit code is go test's. Where that is 0 it is 1 when no test ran, or when
// tests were skipped and the environment variable CI is set.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// grace is what go test and its children have to end after a signal.
const grace = 5 * time.Second

func main() {
	code, err := run(os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "runtests:", err)
	}
	os.Exit(code)
}

// run is one go test from start to verdict. The process has a group of its own,
// which all that it starts is in and ends with.
func run(args []string, out io.Writer) (code int, err error) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stream, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return 1, fmt.Errorf("run go test: %w", err)
	}
	r := newReport(out)
	caught := follow(r, stream, signals, cmd.Process.Pid)
	err = cmd.Wait()
	code = cmd.ProcessState.ExitCode()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return 1, fmt.Errorf("run go test: %w", err)
	}
	if s, ok := caught.(syscall.Signal); ok {
		r.print("ended by a signal: %v\n", s)
		code = 128 + int(s)
	} else if code < 0 { // go test itself was killed
		r.print("go test: %v\n", err)
		code = 1
	}
	return r.finish(code, os.Getenv("CI") != ""), nil
}

// follow reads the stream to its end. The first signal is passed on to the
// group; a second one, or the end of grace, kills it.
func follow(r *report, stream io.Reader, signals <-chan os.Signal, group int) (caught os.Signal) {
	lines := make(chan []byte, 64)
	go func() { // ends with the stream
		defer close(lines)
		for in, err := bufio.NewReader(stream), error(nil); err == nil; {
			var line []byte
			if line, err = in.ReadBytes('\n'); len(line) > 0 {
				lines <- line
			}
		}
	}()
	beat := time.NewTicker(time.Second)
	defer beat.Stop()
	kill := func() { _ = syscall.Kill(-group, syscall.SIGKILL) } // an error says that all are gone
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				return caught
			}
			r.line(line)
		case now := <-beat.C:
			r.beat(now)
		case s := <-signals:
			if caught != nil {
				kill()
				continue
			}
			caught = s
			_ = syscall.Kill(-group, s.(syscall.Signal))
			defer time.AfterFunc(grace, kill).Stop()
		}
	}
}
