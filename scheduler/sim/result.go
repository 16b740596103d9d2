package sim

import (
	"time"

	"github.com/kafkaboost/boostd"
)

// Result is what a run came to. It shares nothing with the Config.
type Result struct {
	// Events are all that happened, For the virtual time.
	Events uint64
	For    time.Duration
	// Busy is the part of the slots' time that handlers took, 0 to 1.
	Busy float64
	// Preempted counts the attempts that were ended for a higher level.
	Preempted int64
	// Levels are those that had messages, ascending.
	Levels []Level
}

// Level is what became of one level's messages, in all instances.
type Level struct {
	Level boostd.Level
	// Produced = Done + Dead + Held + Broker + Queued + InFlight.
	Produced, Done, Dead, Held int64
	// Broker are in the brokers at the end, not fetched or given back; Queued with
	// instances, ready or not; InFlight with workers, or on their way to the
	// dead-letter topic.
	Broker, Queued, InFlight int64
	// Failures are attempts that failed; Repeats starts of messages that had been
	// started by an instance that was gone.
	Failures, Repeats int64
	// Waits are the times from production to the first start. What was not started
	// isn't in it: see Stall.
	Waits Waits
	// Slowest is the longest of them in each part of the time, equally many ns
	// each; nil when nothing was started.
	Slowest []time.Duration
	Stall   Stall
	Verdict Verdict
	// Grown is by how many more waited at the end than in the middle of the time.
	Grown int64
}

// Handled are the messages that are over.
func (l *Level) Handled() int64 { return l.Done + l.Dead + l.Held }

// Waiting are those that are here and not over, InFlight left out.
func (l *Level) Waiting() int64 { return l.Broker + l.Queued }

// Stall is the longest time in which nothing of a level was started although
// something of it waited for its first start.
type Stall struct {
	From, For time.Duration
	// Waiting is how many did so at its end.
	Waiting int64
}

// Verdict is what a level's numbers come to.
type Verdict uint8

// Starves: nothing was started for Config.Starving, or for a third of the time,
// though something waited. FallsBehind: more comes than is handled. Clears: its
// backlog shrinks. KeepsUp: none of these.
const (
	KeepsUp Verdict = iota
	Clears
	FallsBehind
	Starves
)

// String is the verdict as JSON has it.
func (v Verdict) String() string {
	return [...]string{"keeps up", "works off", "falls behind", "starves"}[v]
}

func (w *world) result() *Result {
	r := &Result{Events: w.events, For: w.config.For, Preempted: w.preempted}
	all := make([]Level, len(w.tallies))
	for n := range w.partitions {
		p := &w.partitions[n]
		for _, m := range p.again {
			all[m.level].Broker++
		}
		for k, e := range p.log[p.head:] {
			if k == 0 {
				e.count -= p.taken
			}
			all[e.level].Broker += int64(e.count)
		}
	}
	for _, in := range w.instances {
		if in.state != gone {
			w.countHere(in, all)
		}
	}
	for n := range w.tallies {
		if w.tallies[n].made > 0 {
			w.tallies[n].sum(&all[n], w)
			all[n].Level = boostd.Level(n)
			r.Levels = append(r.Levels, all[n])
		}
	}
	if w.offered > 0 {
		r.Busy = float64(w.busy) / float64(w.offered)
	}
	return r
}

// countHere counts what an instance has. What it only finishes for a partition
// that is no longer its own was given back before.
func (w *world) countHere(in *instance, all []Level) {
	for _, l := range in.core.Status(w.time()).Pools[in.pool].Levels {
		all[l.Level].Queued += int64(l.Queued)
	}
	count := func(m *boostd.Message) {
		if p := &w.partitions[m.Partition]; p.epoch == m.Epoch && p.holder == in {
			all[m.Level].InFlight++
		}
	}
	for n := range in.slots {
		s := &in.slots[n]
		for _, i := range s.unfinished() {
			count(i.Message)
		}
		if s.busy {
			w.busy += w.time().Sub(s.items[s.next-1].StartedAt)
		}
	}
	for _, b := range w.burials {
		if b.in == in {
			count(b.item.Message)
		}
	}
}

func (t *tally) sum(l *Level, w *world) {
	t.look(w.end)
	l.Produced, l.Done, l.Dead, l.Held = t.made, t.done, t.dead, t.held
	l.Failures, l.Repeats = t.failures, t.repeats
	l.Waits, l.Slowest, l.Stall = t.waits, t.slowest, t.stall
	l.Grown = t.waiting() - t.halfway
	least := min(w.config.Starving, w.config.For/3)
	switch {
	case t.stall.For >= least:
		l.Verdict = Starves
	case l.Grown > max(10, (t.made-t.halfMade)/20):
		l.Verdict = FallsBehind
	case l.Waiting() > max(100, t.made/20):
		l.Verdict = Clears
	}
}
