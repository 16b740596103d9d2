//go:build linux && !pollread

package kafkaio

import (
	"bytes"
	"testing"
	"unsafe"

	"github.com/kafkaboost/boostd"
)

// What a message lies in is another one's only when it is done, whatever their lengths.
func TestMemoryIsUsedAgain(t *testing.T) {
	const lengths, each = 20, 200
	c := cluster(t, "a", 1)
	length := func(n int) int { return 1 + 3*n + n/15*n*60 }
	for n := range lengths {
		produce(t, c, "a", each, bytes.Repeat([]byte{byte(n)}, length(n)))
	}
	r := open(t, c, "a", false, Window{Messages: 100, Bytes: 1 << 24})
	memories := map[*byte]bool{}
	var kept []*boostd.Message
	check := func(m *boostd.Message) {
		if len(m.Value) == 0 || len(m.Value) != length(int(m.Value[0])) || bytes.Count(m.Value, m.Value[:1]) != len(m.Value) {
			t.Fatalf("message %d has %d bytes of value %.20q", m.Offset, len(m.Value), m.Value)
		}
	}
	for seen := 0; seen < lengths*each; {
		r.until(t, "more", func() bool { return len(r.queue) > 0 })
		r.mu.Lock()
		var done []boostd.Settlement
		for _, m := range r.queue {
			check(m)
			if m.Memory != nil {
				memories[unsafe.SliceData(m.Memory)] = true
			}
			if seen++; seen%7 == 0 {
				kept = append(kept, m)
				if len(kept) <= 50 {
					continue
				}
				m, kept = kept[0], kept[1:]
				check(m)
			}
			done = append(done, boostd.Settlement{Message: m, Outcome: boostd.Done})
		}
		r.queue = nil
		r.source.Settle(done)
		r.mu.Unlock()
	}
	if len(memories) > lengths*each/2 {
		t.Errorf("%d messages lay in %d places", lengths*each, len(memories))
	}
	r.stop(t)
}
