package sim

import (
	"fmt"
	"math"
	"time"

	"github.com/kafkaboost/boostd/scheduler"
)

// Validate finds everything that is wrong; each error begins with the name that
// its part has in the file of `boostd simulate`.
func (c *Config) Validate() (errs []error) {
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	between := func(name string, n, least, most int) {
		if n < least || n > most {
			wrong("%s: %d: want %d to %d", name, n, least, most)
		}
	}
	if c.For <= 0 || c.For > MaxFor {
		wrong("for: %v: want more than 0s, at most %v", c.For, MaxFor)
	}
	between("instances", c.Instances, 1, MaxInstances)
	between("slots", c.Pool.Slots, 1, MaxSlots)
	between("levels", c.Pool.Levels, 1, scheduler.MaxLevels)
	between("retry.attempts", c.Pool.Retry.Attempts, 1, 1000)
	between("window", c.Window.Messages, 1, 1_000_000)
	if err := c.Handler.Validate(); err != nil {
		wrong("handler: %w", err)
	}
	if !(c.Failing >= 0 && c.Failing <= 1) {
		wrong("failing: %v: want a share, 0 to 1", c.Failing)
	}
	if c.Starving <= 0 {
		wrong("starving: %v: want more than 0s", c.Starving)
	}
	if c.Pool.Batch.Max > 1 {
		wrong("batch.max: %d: want 1: slots are simulated that take one message after the other", c.Pool.Batch.Max)
	}
	if len(errs) == 0 {
		errs = append(errs, c.Pool.Policy.Validate(c.Pool.Slots, c.Pool.Levels)...)
	}
	if p := c.Pool.Policy; c.Core.Group && (p.MaxWait > 0 || len(p.MinShare) > 0) {
		wrong("scope: group lets nothing go before a higher level, but max_wait and min_share do: leave one of them out")
	}
	errs = append(errs, c.Latency.validate()...)
	if c.PreemptAfter > MaxLatency {
		wrong("preempt: %v: want at most %v", c.PreemptAfter, MaxLatency)
	}
	for n := range c.Loads {
		for _, err := range c.Loads[n].validate(c) {
			wrong("load[%d]%w", n, err)
		}
	}
	if len(c.Loads) == 0 {
		wrong("load: is missing: say what is produced")
	}
	errs = append(errs, c.validateChanges()...)
	if len(errs) == 0 {
		errs = c.validateSize()
	}
	return errs
}

// validate returns errors that begin with ".key: " or ": ".
func (l *Load) validate(c *Config) (errs []error) {
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if l.First < 0 || l.Last < l.First || int(l.Last) >= c.Pool.Levels {
		wrong(".levels: %d-%d: want some of 0 to %d, the lower one first", l.First, l.Last, c.Pool.Levels-1)
	}
	if l.Partitions < 1 || l.Partitions > 10_000 {
		wrong(".partitions: %d: want 1 to 10000", l.Partitions)
	}
	if l.Keys < 0 || l.Keys > maxKeys {
		wrong(".keys: %d: want 0 to %d", l.Keys, maxKeys)
	}
	if l.Backlog < 0 || l.Burst < 0 || l.Every < 0 || l.From < 0 || l.Until < 0 {
		wrong(": a number is below zero")
	}
	if l.Until != 0 && l.Until <= l.From {
		wrong(".until: %v: want a time after from, %v", l.Until, l.From)
	}
	if !possible(l.Poisson) {
		wrong(".poisson: %v: want messages a second, 0 or %v to %.0e", l.Poisson, minRate, maxRate)
	}
	if !possible(l.Steady) {
		wrong(".steady: %v: want messages a second, 0 or %v to %.0e", l.Steady, minRate, maxRate)
	}
	if l.Every > MaxFor || l.Burst > 0 && l.Every > 0 && l.Every < time.Microsecond {
		wrong(".burst.every: %v: want 1µs to %v, or nothing for a single one", l.Every, MaxFor)
	}
	if l.Handler != nil {
		if err := l.Handler.Validate(); err != nil {
			wrong(".handler: %w", err)
		}
	}
	return append(errs, l.validateRecorded()...)
}

func possible(rate float64) bool { return rate == 0 || rate >= minRate && rate <= maxRate }

