package dashboard

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
)

// terminal is one that a test types on and reads from.
type terminal struct {
	near, far *os.File // the test's end and the program's
	mu        sync.Mutex
	shown     bytes.Buffer
}

func newTerminal(t *testing.T, width, height int) *terminal {
	t.Helper()
	near, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(near.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	far, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{near: near, far: far}
	x.resize(t, width, height)
	read := make(chan struct{})
	go func() {
		defer close(read)
		page := make([]byte, 4096)
		for {
			n, err := near.Read(page)
			x.mu.Lock()
			x.shown.Write(page[:n])
			x.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_, _ = near.WriteString("q\n") // for a Watch that still reads keys: far stays open meanwhile
		_ = far.Close()                // which ends the reader
		<-read
		_ = near.Close()
	})
	return x
}

func (x *terminal) resize(t *testing.T, width, height int) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(x.far.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(width), Row: uint16(height)}); err != nil {
		t.Fatal(err)
	}
}

func (x *terminal) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.shown.String()
}

// await waits until something is shown after what was before.
func (x *terminal) await(t *testing.T, before int, what string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(10 * time.Second); ; {
		if strings.Contains(x.text()[before:], what) {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("the terminal doesn't show %q but %q", what, x.text()[before:])
		}
	}
}

// TestWatchGivesTheTerminalBack: however it ends, modes and page are as before.
func TestWatchGivesTheTerminalBack(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	type ending func(x *terminal, cancel func())
	for name, end := range map[string]ending{
		"q":         func(x *terminal, _ func()) { _, _ = x.near.WriteString("xq") },
		"Ctrl-C":    func(x *terminal, _ func()) { _, _ = x.near.Write([]byte{ctrlC}) },
		"cancelled": func(_ *terminal, cancel func()) { cancel() },
		"SIGTERM":   func(*terminal, func()) { _ = unix.Kill(unix.Getpid(), unix.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			x := newTerminal(t, 100, 40)
			before, err := unix.IoctlGetTermios(int(x.far.Fd()), unix.TCGETS)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- Watch(ctx, &puppet{}, time.Hour, x.far, x.far) }()
			x.await(t, 0, "wait for a person")
			if raw, err := unix.IoctlGetTermios(int(x.far.Fd()), unix.TCGETS); err != nil || raw.Lflag&unix.ECHO != 0 {
				t.Errorf("keys are echoed into the picture: %v", err)
			}
			seen := len(x.text())
			x.resize(t, 50, 5)
			if err := unix.Kill(unix.Getpid(), unix.SIGWINCH); err != nil {
				t.Fatal(err)
			}
			x.await(t, seen, "more lines")
			end(x, cancel)
			if err := <-ended; err != nil {
				t.Error(err)
			}
			x.await(t, seen, term.Leave)
			after, err := unix.IoctlGetTermios(int(x.far.Fd()), unix.TCGETS)
			if err != nil || *after != *before {
				t.Errorf("the terminal's modes are %+v, were %+v, %v", after, before, err)
			}
			if text := x.text(); !strings.HasPrefix(text, term.Enter) || !strings.HasSuffix(text, term.Leave) {
				t.Errorf("shown is %q", text)
			}
		})
	}
}
