package simulation

import (
	"fmt"
	"maps"
	"slices"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// policy is the section `policy:` of boostd.yaml.
type policy struct {
	Mode     string          `yaml:"mode"`
	MaxWait  boostd.Duration `yaml:"max_wait"`
	MinShare map[string]int  `yaml:"min_share"`
	Reserve  map[string]int  `yaml:"reserve"`
}

// SetDefaults fills what is absent.
func (p *policy) SetDefaults() {
	if p.Mode == "" {
		p.Mode = "strict"
	}
}

// config is the policy as the core has it. What doesn't fit to slots and levels
// is the core's to say.
func (p *policy) config() (scheduler.Policy, error) {
	c := scheduler.Policy{Exclusive: p.Mode == "exclusive", MaxWait: p.MaxWait.Std()}
	if p.Mode != "exclusive" && p.Mode != "strict" {
		return c, fmt.Errorf("policy.mode: %q: want strict or exclusive", p.Mode)
	}
	for _, key := range slices.Sorted(maps.Keys(p.MinShare)) {
		var s span
		if err := s.UnmarshalText([]byte(key)); err != nil {
			return c, fmt.Errorf("policy.min_share.%s: %w", key, err)
		}
		for level := s.First; level <= s.Last; level++ {
			c.MinShare = append(c.MinShare, scheduler.Share{Level: level, Percent: p.MinShare[key]})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.Reserve)) {
		var s span
		if err := s.UnmarshalText([]byte(key)); err != nil || s.First != s.Last {
			return c, fmt.Errorf("policy.reserve.%s: want a level and how many slots are for it and those above, such as {8: 4}", key)
		}
		c.Reserve = append(c.Reserve, scheduler.Reserve{From: s.First, Slots: p.Reserve[key]})
	}
	return c, nil
}

// levels is how many there must be at least.
func (p *policy) levels() int {
	most := 0
	for _, of := range []map[string]int{p.MinShare, p.Reserve} {
		for key := range of {
			var s span
			if s.UnmarshalText([]byte(key)) == nil {
				most = max(most, int(s.Last)+1)
			}
		}
	}
	return most
}
