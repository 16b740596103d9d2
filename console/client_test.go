package console

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"
)

func TestClientAsksEverything(t *testing.T) {
	p := &puppet{status: full()}
	_, socket := start(t, p)
	c, ctx := Dial(socket), t.Context()

	s, err := c.Status(ctx)
	if err != nil || len(s.Levels) != 2 || s.Settings.Hash != "c0ffee" {
		t.Errorf("status %+v, %v", s, err)
	}
	text, err := c.StatusJSON(ctx)
	if err != nil || !strings.HasPrefix(string(text), `{"version":"1.2.3"`) || !strings.HasSuffix(string(text), "}") {
		t.Errorf("status %.80s, %v", text, err)
	}
	pause, err := c.Pause(ctx, PauseRequest{Level: 7, Why: "move", For: 90 * time.Minute})
	if want := (Pause{Level: 7, By: me(t), Why: "move"}); err != nil || !reflect.DeepEqual(pause, want) {
		t.Errorf("pause %+v, %v", pause, err)
	}
	if err := c.Resume(ctx, 7, "ann"); err != nil {
		t.Error(err)
	}
	reloaded, err := c.Reload(ctx)
	if want := (Reloaded{Changed: true, Hash: "c0ffee", Text: "new"}); err != nil || reloaded != want {
		t.Errorf("reload %+v, %v", reloaded, err)
	}
	if err := c.SetLogLevel(ctx, "kafka", "trace"); err != nil {
		t.Error(err)
	}
	levels, err := c.LogLevels(ctx)
	if err != nil || levels["kafka"] != "trace" {
		t.Errorf("log levels %v, %v", levels, err)
	}
	want := fmt.Sprintf("pause 7 by %s, move, for 1h30m0s; resume 7 by %s (ann); reload", me(t), me(t))
	if asked := p.said(); asked != want {
		t.Errorf("asked for %q, want %q", asked, want)
	}
}

// TestClientTellsWhatTheDaemonSays: its sentence is the error's, as it stands.
func TestClientTellsWhatTheDaemonSays(t *testing.T) {
	p := &puppet{status: &Status{}}
	_, socket := start(t, p)
	c := Dial(socket)
	for _, e := range []struct {
		err  error
		ask  func() error
		text string
		is   error
	}{
		{fmt.Errorf("level 99: %w: there are levels 0 to 9", ErrNotFound), func() error { return c.Resume(t.Context(), 99, "") },
			"level 99: not found: there are levels 0 to 9", ErrNotFound},
		{errors.New("settings.json:3:1: bad"), func() error { _, err := c.Reload(t.Context()); return err }, "settings.json:3:1: bad", nil},
		{context.DeadlineExceeded, func() error { _, err := c.Status(t.Context()); return err },
			"boostd can't answer, it is busy or hangs; its log and /healthz may say where: context deadline exceeded", ErrNoDaemon},
		{nil, func() error { return c.SetLogLevel(t.Context(), "x", "info") }, `there is no room "x"`, nil},
		{nil, func() error { _, err := c.Pause(t.Context(), PauseRequest{For: -time.Second}); return err },
			`for "-1s": want more than 0 and at most a year, such as 30m or 2h`, nil},
	} {
		p.err = e.err
		err := e.ask()
		if err == nil || err.Error() != e.text {
			t.Errorf("%v became %v", e.err, err)
		}
		for _, sentinel := range []error{ErrNotFound, ErrNoDaemon} {
			if errors.Is(err, sentinel) != (errors.Is(sentinel, e.is)) {
				t.Errorf("%v: is %v: %v", err, sentinel, errors.Is(err, sentinel))
			}
		}
	}
}

