package sim

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Shape is how durations are spread.
type Shape uint8

// Constant: always A. Uniform: evenly from A to B. Exponential: the mean is A.
// Lognormal: half are below A, 99 percent below B.
const (
	Constant Shape = iota
	Uniform
	Exponential
	Lognormal
)

// Spread is one way to draw durations. A and B are 0 to MaxTime.
type Spread struct {
	// Share is the Spread's weight among the others of its Times, above 0; it
	// doesn't matter where there is one.
	Share float64
	Shape Shape
	A, B  time.Duration
}

// Times is how long something takes: one Spread, or several of which each draw
// chooses one. It shares its memory with nobody who writes to it.
type Times []Spread

// MaxTime bounds what is drawn: a longer draw counts as this.
const MaxTime = 24 * time.Hour

// normal99 is the 99th percentile of the normal distribution.
const normal99 = 2.3263478740408408

// Validate finds what is wrong.
func (t Times) Validate() error {
	if len(t) == 0 {
		return errors.New("says nothing: want constant, uniform, exponential, lognormal or mix")
	}
	for _, s := range t {
		switch {
		case !(s.Share > 0) && len(t) > 1 || math.IsInf(s.Share, 0) || math.IsNaN(s.Share):
			return fmt.Errorf("a share is %v: want a number above 0", s.Share)
		case s.A < 0 || s.A > MaxTime || s.B < 0 || s.B > MaxTime:
			return fmt.Errorf("%v and %v: want 0s to %v", s.A, s.B, MaxTime)
		case s.Shape == Uniform && s.B < s.A:
			return fmt.Errorf("from %v to %v: the first must not be larger", s.A, s.B)
		case s.Shape == Lognormal && (s.A == 0 || s.B < s.A):
			return fmt.Errorf("half below %v and 99 percent below %v: want the first above 0s, and not larger than the second", s.A, s.B)
		}
	}
	return nil
}

// Mean is the expected duration; draws above MaxTime are not thought of.
func (t Times) Mean() time.Duration {
	sum, shares := 0.0, 0.0
	for _, s := range t {
		share := s.Share
		if len(t) == 1 {
			share = 1
		}
		sum += share * s.mean()
		shares += share
	}
	return time.Duration(sum / shares)
}

func (s Spread) mean() float64 {
	switch s.Shape {
	case Uniform:
		return float64(s.A+s.B) / 2
	case Lognormal:
		sigma := s.sigma()
		return min(float64(s.A)*math.Exp(sigma*sigma/2), float64(MaxTime))
	default:
		return float64(s.A)
	}
}

func (s Spread) sigma() float64 { return math.Log(float64(s.B)/float64(s.A)) / normal99 }

// draw is a duration in nanoseconds.
func (t Times) draw(r *random) int64 {
	s := &t[0]
	if len(t) > 1 {
		s = t.choose(r)
	}
	d := float64(s.A)
	switch s.Shape {
	case Constant:
		return int64(s.A)
	case Uniform:
		d += r.float() * float64(s.B-s.A)
	case Exponential:
		d *= r.exponential()
	case Lognormal:
		d *= math.Exp(s.sigma() * r.normal())
	}
	return int64(min(d, float64(MaxTime)))
}

func (t Times) choose(r *random) *Spread {
	sum := 0.0
	for n := range t {
		sum += t[n].Share
	}
	at := r.float() * sum
	for n := range t {
		if at -= t[n].Share; at < 0 {
			return &t[n]
		}
	}
	return &t[len(t)-1]
}
