package chaos

import (
	"cmp"
	"slices"
	"time"
)

// What design.md allows to be repeated: what was in flight, or finished since the
// last successful commit, at a crash, a lost assignment, or a drain that hit its
// deadline. From outside that is approximated so.
const (
	// uncommitted is how long before a fault a message may have finished and not
	// be committed yet: one interval of commits (1 s), a commit's own time, and
	// the handler's answer.
	uncommitted = 2 * time.Second
	// drained is how long a revoked partition waits for what is in flight (3 s),
	// less what the daemon may have noticed later.
	drained = 2500 * time.Millisecond
	// stale is how long a stopped daemon may go on with what it holds, before it
	// learns that its partitions are another's.
	stale = 2 * time.Second
)

// aftermath is how long after a fault of a kind its effects may last: commits go
// on failing, sessions end.
func aftermath(k Kind) time.Duration {
	switch k {
	case BrokerStop, CommitsLost, AnswersLost:
		return 12 * time.Second // a request to what hangs ends after socket.timeout.ms
	case BrokerKill, BrokerTerm, NetCut:
		return 6 * time.Second
	}
	return stale
}

// tears reports whether what a daemon has finished may stay uncommitted by a
// fault of a kind.
func tears(k Kind) bool {
	switch k {
	case DaemonKill, DaemonStop, BrokerKill, BrokerStop, BrokerTerm, NetDelay, NetCut, CommitsLost, AnswersLost:
		return true
	}
	return false
}

// moves reports whether a fault of a kind may take partitions from a daemon that
// it doesn't hit.
func moves(k Kind) bool {
	switch k {
	case DaemonKill, DaemonTerm, DaemonStop, DaemonJoin, Partitions, Recreated:
		return true
	}
	return tears(k)
}

// judgeRepeats: an attempt is a repeat when it starts after the start of the one
// that finished the message first, or finishes it once more. Of the two the one
// that starts first is by daemon D. The repeat is explained by a fault that
//
//   - hits D, or all, and can tear what is uncommitted away: the first was
//     running or had finished within `uncommitted` before the fault's start, or at
//     the latest in its aftermath, and the repeat starts after the fault's start;
//   - moves partitions, where the first took longer than a drain's
//     deadline and was running in the fault or its aftermath;
//   - stopped the daemon that repeats, which then goes on with what it held.
//
// Besides, and whatever the faults: what has been seen as committed never starts
// again, but in a daemon that was stopped.
func (e *evidence) judgeRepeats(v *Verdict) {
	committed := e.commitTimes()
	for _, f := range e.h.Faults {
		for n := range e.h.Attempts {
			if f.tore(&e.h.Attempts[n]) {
				v.Exposed[f.Kind]++
			}
		}
	}
	for _, m := range e.sorted() {
		first := m.first()
		if first == nil || m.ack.Apart {
			continue
		}
		repeated := false
		for n := range m.attempts {
			b := &m.attempts[n]
			if b == first || b.Start <= first.Start && b.Result != first.Result {
				continue
			}
			repeated = true
			a := first
			if b.Start < a.Start {
				a, b = b, a
			}
			why := e.explain(a, b)
			if why == "" {
				v.blame(Repeated, "message %d, %s: handled by %s from %v to %v, again by %s at %v (attempt %d, %s)",
					m.id, m.where(), a.Daemon, a.Start, a.End, b.Daemon, b.Start, b.Number, b.Result)
				why = "nothing"
			}
			v.Repeats[why]++
			if at, ok := committed[m]; ok && at < b.Start && !e.stoppedAround(b) {
				v.blame(Again, "message %d, %s: seen as committed at %v, again by %s at %v", m.id, m.where(), at, b.Daemon, b.Start)
			}
		}
		if repeated {
			v.RepeatedMessages++
		}
	}
}

// first is the attempt that finished the message first, or refused it for good.
func (m *message) first() (first *Attempt) {
	for n := range m.attempts {
		if a := &m.attempts[n]; (a.Result == Done || a.Result == Dead) && (first == nil || a.End < first.End) {
			first = a
		}
	}
	return first
}

// explain names the kind of fault that explains that b repeats a: the most
// particular one, which hits a's daemon alone, goes first.
func (e *evidence) explain(a, b *Attempt) string {
	var general string
	for _, f := range e.h.Faults {
		switch {
		case f.tore(a) && b.Start >= f.Start:
			if f.Daemon != "" {
				return string(f.Kind)
			}
			general = string(f.Kind)
		case moves(f.Kind) && a.End-a.Start >= drained && a.Start <= f.End+aftermath(f.Kind) && a.End >= f.Start:
			general = cmp.Or(general, string(f.Kind)+", longer than the drain")
		}
	}
	if general == "" && e.stoppedAround(b) {
		return string(DaemonStop) + ", by the stopped one"
	}
	return general
}

// tore reports whether a fault may have torn away what an attempt has finished.
func (f *Fault) tore(a *Attempt) bool {
	return tears(f.Kind) && (f.Daemon == a.Daemon || f.Daemon == "") &&
		a.End >= f.Start-uncommitted && a.Start <= f.End+aftermath(f.Kind)
}

// stoppedAround reports whether an attempt's daemon was stopped and may not yet
// know what has happened meanwhile.
func (e *evidence) stoppedAround(b *Attempt) bool {
	return slices.ContainsFunc(e.h.Faults, func(f Fault) bool {
		return f.Kind == DaemonStop && f.Daemon == b.Daemon && b.Start >= f.Start && b.Start <= f.End+stale
	})
}

// commitTimes are when each message was first seen as committed.
func (e *evidence) commitTimes() map[*message]time.Duration {
	times := map[*message]time.Duration{}
	next := map[place]int{} // the first message that isn't seen as committed yet
	for _, s := range e.h.Samples {
		at := place{s.Topic, s.Partition}
		list := e.partitions[at]
		for next[at] < len(list) && list[next[at]].offset < s.Offset {
			times[list[next[at]]] = s.At
			next[at]++
		}
	}
	return times
}
