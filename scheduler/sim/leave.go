package sim

import (
	"github.com/kafkaboost/boostd/scheduler"
)

// takeBack gives the messages that an instance has begun, or handed to a worker,
// back to their partitions.
func (w *world) takeBack(in *instance, which func(*partition) bool) {
	back := func(i *scheduler.Item) {
		m := i.Message
		p := &w.partitions[m.Partition]
		if m.Epoch != p.epoch || p.holder != in || !which(p) {
			return
		}
		attempts := m.Attempt
		if attempts > 0 {
			attempts-- // the one that ends without a word doesn't count
		}
		if attempts == 0 && !i.StartedAt.IsZero() {
			p.noteStarted(m.Offset, true)
		}
		in.sources[p.sub].giveBack(p, m, attempts)
	}
	for n := range in.slots {
		for _, i := range in.slots[n].unfinished() {
			if i != nil {
				back(i)
			}
		}
	}
	for _, b := range w.burials {
		if b.in == in {
			back(b.item)
		}
	}
}

// stop lets an instance leave: it finishes what it has begun.
func (w *world) stop(in *instance) {
	in.state = leaving
	for _, s := range in.byID {
		for len(s.mine) > 0 {
			s.close(s.mine[0])
		}
	}
	w.queue.push(event{at: w.now + int64(w.config.Latency.Drain), kind: deadline, who: in.index, what: -1})
	in.apply(in.core.Drain(w.time()))
}

// crash makes an instance vanish. What it had fetched is the next one's to fetch,
// once the group has noticed.
func (w *world) crash(in *instance) {
	w.takeBack(in, func(*partition) bool { return true })
	in.state = gone
	for _, s := range in.byID {
		for len(s.mine) > 0 {
			s.close(s.mine[0])
		}
	}
	// What is queued in its core comes back by its word; the rest of that is
	// nobody's to obey any more.
	for _, k := range in.core.Drain(w.time()).Settled {
		in.byID[k.Consumer].settled(k.Settlements)
	}
	for n := range w.partitions {
		if p := &w.partitions[n]; p.holder == in {
			p.epoch++
		}
	}
	w.queue.push(event{at: w.now + int64(w.config.Latency.Session), kind: expire, who: in.index})
}

// leave ends an instance's membership: its partitions go to the others.
func (w *world) leave(in *instance) {
	if in.state == leaving { // what still runs is repeated by others
		w.takeBack(in, func(*partition) bool { return true })
	}
	in.state = gone
	for n := range w.partitions {
		if p := &w.partitions[n]; p.holder == in {
			w.release(p)
		}
	}
	w.rebalance()
}
