package scheduler

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// Policy is what priority means in a pool. The zero value is strict: nothing
// lower starts while something higher is ready. Everything else is a stated
// exception, and they are looked at in this order: Reserve says which levels may
// have a slot at all; among those goes what is overdue (MaxWait), then what is
// owed to a level (MinShare), then the highest level.
//
// It shares its slices with nobody who writes to them.
type Policy struct {
	// Exclusive: a level starts nothing while a higher one of the pool has any
	// message, in the brokers or here, but for what waits for a retry, is held, or
	// is paused by hand. Not with MaxWait or MinShare, which say the opposite.
	Exclusive bool
	// MaxWait: a message that was fetched so long ago goes before all that are
	// not, the one that was fetched first before the others. Zero: none does.
	MaxWait time.Duration
	// MinShare are the levels that get a part of the pool's messages whenever they
	// have some ready, whatever waits above. Each level once; at most 90 percent
	// in all.
	MinShare []Share
	// Reserve are slots that lower levels leave free. Each level once; those of
	// one level are among those of the next lower one.
	Reserve []Reserve
}

// Share is a level's part of a pool's messages, 1 to 90 percent.
type Share struct {
	Level   boostd.Level
	Percent int
}

// Reserve: levels below From use at most the pool's slots but Slots, 1 to all but
// one.
type Reserve struct {
	From  boostd.Level
	Slots int
}

// maxShares bounds what the shares take from the levels above.
const maxShares = 90

// Validate finds everything that is wrong with the policy in a pool of so many
// slots and levels; each error begins with the part's name in boostd.yaml.
func (p Policy) Validate(slots, levels int) (errs []error) {
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if p.MaxWait < 0 {
		wrong("max_wait: %v is below zero", p.MaxWait)
	}
	if p.Exclusive && p.MaxWait != 0 {
		wrong("max_wait: exclusive lets nothing go before a higher level; leave one of the two out")
	}
	if p.Exclusive && len(p.MinShare) > 0 {
		wrong("min_share: exclusive lets nothing go before a higher level; leave one of the two out")
	}
	sum, seen := 0, map[boostd.Level]bool{}
	for _, s := range p.MinShare {
		switch {
		case s.Level < 0 || int(s.Level) >= levels:
			wrong("min_share: level %d is outside 0 to %d", s.Level, levels-1)
		case s.Percent < 1 || s.Percent > maxShares:
			wrong("min_share: level %d has %d percent, want 1 to %d", s.Level, s.Percent, maxShares)
		case seen[s.Level]:
			wrong("min_share: level %d is there twice", s.Level)
		}
		seen[s.Level] = true
		sum += s.Percent
	}
	if sum > maxShares {
		wrong("min_share: %d percent in all, at most %d: the levels above need the rest", sum, maxShares)
	}
	return append(errs, p.validateReserve(slots, levels)...)
}

func (p Policy) validateReserve(slots, levels int) (errs []error) {
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	seen := map[boostd.Level]bool{}
	for _, r := range p.Reserve {
		switch {
		case r.From < 1 || int(r.From) >= levels:
			wrong("reserve: level %d is outside 1 to %d", r.From, levels-1)
		case r.Slots < 1 || r.Slots >= slots:
			wrong("reserve: %d slots for level %d and above, want 1 to %d: the handler has %d", r.Slots, r.From, slots-1, slots)
		case seen[r.From]:
			wrong("reserve: level %d is there twice", r.From)
		}
		seen[r.From] = true
	}
	byLevel := slices.SortedFunc(slices.Values(p.Reserve), func(a, b Reserve) int { return int(a.From - b.From) })
	for n := 1; n < len(byLevel); n++ {
		if byLevel[n].Slots > byLevel[n-1].Slots {
			wrong("reserve: %d slots for level %d and above, but only %d for level %d and above, which include them",
				byLevel[n].Slots, byLevel[n].From, byLevel[n-1].Slots, byLevel[n-1].From)
		}
	}
	return errs
}

// equal reports whether two policies say the same, in the same order.
func (p Policy) equal(o Policy) bool {
	return p.Exclusive == o.Exclusive && p.MaxWait == o.MaxWait && slices.Equal(p.MinShare, o.MinShare) && slices.Equal(p.Reserve, o.Reserve)
}

// Strict reports whether the policy makes no exception.
func (p Policy) Strict() bool {
	return !p.Exclusive && p.MaxWait == 0 && len(p.MinShare) == 0 && len(p.Reserve) == 0
}

// validate finds what is wrong with a pool.
func (c *Core) validate(config PoolConfig) error {
	if config.Slots < 1 || config.Levels < 1 || config.Levels > MaxLevels || config.Retry.Attempts < 1 {
		return fmt.Errorf("want at least 1 slot and 1 attempt, and 1 to %d levels; got %d, %d and %d",
			MaxLevels, config.Slots, config.Retry.Attempts, config.Levels)
	}
	errs := config.Policy.Validate(config.Slots, config.Levels)
	if c.config.Group {
		errs = append(errs, config.Policy.ValidateGroup()...)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	return config.Batch.validate()
}