// foreign is a listener that isn't boostd's; it answers nobody.
func foreign(t *testing.T, path string) *net.UnixListener {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// TestNoAnswer: each reason has its own sentence, within two seconds and a half.
func TestNoAnswer(t *testing.T) {
	for _, c := range []struct {
		name string
		put  func(t *testing.T, path string)
		text string
	}{
		{"no file", func(*testing.T, string) {}, "no boostd runs here with control: PATH; start it, or name its socket with --control"},
		{"stale", stale, "nobody listens on PATH: the boostd that made it has crashed or was killed; start it again"},
		{"an ordinary file", func(t *testing.T, path string) {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "PATH is no socket: name boostd's with --control"},
		{"hangs", func(t *testing.T, path string) { foreign(t, path) },
			"the boostd with process id " + strconv.Itoa(os.Getpid()) + " holds PATH and doesn't answer within 2s: it hangs or is stopped"},
		{"its queue is full", func(t *testing.T, path string) {
			fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
			if err = errors.Join(err, unix.Bind(fd, &unix.SockaddrUnix{Name: path}), unix.Listen(fd, 0)); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = unix.Close(fd) })
			for {
				conn, err := net.Dial("unix", path)
				if err != nil {
					return
				}
				t.Cleanup(func() { _ = conn.Close() })
			}
		}, "the boostd that holds PATH takes no more connections: it hangs or is stopped"},
		{"says nothing and goes", func(t *testing.T, path string) {
			l := foreign(t, path)
			go func() {
				for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
					_ = conn.Close()
				}
			}()
		}, "the boostd with process id " + strconv.Itoa(os.Getpid()) + ", which holds PATH, has given no answer: it stops, has crashed, or isn't a boostd: "},
		{"speaks another language", func(t *testing.T, path string) {
			l := foreign(t, path)
			go func() {
				if conn, err := l.Accept(); err == nil {
					_, _ = conn.Write([]byte("220 mail.example ESMTP\r\n"))
					_ = conn.Close()
				}
			}()
		}, "the boostd with process id " + strconv.Itoa(os.Getpid()) + ", which holds PATH, has given no answer: it stops, has crashed, or isn't a boostd: "},
		{"another program", func(t *testing.T, path string) {
			l := foreign(t, path)
			go func() { _ = http.Serve(l, http.NotFoundHandler()) }() // ends with the listener
		}, "what answers on PATH doesn't know GET /v1/status: it is another program, or a boostd of another version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "b.sock")
			c.put(t, path)
			began := time.Now()
			s, err := Dial(path).Status(t.Context())
			if took := time.Since(began); took > 2500*time.Millisecond {
				t.Errorf("it took %v", took)
			}
			if s != nil || err == nil || !strings.HasPrefix(strings.ReplaceAll(err.Error(), path, "PATH"), c.text) || !errors.Is(err, ErrNoDaemon) {
				t.Errorf("status %v, error %v\nwant %s", s, err, c.text)
			}
		})
	}
}

// TestNoPermission: who may do everything, such as root, never meets this, so
// that the sentence is made of the kernel's error.
func TestNoPermission(t *testing.T) {
	_, err := net.Dial("unix", filepath.Join(t.TempDir(), "b.sock"))
	var o *net.OpError
	if !errors.As(err, &o) {
		t.Fatal(err)
	}
	o.Err = os.NewSyscallError("connect", os.ErrPermission)
	got := Dial("/run/boostd/boostd.sock").why(o, patience)
	want := "no permission to use /run/boostd/boostd.sock: it is for its owner and the group boostd; become a member, or use sudo"
	if got.Error() != want || !errors.Is(got, ErrNoDaemon) {
		t.Errorf("%v", got)
	}
}

// TestAskerGoes: an end of the asker's own isn't the daemon's fault.
func TestAskerGoes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.sock")
	foreign(t, path)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := Dial(path).Status(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrNoDaemon) {
		t.Errorf("error %v", err)
	}
}

// TestBusyDaemonSaysSo: a console that lives in a daemon whose loops hang answers
// itself, before the client gives up.
func TestBusyDaemonSaysSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.sock")
	s, err := Start(Options{Socket: path, Daemon: fake{hangs: true}, Logger: hclog.NewNullLogger()})
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, s)
	if _, err := Dial(path).Status(t.Context()); !errors.Is(err, ErrNoDaemon) || !strings.Contains(err.Error(), "boostd can't answer") {
		t.Errorf("error %v", err)
	}
}
