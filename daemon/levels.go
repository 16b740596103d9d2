package daemon

import (
	"maps"
	"slices"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/scheduler"
)

// levels puts together, for each level, what all handlers' queues and consumers
// say of it.
func (v *view) levels() []console.Level {
	rows := map[boostd.Level]*console.Level{}
	row := func(level boostd.Level) *console.Level {
		if rows[level] == nil {
			rows[level] = &console.Level{Level: int(level), QueueWait: empty(), Age: empty()}
		}
		return rows[level]
	}
	for _, p := range v.scheduler.Pools {
		for _, l := range p.Levels {
			v.queued(row(l.Level), l)
		}
	}
	v.flows(row)
	for _, p := range v.scheduler.Paused {
		r, pause := row(p.Level), pauseOf(p)
		r.Paused, r.State, r.Reason = &pause, scheduler.Paused.String(), inWords(p)
	}
	for level, r := range rows {
		v.rate(level, r)
	}
	all := make([]console.Level, 0, len(rows))
	for _, level := range slices.Sorted(maps.Keys(rows)) {
		all = append(all, *rows[level])
	}
	slices.Reverse(all)
	return all
}

func empty() console.Histogram { return histogram(scheduler.Histogram{}) }

func (v *view) queued(r *console.Level, l scheduler.LevelStatus) {
	r.Backlog.Queued += l.Queued
	r.InFlight += l.InFlight
	r.Done, r.Retried, r.Dead, r.HeldN = r.Done+l.Done, r.Retried+l.Retried, r.Dead+l.Dead, r.HeldN+l.Held
	r.Overdue, r.Shared, r.Preempted = r.Overdue+l.Overdue, r.Shared+l.Shared, r.Preempted+l.Preempted
	if l.Ready {
		if ms := l.Oldest.Milliseconds(); r.OldestMS == nil || ms > *r.OldestMS {
			r.OldestMS = &ms
		}
	}
	add(&r.QueueWait, l.QueueWait)
	add(&r.Age, l.Age)
}

func add(to *console.Histogram, h scheduler.Histogram) {
	for n, c := range h.Counts {
		to.Counts[n] += c
	}
	to.Sum += h.Sum
}

// flows sets each level's backlog in the brokers, state and reason: those of its
// own consumers, the most restrained first, else those of the base topics'.
func (v *view) flows(row func(boostd.Level) *console.Level) {
	var base scheduler.ConsumerStatus
	unknown := map[boostd.Level]bool{}
	state := map[boostd.Level]scheduler.State{}
	for _, k := range v.scheduler.Consumers {
		if k.Mixed {
			if base.Name == "" || k.State > base.State {
				base = k
			}
			continue
		}
		r := row(k.Level)
		if was, seen := state[k.Level]; !seen || k.State > was {
			state[k.Level] = k.State
			r.State, r.Reason = k.State.String(), v.reason(k)
		}
		if k.Broker < 0 {
			unknown[k.Level] = true
		}
		sum := max(k.Broker, 0)
		if r.Backlog.Broker != nil {
			sum += *r.Backlog.Broker
		}
		r.Backlog.Broker = &sum
	}
	for level := range unknown {
		row(level).Backlog.Broker = nil
	}
	for _, p := range v.scheduler.Pools {
		for _, l := range p.Levels {
			if r := row(l.Level); r.State == "" {
				r.State, r.Reason = base.State.String(), base.Reason.String()
			}
		}
	}
}

// rate is what was done a second lately, and how long the backlog will last.
func (v *view) rate(level boostd.Level, r *console.Level) {
	if v.elapsed <= 0 {
		return
	}
	done := r.Done
	for _, p := range v.before.Pools {
		for _, l := range p.Levels {
			if l.Level == level {
				done -= l.Done
			}
		}
	}
	rate := float64(done) / v.elapsed
	r.Rate = &rate
	if waits := int64(r.Backlog.Queued); rate > 0 && r.Backlog.Broker != nil {
		seconds := float64(waits+*r.Backlog.Broker) / rate
		r.DrainS = &seconds
	}
}
