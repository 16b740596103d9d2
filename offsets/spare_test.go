package offsets

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kafkaboost/boostd"
)

// TestSpare fetches as many messages as Spare allows, all of one partition, with a
// gap before some of them: the partition doesn't come to hold more than it may, and
// where nothing is finished meanwhile it does come to be full.
func TestSpare(t *testing.T) {
	limits := map[string]Limits{"pending": {Pending: 700, Metadata: -1}, "map": {}, "small map": {Metadata: 300}}
	for name, limit := range limits {
		for seed := range uint64(30) {
			t.Run(fmt.Sprint(name, seed), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 4))
				tr := New(limit)
				epochs := map[boostd.TopicPartition]uint32{}
				for _, tp := range []boostd.TopicPartition{tp0, tp1} {
					epochs[tp] = tr.Assign(tp, Unknown)
					tr.Restore(tp, epochs[tp], TopicID{1}, 0, "")
				}
				finished, next := rng.IntN(95), map[boostd.TopicPartition]int64{}
				full := 0
				for range 400 {
					tp := tp0
					if rng.IntN(3) == 0 {
						tp = tp1
					}
					spare := tr.Spare(256, nil)
					if other := tr.Spare(256, map[boostd.TopicPartition]bool{tp: true}); other < spare {
						t.Fatalf("%d without %s, %d with it", other, tp, spare)
					}
					for n := range spare {
						if n > 0 && tr.Full(tp) {
							t.Fatalf("full behind %d messages, spare were %d", n, spare)
						}
						offset := next[tp] + rng.Int64N(2)
						tr.Deliver(tp, offset, 0)
						next[tp] = offset + 1
						if rng.IntN(100) < finished {
							tr.Done(tp, epochs[tp], offset)
						}
					}
					p := tr.partitions[tp]
					if bits := p.mapBits(0); limit.Metadata >= 0 && bits > budget(tr.limits.Metadata) || p.pending > tr.limits.Pending {
						t.Fatalf("behind %d messages %d are pending, their map takes %d bits of %d", spare, p.pending, bits, budget(tr.limits.Metadata))
					}
					if spare == 0 {
						full++
					}
				}
				if full == 0 && finished < 50 {
					t.Errorf("there was always room for more")
				}
			})
		}
	}
}
