package conf

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/scheduler"
)

// Policy is a section `policy:`, the file's or a handler's. It stands for itself:
// after SetDefaults, Validate and Check find everything that is wrong, and
// Scheduling is what it says.
type Policy struct {
	// Mode is strict (default): nothing lower starts while something higher is
	// ready, but for what the other keys say. With exclusive a level starts nothing
	// while a higher one has any message, in the brokers or here; not with max_wait
	// or min_share.
	Mode string `yaml:"mode" schema:"strict|exclusive"`
	// MaxWait lets a message that was fetched so long ago go before all that were
	// not, whatever its level. Default 0s: none does.
	MaxWait boostd.Duration `yaml:"max_wait"`
	// MinShare are levels that get at least so many percent of the handler's
	// messages while they have some ready, by level or range of levels, each of which
	// gets it: {0: 5, 3-5: 10}. At most 90 in all.
	MinShare map[string]int `yaml:"min_share"`
	// Reserve are slots that lower levels leave free, by level: {8: 4} keeps four
	// for level 8 and above. Less than the handler has.
	Reserve map[string]int `yaml:"reserve"`
}

// Modes of a policy.
const (
	Strict    = "strict"
	Exclusive = "exclusive"
)

// SetDefaults fills what is absent.
func (p *Policy) SetDefaults() {
	if p.Mode == "" {
		p.Mode = Strict
	}
}

// Validate finds what is wrong wherever the policy holds: words and forms.
func (p Policy) Validate() (errs []error) {
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch p.Mode {
	case Strict, Exclusive:
	case "max_wait", "min_share", "reserve":
		wrong("mode: want strict or exclusive; %s is a key of its own beside mode", p.Mode)
	default:
		wrong("mode: %q: want strict or exclusive", p.Mode)
	}
	for _, key := range slices.Sorted(maps.Keys(p.MinShare)) {
		if _, err := boostd.ParseLevelRange(key); err != nil {
			wrong("min_share.%s: %w", key, err)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.Reserve)) {
		if strings.Contains(key, "-") {
			wrong("reserve.%s: want one level: its slots are for that level and all above it", key)
		} else if _, err := boostd.ParseLevelRange(key); err != nil {
			wrong("reserve.%s: %.40q: want a level, such as 8", key, key)
		}
	}
	return errs
}

// Check finds what is wrong with the policy in a pool of so many slots and
// levels, max_priority + 1; each error begins with its key. What Validate finds
// is left out.
func (p Policy) Check(slots, levels int) (errs []error) {
	told := map[string]bool{}
	alone := func(key string, parts []scheduler.Policy) {
		first := true // one problem a key is enough
		for _, part := range parts {
			for _, err := range part.Validate(slots, levels) {
				if _, text, _ := strings.Cut(err.Error(), ": "); first {
					errs = append(errs, fmt.Errorf("%s: %s", key, text))
					first = false
				}
				told[err.Error()] = true
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.MinShare)) {
		var parts []scheduler.Policy
		for _, s := range sharesOf(key, p.MinShare[key]) {
			parts = append(parts, scheduler.Policy{MinShare: []scheduler.Share{s}})
		}
		alone("min_share."+key, parts)
	}
	for _, key := range slices.Sorted(maps.Keys(p.Reserve)) {
		if r, ok := reserveOf(key, p.Reserve[key]); ok {
			alone("reserve."+key, []scheduler.Policy{{Reserve: []scheduler.Reserve{r}}})
		}
	}
	for _, err := range p.Scheduling().Validate(slots, levels) {
		if !told[err.Error()] {
			errs = append(errs, err)
		}
	}
	return errs
}

// Scheduling is the policy as the scheduler takes it, levels ascending. Keys that
// Validate refuses are left out.
func (p Policy) Scheduling() scheduler.Policy {
	s := scheduler.Policy{Exclusive: p.Mode == Exclusive, MaxWait: p.MaxWait.Std()}
	for key, percent := range p.MinShare {
		s.MinShare = append(s.MinShare, sharesOf(key, percent)...)
	}
	for key, slots := range p.Reserve {
		if r, ok := reserveOf(key, slots); ok {
			s.Reserve = append(s.Reserve, r)
		}
	}
	slices.SortFunc(s.MinShare, func(a, b scheduler.Share) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Percent, b.Percent))
	})
	slices.SortFunc(s.Reserve, func(a, b scheduler.Reserve) int { return cmp.Compare(a.From, b.From) })
	return s
}

// sharesOf are the shares of a key's levels. Of a range that goes beyond all
// levels there are those up to the first that can't be, which is refused.
func sharesOf(key string, percent int) (shares []scheduler.Share) {
	r, err := boostd.ParseLevelRange(key)
	if err != nil {
		return nil
	}
	const beyond = priority.MaxLevel + 1
	for n := min(r.From, beyond); n <= min(r.To, beyond); n++ {
		shares = append(shares, scheduler.Share{Level: n, Percent: percent})
	}
	return shares
}

func reserveOf(key string, slots int) (scheduler.Reserve, bool) {
	r, err := boostd.ParseLevelRange(key)
	return scheduler.Reserve{From: r.From, Slots: slots}, err == nil && !strings.Contains(key, "-")
}
