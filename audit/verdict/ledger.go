package verdict

import (
	"sync"
	"time"

	"github.com/kafkaboost/boostd"
)

// Entry is one message that the broker has acknowledged.
type Entry struct {
	boostd.TopicPartition
	Offset int64
	Level  boostd.Level
	// AckedAt is when the acknowledgement came.
	AckedAt time.Time
}

// Ledger is the producer's own account. Safe from any goroutine; the zero value
// is ready.
type Ledger struct {
	mu      sync.Mutex
	entries []Entry
}

// Add notes an acknowledged message.
func (l *Ledger) Add(e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
}

// Reset forgets everything.
func (l *Ledger) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = nil
}

// Len is how many were acknowledged.
func (l *Ledger) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.entries)
}

// Entries is a copy of what was noted, in the order of the acknowledgements.
func (l *Ledger) Entries() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Entry(nil), l.entries...)
}
