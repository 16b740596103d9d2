package simulation

import (
	"fmt"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler/sim"
)

// spread is one way in which handler times are spread: one of its keys is there.
type spread struct {
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
