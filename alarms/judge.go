package alarms

import (
	"fmt"
	"slices"
	"time"

	"github.com/kafkaboost/boostd/scheduler"
)

// Patience is how long a consumer may have something to do without any of it
// being done, or be without an assignment, before that is an alarm.
const Patience = 30 * time.Second

// Judge finds what is wrong in successive pictures of the scheduler. Not safe
// for concurrent use; the zero value is ready.
type Judge struct {
	consumers map[string]memory
}

// memory is what earlier pictures said of a consumer.
type memory struct {
	ended  uint64
	moved  time.Time // when something of it last ended, or nothing was to be expected
	joined time.Time // when it last had an assignment
}

// Conditions are what is wrong in the picture, in its order. Call it about once
// a second; pictures' times must not jump.
func (j *Judge) Conditions(s scheduler.Status) []Condition {
	if j.consumers == nil {
		j.consumers = map[string]memory{}
	}
	var found []Condition
	for _, p := range s.Pools {
		if p.Stuck > 0 {
			found = append(found, Condition{StuckHandler, p.Name, fmt.Sprintf(
				"%d of %d slots of handler %s are stuck: it has overrun its timeout and ignores its cancellation", p.Stuck, p.Slots, p.Name)})
		}
	}
	for _, k := range s.Consumers {
		found = append(found, j.consumer(s, k)...)
	}
	for _, p := range s.Pools {
		found = append(found, stalled(s, p)...)
	}
	return found
}

// stalled are a pool's levels that no instance gets on with. What nobody has told of
// lately is another trouble, and a person's pause explains it.
func stalled(s scheduler.Status, p scheduler.PoolStatus) (found []Condition) {
	for _, g := range p.Group {
		byHand := slices.ContainsFunc(s.Paused, func(p scheduler.Pause) bool { return p.Level == g.Level })
		if !g.Stalled || !g.Known(s.At) || byHand {
			continue
		}
		subject := fmt.Sprintf("level %d", g.Level)
		if len(s.Pools) > 1 {
			subject += " of " + p.Name
		}
		found = append(found, Condition{GroupStalled, subject, fmt.Sprintf(
			"the group has %d messages of %s to do and has finished none for %v: lower levels no longer wait for it",
			g.Outstanding, subject, s.At.Sub(g.Since).Round(time.Second))})
	}
	return found
}

func (j *Judge) consumer(s scheduler.Status, k scheduler.ConsumerStatus) []Condition {
	m, known := j.consumers[k.Name]
	if !known || k.Joined || s.Draining {
		m.joined = s.At
	}
	if !known || k.Ended != m.ended || !expected(s, k) {
		m.ended, m.moved = k.Ended, s.At
	}
	j.consumers[k.Name] = m
	var found []Condition
	if d := s.At.Sub(m.joined); d >= Patience {
		found = append(found, Condition{Unserved, k.Name, fmt.Sprintf(
			"consumer %s has had no place in its group for %v: nobody here reads its topics", k.Name, d.Round(time.Second))})
	}
	if d := s.At.Sub(m.moved); d >= Patience {
		found = append(found, Condition{NoProgress, k.Name, noProgress(k, d)})
	}
	if k.Held > 0 {
		found = append(found, Condition{Held, k.Name, fmt.Sprintf(
			"%d messages of consumer %s were given up and wait for a person", k.Held, k.Name)})
	}
	return found
}

func noProgress(k scheduler.ConsumerStatus, d time.Duration) string {
	waits := fmt.Sprintf("%d here", k.Unsettled)
	if k.Broker > 0 {
		waits += fmt.Sprintf(" and %d in the brokers", k.Broker)
	}
	return fmt.Sprintf("consumer %s has messages waiting, %s, and none was done for %v", k.Name, waits, d.Round(time.Second))
}

// expected reports whether something of the consumer ought to end: it has
// something to do, and neither a person, a higher level, here or of the whole group,
// nor a handler within its timeout or a retry's backoff explains why it isn't done.
func expected(s scheduler.Status, k scheduler.ConsumerStatus) bool {
	p := s.Pools[k.Pool]
	switch {
	case k.Unsettled == 0 && k.Broker <= 0, s.Draining, !s.Started:
		return false
	case k.Reason.Kind == scheduler.ByHand, k.State == scheduler.Paused && k.Reason.Kind == scheduler.HigherWork:
		return false
	case slices.ContainsFunc(p.Group, func(g scheduler.GroupStatus) bool { return g.Holds && (k.Mixed || k.Level < g.Level) }):
		return false
	case k.Backoff > 0, k.InFlight > 0 && p.Stuck < p.Busy:
		return false
	case p.Busy >= p.Slots && p.Stuck < p.Busy:
		return false
	}
	return true
}
