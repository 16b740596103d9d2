package daemon

import (
	"sync"

	"github.com/kafkaboost/boostd/alarms"
)

// findings are what the daemon's own parts have found wrong and not yet mended.
// Safe from any goroutine; the zero value is ready.
type findings struct {
	mu  sync.Mutex
	all []alarms.Condition
}

// set notes something that is wrong, in the place of what was noted of that
// kind and subject; an empty text ends it.
func (f *findings) set(kind alarms.Kind, subject, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n, c := range f.all {
		if c.Kind == kind && c.Subject == subject {
			f.all = append(f.all[:n:n], f.all[n+1:]...)
			break
		}
	}
	if text != "" {
		f.all = append(f.all, alarms.Condition{Kind: kind, Subject: subject, Text: text})
	}
}

func (f *findings) get() []alarms.Condition {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all // never changed in place: set copies
}
