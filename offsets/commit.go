package offsets

import "github.com/kafkaboost/boostd"

// Commit is how far a partition may be committed.
type Commit struct {
	boostd.TopicPartition
	Epoch uint32
	// Offset is the next one to read, as Kafka wants it.
	Offset int64
	// Metadata is a Map as text, empty where the topic isn't known. One that tells
	// of no message still tells which topic the offset belongs to.
	Metadata string
	changed  uint64
}

// Commits appends a Commit for every partition that can be committed further
// than it is, or of which a map has something new to tell.
func (t *Tracker) Commits(dst []Commit) []Commit {
	for _, p := range t.order {
		but := t.open.sorted(p.tp)
		c := Commit{TopicPartition: p.tp, Epoch: p.epoch, Offset: p.committable(), changed: p.changed}
		if len(but) > 0 {
			c.Offset, c.changed = min(c.Offset, but[0]), p.changed-1 // it doesn't tell all
		}
		further := c.Offset > p.committed
		if further || p.changed != p.saved && !p.foreign {
			c.Metadata = t.metadata(p, but)
		}
		if further || c.Metadata != "" && c.Offset == p.committed {
			dst = append(dst, c)
		}
	}
	return dst
}

func (t *Tracker) metadata(p *partition, but []int64) string {
	if p.topic == (TopicID{}) || t.limits.Metadata < 0 {
		return ""
	}
	m := p.completion(but)
	text, _ := m.Encode(t.limits.Metadata)
	return text
}

// Committed notes that a commit has succeeded. One of an old epoch is ignored.
func (t *Tracker) Committed(c Commit) {
	p := t.find(c.TopicPartition)
	if p == nil || p.epoch != c.Epoch || c.Offset < p.committed {
		return
	}
	p.foreign = p.foreign && c.Offset == p.committed
	p.committed, p.saved = c.Offset, max(p.saved, c.changed)
}

// LimitMetadata is for brokers that take less than Limits.Metadata; negative for
// those that take none.
func (t *Tracker) LimitMetadata(characters int) { t.limits.Metadata = characters }

// Pending is how many offsets are delivered and not done.
func (t *Tracker) Pending(tp boostd.TopicPartition) int {
	if p := t.find(tp); p != nil {
		return p.pending
	}
	return 0
}

// Full reports whether the partition must deliver nothing more for now: too
// much of it is pending, or a map of it comes near to its limit.
func (t *Tracker) Full(tp boostd.TopicPartition) bool { return t.over(tp, 1, 1) }

// Relieved reports whether a partition that was full may deliver again: it is at
// most three quarters full.
func (t *Tracker) Relieved(tp boostd.TopicPartition) bool { return !t.over(tp, 4, 3) }

// Spare is how many messages, at most most, may be fetched at once without a
// partition coming to deliver more than until it is Full; paused ones are left out,
// nothing comes of them. It counts on no more than one gap in the offsets for each
// message, as short transactions leave them. It may be 0.
func (t *Tracker) Spare(most int, paused map[boostd.TopicPartition]bool) int {
	for _, p := range t.order {
		if paused[p.tp] {
			continue
		}
		most = min(most, t.limits.Pending-p.pending)
		if t.limits.Metadata > 0 && p.topic != (TopicID{}) {
			but := t.open.count(p.tp)
			most = min(most, (budget(t.limits.Metadata)-p.mapBits(but))/p.mostBits(but))
		}
	}
	return max(most, 0)
}

func (t *Tracker) over(tp boostd.TopicPartition, n, of int) bool {
	p := t.find(tp)
	if p == nil {
		return false
	}
	if n*p.pending >= of*t.limits.Pending {
		return true
	}
	return t.limits.Metadata > 0 && p.topic != TopicID{} && n*p.mapBits(t.open.count(tp)) >= of*budget(t.limits.Metadata)
}