func (l *Load) validateRecorded() []error {
	last := time.Duration(0)
	for n, r := range l.Recorded {
		switch {
		case r.Level < l.First || r.Level > l.Last || !l.Mixed && l.First != l.Last:
			return []error{fmt.Errorf(".audit: message %d has level %d, outside %d to %d", n, r.Level, l.First, l.Last)}
		case r.Partition < 0 || int(r.Partition) >= l.Partitions || r.Key < 0 || r.Key > maxKeys || r.Takes < 0:
			return []error{fmt.Errorf(".audit: message %d has an impossible partition, key or time", n)}
		case r.At < last:
			return []error{fmt.Errorf(".audit: message %d is older than the one before", n)}
		}
		last = r.At
	}
	if l.Recorded != nil && (l.Backlog > 0 || l.Poisson > 0 || l.Steady > 0 || l.Burst > 0 || l.Keys > 0) {
		return []error{fmt.Errorf(".audit: goes with no other arrivals: give them a line of their own")}
	}
	return nil
}

func (l Latency) validate() (errs []error) {
	for _, one := range []struct {
		key   string
		takes time.Duration
	}{
		{"resume", l.Resume}, {"pause", l.Pause}, {"dispatch", l.Dispatch}, {"dead_letter", l.Bury},
		{"rebalance", l.Rebalance}, {"session", l.Session}, {"drain", l.Drain},
	} {
		if one.takes < 0 || one.takes > MaxLatency {
			errs = append(errs, fmt.Errorf("latency.%s: %v: want 0s to %v", one.key, one.takes, MaxLatency))
		}
	}
	if err := l.Fetch.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("latency.fetch: %w", err))
	}
	return errs
}

func (c *Config) validateChanges() (errs []error) {
	there := map[int]bool{}
	for n := 1; n <= min(c.Instances, MaxInstances); n++ {
		there[n] = true
	}
	joined := c.Instances
	for n, e := range c.Changes {
		wrong := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("events[%d]%w", n, fmt.Errorf(format, args...)))
		}
		switch {
		case e.At < 0 || e.At > c.For:
			wrong(".at: %v: want 0s to %v", e.At, c.For)
		case n > 0 && e.At < c.Changes[n-1].At:
			wrong(".at: %v: comes before the event above it: order them by time", e.At)
		case e.Instance < 1 || e.Instance > MaxInstances:
			wrong(".instance: %d: want 1 to %d", e.Instance, MaxInstances)
		case e.Event == Join && there[e.Instance]:
			wrong(".join: instance %d is there already", e.Instance)
		case e.Event != Join && !there[e.Instance]:
			wrong(".instance: %d isn't there at that time", e.Instance)
		case e.Event == Join:
			joined++
			there[e.Instance] = true
		default:
			there[e.Instance] = false
		}
	}
	if joined > MaxInstances && c.Instances <= MaxInstances {
		errs = append(errs, fmt.Errorf("events: %d instances in all, counting each that joins: at most %d", joined, MaxInstances))
	}
	return errs
}

// validateSize looks at what the memory depends on.
func (c *Config) validateSize() (errs []error) {
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	all := c.Instances + len(c.Changes)
	if all*c.Pool.Levels > maxSize {
		wrong("instances: %d with %d levels each are too much: their product may be %d", all, c.Pool.Levels, maxSize)
	}
	if all*c.Pool.Slots > maxSize {
		wrong("instances: %d with %d slots each are too much: their product may be %d", all, c.Pool.Slots, maxSize)
	}
	messages, parts, feeds := 0.0, 0, 0
	for n := range c.Loads {
		l := &c.Loads[n]
		levels := int(l.Last-l.First) + 1
		topics := levels
		if l.Mixed {
			topics = 1
		}
		parts += topics * l.Partitions
		feeds += levels
		messages += float64(levels)*l.expected(c.For) + float64(len(l.Recorded))
	}
	if messages > MaxMessages {
		wrong("load: makes about %.0f messages: at most %d; a shorter time, or less of everything, tells the same", messages, MaxMessages)
	}
	if parts > maxParts {
		wrong("load: has %d partitions: at most %d", parts, maxParts)
	}
	if feeds > maxFeeds {
		wrong("load: its lines have %d levels together: at most %d", feeds, maxFeeds)
	}
	return errs
}

// expected is how many messages come at each of the load's levels.
func (l *Load) expected(total time.Duration) float64 {
	until := total
	if l.Until > 0 {
		until = min(until, l.Until)
	}
	span := max(until-l.From, 0).Seconds()
	n := float64(l.Backlog) + (l.Poisson+l.Steady)*span
	switch {
	case l.Burst > 0 && l.Every > 0:
		n += float64(l.Burst) * math.Ceil(span/l.Every.Seconds())
	case l.Burst > 0 && span > 0:
		n += float64(l.Burst)
	}
	return n
}
