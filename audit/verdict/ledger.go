package verdict

import (
	"sync"
	"time"

	"github.com/kafkaboost/boostd"
)

// Entry is one message that the broker has acknowledged.
type Entry struct {
	boostd.TopicPartition
	// Offset is negative where the broker didn't say; see Add.
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
	ends    map[boostd.TopicPartition]int64 // behind each partition's last entry
}

// Add notes an acknowledged message. One without an offset gets the one behind its
// partition's last entry: an idempotent producer is acknowledged in order, and the
// ledger's is the only one that writes to the partition.
func (l *Ledger) Add(e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Offset < 0 {
		e.Offset = l.ends[e.TopicPartition]
	}
	if l.ends == nil {
		l.ends = map[boostd.TopicPartition]int64{}
	}
	l.ends[e.TopicPartition] = e.Offset + 1
	l.entries = append(l.entries, e)
}

// Reset forgets everything.
func (l *Ledger) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = nil // the ends stay: what follows comes behind them
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
