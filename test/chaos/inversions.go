package chaos

import (
	"cmp"
	"slices"
	"time"
)

const (
	// patience is how long a message may be acknowledged before it counts as one
	// that a lower message must not go before.
	patience = 50 * time.Millisecond
	// blur is how much of the time before and after a fault isn't judged: a fetch
	// that began before, and what takes the daemons until partitions are theirs,
	// fetched from their new leaders, and queued as before.
	blur = 500 * time.Millisecond
	// jitter is how much later than a call that was sent after it a call may reach
	// the handler: slots that come free together send over connections of their
	// own. The daemon's own order is looked at in its audit, by other tests.
	jitter = 5 * time.Millisecond
)

// judgeInversions: outside faults and their aftermath no daemon starts a message
// (its first attempt) while a higher one that was acknowledged more than
// patience ago, and that this same process starts later by more than jitter, waits.
//
// Left out, and counted, are higher messages
//   - whose wait touches a fault or its aftermath, a stall of the test itself, or
//     a time in which the machine was busy;
//   - whose key had an earlier message that was not over when they were
//     acknowledged: that one goes first whatever the level of others;
//   - whose partition was not known to be the process's: the attempt before, of any
//     message there, was another's.
func (e *evidence) judgeInversions(v *Verdict) {
	type wait struct {
		from, to time.Duration
		level    int
		m        *message
	}
	starts, waits := map[string][]*message{}, map[string][]wait{}
	for _, m := range e.sorted() {
		if !m.acked || m.ack.Apart || len(m.attempts) == 0 {
			continue
		}
		v.Pairs++
		first := &m.attempts[0]
		starts[first.Daemon] = append(starts[first.Daemon], m)
		if from := m.ack.At + patience; from < first.Start {
			waits[first.Daemon] = append(waits[first.Daemon], wait{from, first.Start, first.Level, m})
		}
	}
	behind, calls := e.behindKeys(), e.calls()
	for daemon, list := range starts {
		slices.SortFunc(list, func(a, b *message) int { return cmp.Compare(a.attempts[0].Start, b.attempts[0].Start) })
		for _, high := range waits[daemon] {
			n, _ := slices.BinarySearchFunc(list, high.from, func(m *message, t time.Duration) int { return cmp.Compare(m.attempts[0].Start, t) })
			for ; n < len(list) && list[n].attempts[0].Start+jitter < high.to; n++ {
				low := list[n]
				if low.attempts[0].Level >= high.level {
					continue
				}
				if behind[high.m] > high.m.ack.At || e.disturbed(high.m.ack.At, high.to) ||
					owner(calls[high.m.at], low.attempts[0].Start) != daemon {
					v.LeftOut++
				} else {
					v.blame(Inverted, "message %d of level %d, acknowledged at %v, starts at %v; %s has started message %d of level %d at %v",
						high.m.id, high.level, high.m.ack.At, high.to, daemon, low.id, low.attempts[0].Level, low.attempts[0].Start)
				}
				break // one each
			}
		}
	}
}

// disturbed reports whether a fault, its aftermath or a stall touches a time.
func (e *evidence) disturbed(from, to time.Duration) bool {
	return slices.ContainsFunc(e.h.Faults, func(f Fault) bool {
		return from < f.End+aftermath(f.Kind)+blur && to > f.Start-blur
	}) || e.stalled(from, to)
}

// stalled reports whether a stall touches a time; stalls are in order and apart.
func (e *evidence) stalled(from, to time.Duration) bool {
	n, _ := slices.BinarySearchFunc(e.h.Stalls, from, func(s Stall, t time.Duration) int { return cmp.Compare(s.To, t) })
	return n < len(e.h.Stalls) && e.h.Stalls[n].From < to
}

// calls are the attempts of each partition, by start.
func (e *evidence) calls() map[place][]Attempt {
	all := map[place][]Attempt{}
	for _, a := range e.h.Attempts {
		at := place{a.Topic, a.Partition}
		all[at] = append(all[at], a)
	}
	for _, list := range all {
		slices.SortFunc(list, func(a, b Attempt) int { return cmp.Compare(a.Start, b.Start) })
	}
	return all
}

// owner is the daemon of the last attempt before a time; empty: nobody knows.
func owner(calls []Attempt, at time.Duration) string {
	n, _ := slices.BinarySearchFunc(calls, at, func(a Attempt, t time.Duration) int { return cmp.Compare(a.Start, t) })
	if n == 0 {
		return ""
	}
	return calls[n-1].Daemon
}

// behindKeys is, for each message, when the last earlier message of its key in
// its partition was over.
func (e *evidence) behindKeys() map[*message]time.Duration {
	over := map[*message]time.Duration{}
	for _, list := range e.partitions {
		last := map[string]time.Duration{}
		for _, m := range list {
			over[m] = last[m.ack.Key]
			for _, a := range m.attempts {
				last[m.ack.Key] = max(last[m.ack.Key], a.End)
			}
		}
	}
	return over
}
