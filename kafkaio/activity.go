package kafkaio

import (
	"sync"
	"sync/atomic"
)

// Activity counts what all Sources of a process have emitted and not yet had
// settled. It decides how their poll loops wait: see poll.go. Safe from any
// goroutine; the zero value is ready.
type Activity struct {
	unsettled atomic.Int64
	oneByOne  sync.Once // that messages are read one by one was said
}

func (a *Activity) add(n int) { a.unsettled.Add(int64(n)) }

// Busy reports whether anything is on its way through the process.
func (a *Activity) Busy() bool { return a.unsettled.Load() > 0 }
