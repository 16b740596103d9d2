package report

import (
	"math"
	"slices"
)

// axis says where a value stands, from 0 to 1, and what is written along it.
type axis struct {
	at    func(v float64) float64
	ticks []tick
}

type tick struct {
	at   float64
	text string
}

// between maps low to 0 and high to 1.
func between(low, high float64) func(float64) float64 {
	if high <= low {
		return func(float64) float64 { return 0.5 }
	}
	return func(v float64) float64 { return min(max((v-low)/(high-low), 0), 1) }
}

// logAxis reaches from the number 1, 2 or 5 times a power of ten below all values to
// the one above. What is 0 is drawn where the smallest other value is.
func logAxis(values []float64, text func(float64) string) axis {
	least, most := math.Inf(1), 0.0
	for _, v := range values {
		if v >= tiny {
			least, most = min(least, v), max(most, v)
		}
	}
	if most == 0 {
		least, most = 1, 1
	}
	low, high := roundStep(least, false), roundStep(most, true)
	if high <= low {
		high = 10 * low
	}
	place := between(math.Log10(low), math.Log10(high))
	a := axis{at: func(v float64) float64 { return place(math.Log10(max(v, least))) }}
	decades := math.Log10(high / low)
	every := max(1, int(math.Ceil(decades/8)))
	for power := math.Floor(math.Log10(low)); power <= math.Ceil(math.Log10(high)); power++ {
		for _, digit := range []float64{1, 2, 5} {
			v := digit * math.Pow(10, power)
			if v < low*0.999 || v > high*1.001 || (decades > 2.5 && digit != 1) || (digit == 1 && int(power)%every != 0) {
				continue
			}
			a.ticks = append(a.ticks, tick{a.at(v), text(v)})
		}
	}
	return a
}

// roundStep is the next of 1, 2, 5, 10, 20, … that isn't below v, or isn't above it; v is above 0.
func roundStep(v float64, up bool) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	steps := []float64{1, 2, 5, 10}
	if up {
		for _, s := range steps {
			if s*power >= v*(1-1e-9) {
				return s * power
			}
		}
	}
	for _, s := range slices.Backward(steps) {
		if s*power <= v*(1+1e-9) {
			return s * power
		}
	}
	return power
}

// linearAxis begins at 0, so that twice the height is twice as much.
func linearAxis(values []float64, text func(float64) string) axis {
	most := slices.Max(values)
	if most < tiny {
		most = 1
	}
	step := roundStep(most/5, true)
	steps := math.Ceil(most / step * (1 - 1e-9))
	a := axis{at: between(0, steps*step)}
	for i := 0.0; i <= steps; i++ {
		a.ticks = append(a.ticks, tick{a.at(i * step), text(i * step)})
	}
	return a
}

// pointAxis has its ticks where something was measured. With logarithmic, 0 has a
// place of its own at the left.
func pointAxis(values []float64, logarithmic bool, text func(float64) string) axis {
	all := slices.Clone(values)
	slices.Sort(all)
	all = slices.Compact(all)
	a := axis{at: between(all[0], all[len(all)-1])}
	if positive := slices.DeleteFunc(slices.Clone(all), func(v float64) bool { return v < tiny }); logarithmic && len(positive) > 0 {
		place := between(math.Log10(positive[0]), math.Log10(positive[len(positive)-1]))
		zero := 0.0
		if len(positive) < len(all) {
			zero = 0.16
		}
		a.at = func(v float64) float64 {
			if v < tiny {
				return 0
			}
			return zero + (1-zero)*place(math.Log10(v))
		}
	}
	for _, v := range all {
		// Texts don't touch each other.
		if at := a.at(v); len(a.ticks) == 0 || at-a.ticks[len(a.ticks)-1].at >= 0.07 {
			a.ticks = append(a.ticks, tick{at, text(v)})
		}
	}
	return a
}

// quantileAxis reaches from the shortest wait, 0 %, to so many nines, one at least.
func quantileAxis(nines float64) axis {
	a := axis{at: between(0, max(nines, 1))}
	a.ticks = []tick{{a.at(0), "0 %"}, {a.at(math.Log10(2)), "50 %"}}
	every := max(1, int(math.Ceil(nines/8)))
	for n := 1; float64(n) <= max(nines, 1); n += every {
		a.ticks = append(a.ticks, tick{a.at(float64(n)), percent(n)})
	}
	return a
}
