package simulation

import (
	"errors"
	"fmt"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler/sim"
)

// times are how long a handler takes, or a fetch: one of its keys is there.
type times struct {
	Constant    *boostd.Duration `yaml:"constant"`
	Uniform     *uniform         `yaml:"uniform"`
	Exponential *boostd.Duration `yaml:"exponential"`
	Lognormal   *lognormal       `yaml:"lognormal"`
	Mix         []part           `yaml:"mix"`
}

// part is one of several ways, and how often it is the one: its share of the sum
// of all shares.
type part struct {
	Share       rate             `yaml:"share"`
	Constant    *boostd.Duration `yaml:"constant"`
	Uniform     *uniform         `yaml:"uniform"`
	Exponential *boostd.Duration `yaml:"exponential"`
	Lognormal   *lognormal       `yaml:"lognormal"`
}

type uniform struct {
	Min boostd.Duration `yaml:"min"`
	Max boostd.Duration `yaml:"max"`
}

type lognormal struct {
	Median boostd.Duration `yaml:"median"`
	P99    boostd.Duration `yaml:"p99"`
}

// maxMix is how many ways there may be.
const maxMix = 20

// Validate says whether they are exactly one way, or one mix.
func (t times) Validate() []error {
	c, err := t.config()
	if err == nil && c != nil {
		err = c.Validate()
	}
	if err != nil {
		return []error{err}
	}
	return nil
}

// config is nil when nothing is said.
func (t times) config() (sim.Times, error) {
	one := part{1, t.Constant, t.Uniform, t.Exponential, t.Lognormal}
	spreads := one.spreads()
	switch {
	case len(spreads) == 0 && t.Mix == nil:
		return nil, nil
	case len(spreads) > 1 || len(spreads) == 1 && t.Mix != nil:
		return nil, errors.New("want one of constant, uniform, exponential, lognormal and mix")
	case len(spreads) == 1:
		return spreads, nil
	case len(t.Mix) == 0 || len(t.Mix) > maxMix:
		return nil, fmt.Errorf("mix: has %d parts: want 1 to %d", len(t.Mix), maxMix)
	}
	var all sim.Times
	for n := range t.Mix {
		spreads := t.Mix[n].spreads()
		if len(spreads) != 1 {
			return nil, fmt.Errorf("mix[%d]: want share and one of constant, uniform, exponential and lognormal", n)
		}
		all = append(all, spreads[0])
	}
	return all, nil
}

func (p part) spreads() (all sim.Times) {
	add := func(shape sim.Shape, a, b boostd.Duration) {
		all = append(all, sim.Spread{Share: float64(p.Share), Shape: shape, A: a.Std(), B: b.Std()})
	}
	if p.Constant != nil {
		add(sim.Constant, *p.Constant, 0)
	}
	if p.Uniform != nil {
		add(sim.Uniform, p.Uniform.Min, p.Uniform.Max)
	}
	if p.Exponential != nil {
		add(sim.Exponential, *p.Exponential, 0)
	}
	if p.Lognormal != nil {
		add(sim.Lognormal, p.Lognormal.Median, p.Lognormal.P99)
	}
	return all
}
