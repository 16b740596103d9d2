package kafkaio

import (
	"fmt"
	"os"
	"runtime/debug"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kafkaboost/boostd/offsets"
)

// A partition of which as much is pending as may be is read no further, to the message;
// others go on, and it does when it is relieved, from where it stopped.
func TestPartitionThatIsFull(t *testing.T) { inBothWays(t, testPartitionThatIsFull) }

func testPartitionThatIsFull(t *testing.T) {
	t.Parallel()
	const limit, messages = 150, 1000
	c := cluster(t, "a", 2)
	var records []*kgo.Record
	for n := range messages {
		records = append(records, &kgo.Record{Topic: "a", Value: fmt.Append(nil, n)})
	}
	client := franz(t, c)
	if err := client.ProduceSync(within(t), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	o := options(c, "a", Window{Messages: 10_000, Bytes: 64 << 20})
	o.oneByOne = readOneByOne(t)
	s, err := newSource(o, offsets.New(offsets.Limits{Pending: limit}))
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{source: s, to: s, got: map[string]int{}, change: make(chan struct{})}
	if err := s.Start(r.emit); err != nil {
		t.Fatal(err)
	}
	r.until(t, "full", func() bool { return len(r.queue) >= limit })
	if err := client.ProduceSync(within(t), &kgo.Record{Topic: "a", Partition: 1}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	r.until(t, "the other one's", func() bool { return r.got["a/1@0"] == 1 })
	r.stays(t, "full", 300*time.Millisecond, func() bool { return len(r.queue) == limit+1 })
	r.mu.Lock()
	r.auto = true
	r.settleLocked(len(r.queue))
	r.mu.Unlock()
	r.until(t, "all", func() bool { return len(r.got) == messages+1 })
	ended(t, r)
	for m, n := range r.got {
		if n != 1 {
			t.Errorf("%s came %d times", m, n)
		}
	}
}

// TestReadingKeepsNoMemory reads much more than may stay, with keys and headers, from
// clients that come and go: what isn't Go's can be seen in the process alone.
func TestReadingKeepsNoMemory(t *testing.T) {
	c := cluster(t, "a", 2)
	const messages, rounds = 8000, 12
	records := make([]*kgo.Record, messages)
	for n := range records {
		records[n] = &kgo.Record{Topic: "a", Partition: int32(n % 2), Key: make([]byte, 100), Value: make([]byte, 1000),
			Headers: []kgo.RecordHeader{{Key: "a header of some length", Value: make([]byte, 200)}, {Key: "b", Value: make([]byte, 200)}}}
	}
	if err := franz(t, c).ProduceSync(within(t), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	var settled int64
	for n := range rounds {
		o := options(c, "a", wide)
		o.Group = fmt.Sprintf("g%d", n)
		r := openWith(t, o, true)
		r.until(t, "all", func() bool { return len(r.got) == messages })
		ended(t, r)
		if t.Failed() {
			return
		}
		if n == rounds/4 {
			settled = resident(t)
		}
	}
	// If no event were given back it would be 1.6 KB for each message, 110 MB.
	if grown := resident(t) - settled; grown > 30<<20 {
		t.Errorf("%d MiB more are in use after %d messages", grown>>20, messages*(rounds-rounds/4-1))
	}
}

// resident is the process's memory in bytes, without what Go could give back.
func resident(t *testing.T) int64 {
	t.Helper()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
