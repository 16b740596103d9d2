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
)

// judgeInversions: outside faults and their aftermath no daemon starts a message
// (its first attempt) while a higher one that was acknowledged more than
// patience ago, and that this same process starts later, waits.
//
// Left out, and counted, are higher messages whose wait touches a fault or its
// aftermath, a stall of the test itself, or an earlier message of their key:
// that one goes first whatever the level of others.
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
	behind := e.behindKeys()
	for daemon, list := range starts {
		slices.SortFunc(list, func(a, b *message) int { return cmp.Compare(a.attempts[0].Start, b.attempts[0].Start) })
		for _, high := range waits[daemon] {
			n, _ := slices.BinarySearchFunc(list, high.from, func(m *message, t time.Duration) int { return cmp.Compare(m.attempts[0].Start, t) })
			for ; n < len(list) && list[n].attempts[0].Start < high.to; n++ {
				low := list[n]
				if low.attempts[0].Level >= high.level {
					continue
				}
				if behind[high.m] > high.m.ack.At || e.disturbed(high.m.ack.At, high.to) {
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
	}) || slices.ContainsFunc(e.h.Stalls, func(s Stall) bool { return from < s.To && to > s.From })
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
