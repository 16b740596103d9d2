package console

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"
)

func quiet(path string) Options {
	return Options{Socket: path, Daemon: &puppet{status: &Status{Version: "1"}}, Logger: hclog.NewNullLogger()}
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
}

// stale leaves a socket that nobody listens on, as a crash does.
func stale(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
}

func TestSocketIsMadeAndRemoved(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "run", "boostd")
	path := filepath.Join(folder, "b.sock")
	s, err := Start(quiet(path))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{path: 0o660 | os.ModeSocket, folder: 0o750 | os.ModeDir} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, want %v (%v)", name, info.Mode(), want, err)
		}
	}
	if pid, err := os.ReadFile(path + ".lock"); err != nil || string(pid) != strconv.Itoa(os.Getpid())+"\n" {
		t.Errorf("the lock says %q (%v)", pid, err)
	}
	if st, err := Dial(path).Status(t.Context()); err != nil || st.Version != "1" {
		t.Errorf("%+v, %v", st, err)
	}
	stop(t, s)
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("after the stop: %v", err)
	}
	s, err = Start(quiet(path)) // what is left doesn't prevent the next start
	if err != nil {
		t.Fatal(err)
	}
	stop(t, s)
}

func TestStaleSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.sock")
	stale(t, path)
	s, err := Start(quiet(path))
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, s)
	if _, err := Dial(path).Status(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSocketThatIsTaken(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, path string)
		want    string
	}{
		"by another instance": {func(t *testing.T, path string) {
			s, err := Start(quiet(path))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { stop(t, s) })
		}, "belongs to the boostd with process id " + strconv.Itoa(os.Getpid())},
		"by another program": {func(t *testing.T, path string) {
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
		}, "the program with process id " + strconv.Itoa(os.Getpid()) + " listens on"},
		"by a file": {func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "is no socket"},
		"by a folder": {func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "is no socket"},
		"by a link": {func(t *testing.T, path string) {
			if err := os.Symlink("/nowhere", path); err != nil {
				t.Fatal(err)
			}
		}, "is no socket"},
		"with a folder for its lock": {func(t *testing.T, path string) {
			if err := os.Mkdir(path+".lock", 0o700); err != nil {
				t.Fatal(err)
			}
		}, "lock the control socket"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "b.sock")
			c.prepare(t, path)
			before, _ := os.Lstat(path)
			if _, err := Start(quiet(path)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if after, _ := os.Lstat(path); before != nil && !os.SameFile(before, after) {
				t.Error("what was there is another now")
			}
		})
	}
}

func TestFolderThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(quiet(filepath.Join(file, "b.sock"))); err == nil || !strings.Contains(err.Error(), "folder of the control socket") {
		t.Error(err)
	}
}

// TestPortThatIsTaken leaves no socket behind.
func TestPortThatIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	o := quiet(filepath.Join(t.TempDir(), "b.sock"))
	o.Listen = l.Addr().String()
	if _, err := Start(o); err == nil || !strings.Contains(err.Error(), "console.listen") {
		t.Error(err)
	}
	if _, err := os.Lstat(o.Socket); !os.IsNotExist(err) {
		t.Errorf("the socket: %v", err)
	}
}

// TestSocketOfAnotherStays: a path that somebody has given to another socket
// meanwhile isn't ours to remove.
func TestSocketOfAnotherStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.sock")
	s, err := Start(quiet(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".old"); err != nil { // which keeps its inode from being given anew
		t.Fatal(err)
	}
	stale(t, path)
	stop(t, s)
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

// TestStartsThatRace: over a stale socket, exactly one wins, and is reachable.
func TestStartsThatRace(t *testing.T) {
	for range 20 {
		path := filepath.Join(t.TempDir(), "b.sock")
		stale(t, path)
		servers := make([]*Server, 4)
		var tasks sync.WaitGroup
		for n := range servers {
			tasks.Go(func() { servers[n], _ = Start(quiet(path)) })
		}
		tasks.Wait()
		won := 0
		for _, s := range servers {
			if s != nil {
				won++
			}
		}
		if won != 1 {
			t.Fatalf("%d servers have the socket", won)
		}
		if _, err := Dial(path).Status(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, s := range servers {
			if s != nil {
				stop(t, s)
			}
		}
	}
}

func TestPlantedFolder(t *testing.T) {
	for _, c := range []struct {
		name        string
		owner       uint32
		parent      uint32 // mode
		uid         int
		wantPlanted bool
	}{
		{"our own below /tmp", 1000, 0o1777, 1000, false},
		{"root's below /tmp", 0, 0o1777, 1000, false},
		{"another's below /tmp", 1001, 0o1777, 1000, true},
		{"another's below /tmp, for root", 1001, 0o1777, 0, true},
		{"a service's below /run", 998, 0o755, 1000, false},
		{"a service's below /run, for root", 998, 0o755, 0, false},
	} {
		if got := planted(unix.Stat_t{Uid: c.owner}, unix.Stat_t{Mode: c.parent}, c.uid); got != c.wantPlanted {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
