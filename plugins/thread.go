package plugins

import (
	"runtime"
	"sync"
)

// thread runs functions on one thread of the operating system, which lives until end:
// the kernel ends a process with the thread that started it.
type thread struct {
	calls chan func()
	once  sync.Once
}

func newThread() *thread {
	t := &thread{calls: make(chan func())}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its goroutine
		for call := range t.calls {
			call()
		}
	}()
	return t
}

// do returns when f has. It isn't called after end.
func (t *thread) do(f func()) {
	ended := make(chan struct{})
	t.calls <- func() { defer close(ended); f() }
	<-ended
}

// end gives the thread up, and with it every process that it started.
func (t *thread) end() { t.once.Do(func() { close(t.calls) }) }
