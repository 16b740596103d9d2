package sim

import (
	"time"

	"github.com/kafkaboost/boostd"
)

// feed is what makes messages of one topic at one level: one of the ways that a
// Load names.
type feed struct {
	topic int32
	level boostd.Level
	// mean is the time between two messages, at random if poisson; else each
	// every ns come burst of them; else the load's Recorded do, from next on.
	poisson bool
	mean    float64
	burst   int
	every   int64
	next    int
	count   int64 // of what came evenly
	from    int64
	until   int64
	turn    int // partition of the next one of a burst
	random  random
}

// addFeeds adds those of a load at one level, and lays its backlog down.
func (w *world) addFeeds(l *Load, topic int32, level boostd.Level) {
	base := feed{topic: topic, level: level, from: int64(l.From), until: w.end}
	if l.Until > 0 {
		base.until = min(base.until, int64(l.Until))
	}
	add := func(f feed, first int64) {
		f.random = newRandom(w.config.Seed, forArrivals, uint64(len(w.feeds)))
		w.feeds = append(w.feeds, f)
		w.produceAt(int32(len(w.feeds)-1), first)
	}
	if l.Recorded != nil {
		if level == l.First { // they name their levels themselves
			base.until = w.end
			add(base, int64(l.Recorded[0].At))
		}
		return
	}
	if l.Backlog > 0 {
		f := base
		f.random = newRandom(w.config.Seed, forSpread, uint64(topic)<<16|uint64(level))
		w.spread(&f, l.Backlog)
	}
	if l.Poisson > 0 {
		f := base
		f.poisson, f.mean = true, float64(time.Second)/l.Poisson
		add(f, f.from) // the first one comes after a wait, too: see arrive
	}
	if l.Steady > 0 {
		f := base
		f.mean = float64(time.Second) / l.Steady
		add(f, f.from)
	}
	if l.Burst > 0 {
		f := base
		f.burst, f.every = l.Burst, int64(l.Every)
		add(f, f.from)
	}
}

// produceAt lets a feed go on at a time, unless its own is over by then.
func (w *world) produceAt(n int32, at int64) {
	if at < w.feeds[n].until {
		w.queue.push(event{at: at, kind: arrive, who: n})
	}
}

// arrive is a feed's turn.
func (w *world) arrive(n int32) {
	f := &w.feeds[n]
	t := &w.topics[f.topic]
	switch {
	case f.poisson:
		if f.count++; f.count > 1 { // else it has only begun
			w.one(f, t)
		}
		w.produceAt(n, w.now+int64(f.random.exponential()*f.mean))
	case f.mean > 0:
		w.one(f, t)
		f.count++
		w.produceAt(n, f.from+int64(float64(f.count)*f.mean))
	case f.burst > 0:
		w.spread(f, f.burst)
		if f.every > 0 {
			w.produceAt(n, w.now+f.every)
		}
	default:
		all := t.load.Recorded
		for ; f.next < len(all) && int64(all[f.next].At) == w.now; f.next++ {
			r := &all[f.next]
			w.produce(t.first+int(r.Partition), entry{at: w.now, level: int32(r.Level), key: r.Key, count: 1})
		}
		if f.next < len(all) {
			w.produceAt(n, int64(all[f.next].At))
		}
	}
}

// one produces a single message. A key always goes to the same partition; one
// without goes to any.
func (w *world) one(f *feed, t *topic) {
	e := entry{at: w.now, level: int32(f.level), count: 1}
	p := 0
	if t.load.Keys > 0 {
		k := f.random.below(t.load.Keys)
		e.key, p = int32(k+1), k%t.load.Partitions
	} else if t.load.Partitions > 1 {
		p = f.random.below(t.load.Partitions)
	}
	w.produce(t.first+p, e)
}

// spread produces many at once: with keys at random, otherwise as evenly as can
// be.
func (w *world) spread(f *feed, count int) {
	t := &w.topics[f.topic]
	if t.load.Keys > 0 {
		for range count {
			w.one(f, t)
		}
		return
	}
	parts := t.load.Partitions
	for n := range min(parts, count) {
		share := count / parts
		if n < count%parts {
			share++
		}
		w.produce(t.first+(f.turn+n)%parts, entry{at: w.now, level: int32(f.level), count: int32(share)})
	}
	f.turn = (f.turn + count) % parts
}

// produce appends to a partition and wakes its reader.
func (w *world) produce(p int, e entry) {
	part := &w.partitions[p]
	part.produce(e)
	w.tallies[e.level].produced(int64(e.count), w.now)
	if r := part.reader; r != nil {
		r.waiting += int(e.count)
		r.poll()
	}
}
