package demo

import (
	"fmt"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/plugins"
)

// The levels of the demo: those below boostMin share the base topic, the others
// have topics of their own. The backlog is of the levels up to lowMax, the
// stream of those above. A boosted level has no backlog here: on a busy machine
// its last messages may still be on their way from the broker when its queue is
// empty; slots don't idle then, which the ledger would call a blind inversion.
const (
	maxLevel boostd.Level = 10
	boostMin boostd.Level = 5
	lowMax   boostd.Level = boostMin - 1
)

// plan is the load of a run.
type plan struct {
	// backlog is how many messages each low level gets, produced highest level
	// first: the base topic is one queue, in which nobody could tell what lies
	// far behind.
	backlog [lowMax + 1]int
	// producing is how long that may take; on a slow machine it ends earlier,
	// with fewer messages.
	producing time.Duration
	// rate is how many messages a second the stream has over all high levels,
	// and stream how long it lasts at most: it ends early, before the backlog does.
	rate   float64
	stream time.Duration
	// end is how much of the run's time is kept for stopping and judging.
	end time.Duration
}

// What a run's speed is taken for. Measured on two cores: 64 slots of 1 ms do
// 45,000 a second, and a sleeper wakes up to 0.3 ms late. Programs and services
// are of unknown speed: the demo then errs on the short side.
const (
	fastest     = 45_000.0
	lateness    = 300 * time.Microsecond
	unknownMean = 15 * time.Millisecond
	streamRate  = 75.0
	// fewest is below what no level would have anything to show.
	fewest = 100
)

// planLoad sizes the load for a run of at most total.
func planLoad(total time.Duration, h plugins.Config) (plan, error) {
	capacity := min(fastest, float64(h.Slots)/(meanTime(h)+lateness).Seconds())
	p := plan{
		producing: total / 10, stream: total * 4 / 10, end: total / 4,
		rate: min(streamRate, capacity/4),
	}
	messages := int(capacity * (total * 3 / 10).Seconds())
	if messages < fewest {
		return p, fmt.Errorf("%d slots can handle only about %d messages in the time: want more slots, more seconds or a faster handler", h.Slots, messages)
	}
	rest := messages
	for level := lowMax; level > 0; level-- {
		p.backlog[level] = messages / 6
		rest -= p.backlog[level]
	}
	p.backlog[0] = rest
	return p, nil
}

// meanTime is how long the handler is expected to take.
func meanTime(h plugins.Config) time.Duration {
	switch {
	case h.Sleep != nil:
		return (h.Sleep.Min.Std() + h.Sleep.Max.Std()) / 2
	case h.Noop != nil:
		return 0
	}
	return unknownMean
}

func (p plan) total() (n int) {
	for _, count := range p.backlog {
		n += count
	}
	return n
}
