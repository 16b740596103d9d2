package simulation

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler/sim"
)

// number is a whole number up to 2⁶⁴-1.
type number uint64

// UnmarshalText reads one.
func (n *number) UnmarshalText(text []byte) error {
	v, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		return fmt.Errorf("%.40q: want a whole number, 0 to %d", text, uint64(math.MaxUint64))
	}
	*n = number(v)
	return nil
}

// rate is messages a second.
type rate float64

// UnmarshalText reads a number that isn't negative.
func (r *rate) UnmarshalText(text []byte) error {
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(v >= 0) || math.IsInf(v, 0) {
		return fmt.Errorf("%.40q: want messages a second, such as 5000 or 0.5", text)
	}
	*r = rate(v)
	return nil
}

// share is a part of a whole, 0 to 1.
type share float64

// UnmarshalText reads 0.01 or 1%.
func (s *share) UnmarshalText(text []byte) error {
	digits, percent := strings.CutSuffix(string(text), "%")
	v, err := strconv.ParseFloat(digits, 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v >= 0 && v <= 1) {
		return fmt.Errorf("%.40q: want a share, such as 0.01 or 1%%", text)
	}
	*s = share(v)
	return nil
}

// span is levels in a row.
type span struct{ boostd.LevelRange }

// UnmarshalText reads 7 or 8-10.
func (s *span) UnmarshalText(text []byte) (err error) {
	s.LevelRange, err = boostd.ParseLevelRange(string(text))
	return err
}

// patience is how long a handler that is told to stop goes on.
type patience time.Duration

// notAtAll: it isn't told; never: it doesn't stop.
const (
	notAtAll patience = -2
	never    patience = -1
)

// UnmarshalText reads a duration or never.
func (p *patience) UnmarshalText(text []byte) error {
	if string(text) == "never" {
		*p = never
		return nil
	}
	var d boostd.Duration
	if err := d.UnmarshalText(text); err != nil || d.Std() > sim.MaxLatency {
		return fmt.Errorf("%.40q: want how long a handler goes on that is told to stop, such as 50ms, or never", text)
	}
	*p = patience(d)
	return nil
}

func (p patience) after() time.Duration { return time.Duration(p) }
