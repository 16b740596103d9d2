package actors

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// fineTicker has the runtime look at its timers more often, for a while. A process
// in which nothing runs sleeps in the kernel's poll until the next timer, rounded up
// to a millisecond (netpoll in the runtime's netpoll_epoll.go), and whatever wakes it
// in between begins such a sleep anew. Work that waits for timers then ends in
// bunches, and nobody gets a slot until the next one.
//
// Safe from any goroutine. A nil one does nothing.
type fineTicker struct {
	file *os.File // a timerfd
	raw  syscall.RawConn

	mu   sync.Mutex
	left int    // ticks until it ends; 0 while it doesn't run
	all  uint64 // ticks there have been
}

func newFineTicker() (*fineTicker, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a timer: %w", err)
	}
	t := &fineTicker{file: os.NewFile(uintptr(fd), "fine ticker")}
	if t.raw, err = t.file.SyscallConn(); err != nil {
		return nil, fmt.Errorf("use a timer: %w", err)
	}
	return t, nil
}

// start makes timers punctual for fineFor from now on.
func (t *fineTicker) start() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.left == 0 {
		t.set(fineTick)
	}
	t.left = int(fineFor / fineTick)
}

// run returns once it is closed.
func (t *fineTicker) run() {
	if t == nil {
		return
	}
	var ticks [8]byte
	for {
		if _, err := t.file.Read(ticks[:]); err != nil {
			return // closed: nothing else can be wrong with a timer
		}
		t.passed(binary.NativeEndian.Uint64(ticks[:]))
	}
}

func (t *fineTicker) passed(ticks uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all += ticks
	if t.left -= int(min(ticks, uint64(t.left))); t.left == 0 {
		t.set(0)
	}
}

// set makes it tick every so often; 0 ends that.
func (t *fineTicker) set(every time.Duration) {
	each := unix.NsecToTimespec(every.Nanoseconds())
	// Both errors would say that it is closed.
	_ = t.raw.Control(func(fd uintptr) {
		_ = unix.TimerfdSettime(int(fd), 0, &unix.ItimerSpec{Interval: each, Value: each}, nil)
	})
}

func (t *fineTicker) close() {
	if t != nil {
		_ = t.file.Close() // nothing was written
	}
}
