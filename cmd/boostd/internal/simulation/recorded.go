package simulation

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/scheduler/sim"
)

// maxAudit is the largest audit that is read, in bytes: it is held in memory.
const maxAudit = 1 << 30

// recorded makes a load of an audit file, one for each topic, from what all
// have in common.
func (f *File) recorded(path string, common sim.Load) ([]sim.Load, error) {
	if !filepath.IsAbs(path) && f.name != "-" {
		path = filepath.Join(filepath.Dir(f.name), path)
	}
	records, err := readAudit(path)
	if err != nil {
		return nil, err
	}
	messages, began := replayed(records)
	return topics(messages, began, common), nil
}

// readAudit reads at least one record.
func readAudit(path string) ([]audit.Record, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read audit: %w", err)
	}
	if info.Size() > maxAudit {
		return nil, fmt.Errorf("read audit %s: it is larger than %d bytes: take a part of it, such as head -n 1000000", path, maxAudit)
	}
	log, err := audit.ReadFile(path)
	if err == nil && len(log.Records) == 0 {
		err = fmt.Errorf("read audit %s: no line of it is a finished attempt", path)
	}
	return log.Records, err
}

// handled is a message of a recorded run.
type handled struct {
	boostd.Coordinates
	level   boostd.Level
	key     string
	keyed   bool
	arrived time.Time
	takes   time.Duration
	attempt int
}

// replayed are the messages of the attempts, by the time of their arrival, and
// when the run began: with the first fetch. What was produced before that was a
// backlog then, and is one here. A message takes as long as its last attempt.
func replayed(records []audit.Record) (all []*handled, began time.Time) {
	found := map[boostd.Coordinates]*handled{}
	for n := range records {
		r := &records[n]
		at := boostd.Coordinates{TopicPartition: boostd.TopicPartition{Topic: r.Topic, Partition: r.Partition}, Offset: r.Offset}
		m := found[at]
		if m == nil {
			m = &handled{Coordinates: at, level: r.Level, key: string(r.Key), keyed: r.Key != nil, arrived: r.ProducedAt}
			if r.ProducedAt.IsZero() {
				m.arrived = r.FetchedAt
			}
			found[at] = m
			all = append(all, m)
		}
		if r.Attempt >= m.attempt && !r.StartedAt.IsZero() && !r.FinishedAt.IsZero() {
			m.attempt, m.takes = r.Attempt, max(r.FinishedAt.Sub(r.StartedAt), 0)
		}
		if first := cmp.Or(r.FetchedAt, r.StartedAt); began.IsZero() || first.Before(began) {
			began = first
		}
	}
	slices.SortStableFunc(all, func(a, b *handled) int {
		if a.TopicPartition == b.TopicPartition {
			return cmp.Compare(a.Offset, b.Offset)
		}
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return all, began
}

// topics makes a load of each topic's messages, which come ordered by place. A
// partition's order is that of its offsets: a message whose clock says otherwise
// comes with the one before.
func topics(messages []*handled, began time.Time, common sim.Load) (loads []sim.Load) {
	keys := map[string]int32{}
	for len(messages) > 0 {
		topic, n := messages[0].Topic, 0
		l := common
		l.First, l.Last = messages[0].level, messages[0].level
		last, partition := time.Duration(0), int32(-1)
		clear(keys)
		for ; n < len(messages) && messages[n].Topic == topic; n++ {
			m := messages[n]
			if m.Partition != partition {
				last, partition = 0, m.Partition
				l.Partitions++
			}
			last = max(last, m.arrived.Sub(began))
			r := sim.Recorded{At: last, Level: m.level, Partition: int32(l.Partitions - 1), Takes: m.takes}
			if m.keyed {
				if keys[m.key] == 0 {
					keys[m.key] = int32(len(keys) + 1)
				}
				r.Key = keys[m.key]
			}
			l.First, l.Last = min(l.First, m.level), max(l.Last, m.level)
			l.Recorded = append(l.Recorded, r)
		}
		l.Mixed = l.First != l.Last
		slices.SortStableFunc(l.Recorded, func(a, b sim.Recorded) int { return cmp.Compare(a.At, b.At) })
		loads = append(loads, l)
		messages = messages[n:]
	}
	return loads
}
