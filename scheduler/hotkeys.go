package scheduler

import (
	"cmp"
	"slices"

	"github.com/kafkaboost/boostd"
)

// maxHotKeys is how many of the keys that hold most back status shows.
const maxHotKeys = 3

// HotKey is a key, or with order partition a partition, that holds others of its
// own back: its messages run one after the other.
type HotKey struct {
	boostd.TopicPartition
	// Hash is the lock's: FNV-1a (64 bit) of topic, partition and key. The key
	// itself isn't shown.
	Hash uint64
	// Waiting are the messages behind the one that runs or waits for its retry.
	Waiting int
	// Retrying: that one waits for its retry.
	Retrying bool
}

// hotKeys are those with most messages waiting, most first.
func (p *pool) hotKeys() (hot []HotKey) {
	for id, l := range p.locks.byID {
		if l.waiting.len == 0 || !l.busy() || len(hot) == maxHotKeys && l.waiting.len < hot[maxHotKeys-1].Waiting {
			continue
		}
		hot = append(hot, HotKey{l.waiting.head.partition.tp, id, l.waiting.len, l.running == 0})
		slices.SortFunc(hot, func(a, b HotKey) int {
			return cmp.Or(cmp.Compare(b.Waiting, a.Waiting), cmp.Compare(a.Hash, b.Hash))
		})
		hot = hot[:min(len(hot), maxHotKeys)]
	}
	return hot
}
