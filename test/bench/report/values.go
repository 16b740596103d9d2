package report

import (
	"encoding/json"
	"math"
	"slices"
)

// Values are one a round, in the rounds' order; NaN stands for a round without.
type Values []float64

// tiny is less than anything that is measured here, in any unit.
const tiny = 1e-9

// MarshalJSON writes null for NaN, which JSON doesn't have.
func (v Values) MarshalJSON() ([]byte, error) {
	all := make([]*float64, len(v))
	for i := range v {
		if !math.IsNaN(v[i]) {
			all[i] = &v[i]
		}
	}
	return json.Marshal(all)
}

// UnmarshalJSON reads NaN where null is.
func (v *Values) UnmarshalJSON(text []byte) error {
	var all []*float64
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	*v = make(Values, len(all))
	for i, value := range all {
		(*v)[i] = math.NaN()
		if value != nil {
			(*v)[i] = *value
		}
	}
	return nil
}

// measured are the values of the rounds that have one, in ascending order.
func (v Values) measured() []float64 {
	all := slices.DeleteFunc(slices.Clone([]float64(v)), math.IsNaN)
	slices.Sort(all)
	return all
}

// Median is the middle one of what was measured, or the mean of the middle two; NaN when
// nothing was.
func (v Values) Median() float64 {
	all := v.measured()
	n := len(all)
	switch {
	case n == 0:
		return math.NaN()
	case n%2 == 1:
		return all[n/2]
	}
	return all[n/2-1] + (all[n/2]-all[n/2-1])/2
}

// Spread is the lowest and the highest; NaN when nothing was measured. With five rounds
// quartiles would say less than they hide.
func (v Values) Spread() (lowest, highest float64) {
	all := v.measured()
	if len(all) == 0 {
		return math.NaN(), math.NaN()
	}
	return all[0], all[len(all)-1]
}

// Ratios are those of v to other, round by round: rounds are interleaved, so what
// slows the machine for a while slows both. NaN where one of them is missing, or
// other's is 0, or as good as that.
func (v Values) Ratios(other Values) Values {
	return v.pair(other, func(a, b float64) float64 {
		if b < tiny {
			return math.NaN()
		}
		return a / b
	})
}

func (v Values) pair(other Values, f func(a, b float64) float64) Values {
	all := make(Values, min(len(v), len(other)))
	for i := range all {
		all[i] = f(v[i], other[i])
	}
	return all
}

// NewWaits makes the distribution of waits, in milliseconds, which it may reorder. It
// has twenty quantiles for each further nine in 99.9…, from 11 % on, as far as there are
// messages to tell: none for a single one.
func NewWaits(variant, contestant string, floor bool, millis []float64) Waits {
	w := Waits{Variant: variant, Contestant: contestant, Floor: floor, Quantiles: []float64{}, Millis: []float64{}}
	slices.Sort(millis)
	n := float64(len(millis))
	for step := 1; math.Pow(10, float64(step)/20) <= n; step++ {
		q := 1 - math.Pow(10, -float64(step)/20)
		at := min(int(math.Ceil(q*n)), len(millis)) // the least with at least q of all at or below it
		w.Quantiles = append(w.Quantiles, q)
		w.Millis = append(w.Millis, millis[at-1])
	}
	return w
}
