package dashboard

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
	"github.com/kafkaboost/boostd/console"
)

// terminal is a terminal, and the other end that a person has.
func terminal(t *testing.T) (tty, person *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	raw, err := person.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	if controlErr := raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	}); controlErr != nil || err != nil {
		t.Fatal(controlErr, err)
	}
	if tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close() })
	return tty, person
}

func settingsOf(t *testing.T, tty *os.File) unix.Termios {
	t.Helper()
	s, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *s
}

// steady is a daemon that always answers the same.
type steady struct{}

func (steady) Status(context.Context) (*console.Status, error) { return full(), nil }

// TestTerminalIsGivenBack, however the watch ends.
func TestTerminalIsGivenBack(t *testing.T) {
	t.Setenv("TERM", "xterm")
	for name, end := range map[string]func(person *os.File, cancel func()) error{
		"q":       func(p *os.File, _ func()) error { _, err := p.Write([]byte("q")); return err },
		"Ctrl-C":  func(p *os.File, _ func()) error { _, err := p.Write([]byte{ctrlC}); return err },
		"SIGTERM": func(*os.File, func()) error { return unix.Kill(os.Getpid(), unix.SIGTERM) },
		"SIGHUP":  func(*os.File, func()) error { return unix.Kill(os.Getpid(), unix.SIGHUP) },
		"its end": func(_ *os.File, cancel func()) error { cancel(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			tty, person := terminal(t)
			before := settingsOf(t, tty)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- Watch(ctx, steady{}, 100*time.Millisecond, tty, tty) }()
			seen := readUntil(t, person, nil, "boostd 1.2.3")
			if !bytes.HasPrefix(seen, []byte(term.Enter)) {
				t.Errorf("it begins with %q", seen[:min(len(seen), 40)])
			}
			if during := settingsOf(t, tty); during.Lflag&unix.ECHO != 0 {
				t.Error("what is typed shows")
			}
			if err := end(person, cancel); err != nil {
				t.Fatal(err)
			}
			readUntil(t, person, seen, term.Leave)
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if after := settingsOf(t, tty); after != before {
				t.Errorf("the terminal was %+v and is %+v", before, after)
			}
		})
	}
}

// readUntil reads on behind what was seen, until a text has come.
func readUntil(t *testing.T, person *os.File, seen []byte, text string) []byte {
	t.Helper()
	seen = slices.Clone(seen)
	part := make([]byte, 4096)
	if err := person.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for !bytes.Contains(seen, []byte(text)) {
		n, err := person.Read(part)
		if err != nil {
			t.Fatalf("%v before %q, after %q", err, text, seen)
		}
		seen = append(seen, part[:n]...)
	}
	return seen
}
