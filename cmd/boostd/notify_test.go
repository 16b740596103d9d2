package main

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
)

// manager plays the service manager's end of the socket.
func manager(t *testing.T) (conn *net.UnixConn, path string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "bd") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path = filepath.Join(dir, "n")
	conn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn, path
}

func hear(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 1024)
	n, err := conn.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	return string(buffer[:n])
}

func TestNotifierTellsTheManager(t *testing.T) {
	conn, path := manager(t)
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "30000") // 30 ms
	n := newNotifier(hclog.NewNullLogger())
	for _, name := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
		if _, set := os.LookupEnv(name); set {
			t.Errorf("children would inherit %s", name)
		}
	}
	n.Ready()
	n.Status("ready: all is well")
	n.Stopping()
	for _, want := range []string{"READY=1", "STATUS=ready: all is well", "STOPPING=1"} {
		if got := hear(t, conn); got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	if n.interval != 10*time.Millisecond {
		t.Errorf("gives a sign every %v, want a third of 30 ms", n.interval)
	}
}

// TestWatchStopsWithTheLoops: a sign while all turns, none while something
// doesn't, and again when it does.
func TestWatchStopsWithTheLoops(t *testing.T) {
	conn, path := manager(t)
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "3000")
	n := newNotifier(hclog.NewNullLogger())
	ctx, cancel := context.WithCancel(t.Context())
	ended, asked := make(chan struct{}), make(chan struct{})
	var hangs atomic.Bool
	go func() {
		defer close(ended)
		n.Watch(ctx, func() error {
			if hangs.Load() {
				asked <- struct{}{}
				return errors.New("a loop has stood still")
			}
			return nil
		})
	}()
	if got := hear(t, conn); got != "WATCHDOG=1" {
		t.Errorf("told %q", got)
	}
	hangs.Store(true)
	<-asked
	for drained := false; !drained; { // what was sent before
		_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, err := conn.Read(make([]byte, 64))
		drained = err != nil
	}
	for range 5 {
		<-asked
	}
	_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	if _, err := conn.Read(make([]byte, 64)); err == nil {
		t.Error("gave a sign of life while a loop stood still")
	}
	hangs.Store(false)
	go func() { // one question may still be on its way
		select {
		case <-asked:
		case <-ended:
		}
	}()
	if got := hear(t, conn); got != "WATCHDOG=1" {
		t.Errorf("told %q", got)
	}
	cancel()
	<-ended
}

func TestNobodyToTell(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "1000000")
	t.Setenv("WATCHDOG_PID", "1") // somebody else's
	n := newNotifier(hclog.NewNullLogger())
	n.Ready()
	n.Watch(t.Context(), func() error { t.Error("asked"); return nil })
}
