package sim

import (
	"cmp"
	"slices"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// rebalance decides anew who should have which partition, moving as few as can be
// (as the cooperative-sticky assignor does), and has those that must move given
// up. Each subscription is a group of its own.
func (w *world) rebalance() {
	var members []int32
	for _, in := range w.instances {
		if in.state == running {
			members = append(members, in.index)
		}
	}
	moving := map[*source][]int32{}
	var sources []*source // moving's, in a fixed order
	for n := range w.subs {
		w.share(&w.subs[n], members)
		for _, number := range w.subs[n].partitions {
			p := &w.partitions[number]
			switch {
			case p.holder == nil:
				w.assignLater(number)
			case p.holder.state == running && int(p.holder.index) != p.target && !p.revoking:
				s := p.reader
				if moving[s] == nil {
					sources = append(sources, s)
				}
				moving[s] = append(moving[s], number)
			}
		}
	}
	for _, s := range sources {
		s.revoke(moving[s])
	}
}

// share sets the targets of a group's partitions: each member has as many as the
// others, or one more. Who has one more differs between groups.
func (w *world) share(s *subscription, members []int32) {
	if len(members) == 0 {
		for _, number := range s.partitions {
			w.partitions[number].target = -1
		}
		return
	}
	least, more := len(s.partitions)/len(members), len(s.partitions)%len(members)
	have := w.have(len(w.instances))
	full := func(in int) bool {
		return have[in] > least || have[in] == least && more == 0
	}
	var loose []int32
	take := func(p *partition, in int) {
		if have[in] == least {
			more--
		}
		have[in]++
		p.target = in
	}
	for _, number := range s.partitions {
		p := &w.partitions[number]
		if p.target < 0 || w.instances[p.target].state != running || full(p.target) {
			loose = append(loose, number)
			continue
		}
		take(p, p.target)
	}
	r := newRandom(w.config.Seed, forSpread, 1<<40|uint64(s.partitions[0]))
	turn := r.below(len(members))
	for _, number := range loose {
		for full(int(members[turn%len(members)])) {
			turn++
		}
		take(&w.partitions[number], int(members[turn%len(members)]))
		turn++
	}
}

// have is a zeroed count for each instance.
func (w *world) have(n int) []int {
	w.counts = slices.Grow(w.counts[:0], n)[:n]
	clear(w.counts)
	return w.counts
}

// revoke gives partitions up: nothing more of them starts, and when what runs has
// ended, or the time for it is over, they are nobody's.
func (s *source) revoke(numbers []int32) {
	w := s.in.w
	tps := make([]boostd.TopicPartition, len(numbers))
	for n, number := range numbers {
		p := &w.partitions[number]
		s.close(number)
		p.revoking, p.until = true, w.now+int64(w.config.Latency.Drain)
		tps[n] = p.name(w, number)
	}
	w.queue.push(event{at: w.now + int64(w.config.Latency.Drain), kind: deadline, who: s.in.index, what: s.sub})
	s.in.apply(s.in.core.Revoking(w.time(), s.id, tps))
}

// drained is the core's word that nothing of them runs any more.
func (w *world) drained(in *instance, tps []boostd.TopicPartition) {
	for _, tp := range tps {
		if p := &w.partitions[tp.Partition]; p.revoking && p.holder == in {
			w.release(p)
			w.assignLater(tp.Partition)
		}
	}
}

// release makes a partition nobody's: results that come later don't count.
func (w *world) release(p *partition) {
	p.revoking, p.holder, p.reader = false, nil, nil
	p.epoch++
}

// overdue takes what a subscription is still finishing away from it.
func (w *world) overdue(in *instance, sub int32) {
	late := func(p *partition) bool { return p.revoking && p.holder == in && p.sub == sub && p.until <= w.now }
	w.takeBack(in, late)
	for _, number := range w.subs[sub].partitions {
		if p := &w.partitions[number]; late(p) {
			w.release(p)
			w.assignLater(number)
		}
	}
}

// assignLater gives a partition to its target after the time that a group needs.
func (w *world) assignLater(number int32) {
	p := &w.partitions[number]
	if p.pending || p.target < 0 {
		return
	}
	p.pending = true
	when := w.now + int64(w.config.Latency.Rebalance)
	if n := len(w.due); n == 0 || w.due[n-1].at != when {
		w.queue.push(event{at: when, kind: assign})
	}
	w.due = append(w.due, due{when, number})
}

// ask tells each instance what all have still to do of each level, as a daemon's
// probe does once a second. What has not changed needs no word: it would change
// nothing.
func (w *world) ask() {
	retries := make([]int64, len(w.tallies))
	for _, in := range w.instances {
		if in.state == gone {
			continue
		}
		for _, k := range in.core.Status(w.time()).Consumers {
			if !k.Mixed {
				retries[k.Level] += int64(k.Backoff)
			}
		}
	}
	for n := range w.tallies {
		t := &w.tallies[n]
		over := t.done + t.dead + t.held
		work := scheduler.GroupWork{Outstanding: max(t.made-over-retries[n], 0), Done: over}
		if work == t.told {
			continue
		}
		t.told = work
		for _, in := range w.instances {
			if in.state == running {
				in.apply(in.core.Group(w.time(), in.pool, boostd.Level(n), work))
			}
		}
	}
	w.queue.push(event{at: w.now + probeEvery, kind: ask})
}

// due is a partition that will be given to its target.
type due struct {
	at     int64
	number int32
}

// assign gives all partitions away whose time has come, each Source's at once.
func (w *world) assign() error {
	var ready []int32
	for len(w.due) > 0 && w.due[0].at <= w.now {
		p := &w.partitions[w.due[0].number]
		p.pending = false
		if p.target >= 0 && w.instances[p.target].state == running {
			ready = append(ready, w.due[0].number)
		}
		w.due = w.due[1:]
	}
	slices.SortFunc(ready, func(a, b int32) int {
		p, q := &w.partitions[a], &w.partitions[b]
		return cmp.Or(cmp.Compare(p.target, q.target), cmp.Compare(p.sub, q.sub), cmp.Compare(a, b))
	})
	for len(ready) > 0 {
		first := &w.partitions[ready[0]]
		n := 1
		for n < len(ready) && w.partitions[ready[n]].target == first.target && w.partitions[ready[n]].sub == first.sub {
			n++
		}
		s, err := w.instances[first.target].source(first.sub)
		if err != nil {
			return err
		}
		s.assign(ready[:n])
		ready = ready[n:]
	}
	return nil
}
