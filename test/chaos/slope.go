package chaos

import "math"

// Trend is a straight line through measurements, by least squares.
type Trend struct {
	// Mean is the measurements' own.
	Mean float64
	// Growth is how much the line rises from the first time to the last.
	Growth float64
	// Noise is the standard deviation of the measurements from the line.
	Noise float64
}

// TrendOf lays the line; times rise. Fewer than three measurements have no noise
// to compare with, and no trend: the zero value.
func TrendOf(times, values []float64) Trend {
	n := float64(len(times))
	if len(times) < 3 || len(values) != len(times) {
		return Trend{}
	}
	var meanTime, mean float64
	for i := range times {
		meanTime += times[i] / n
		mean += values[i] / n
	}
	var square, product float64
	for i := range times {
		square += (times[i] - meanTime) * (times[i] - meanTime)
		product += (times[i] - meanTime) * (values[i] - mean)
	}
	slope := 0.0
	if square > 0 {
		slope = product / square
	}
	var rest float64
	for i := range times {
		d := values[i] - mean - slope*(times[i]-meanTime)
		rest += d * d
	}
	return Trend{Mean: mean, Growth: slope * (times[len(times)-1] - times[0]), Noise: math.Sqrt(rest / (n - 2))}
}

// Above reports whether the growth is above noise: more than three standard
// deviations, and more than a twentieth of the mean. What shrinks doesn't leak.
func (t Trend) Above() bool { return t.Growth > t.Limit() }

// Limit is the most growth that is noise.
func (t Trend) Limit() float64 { return max(3*t.Noise, 0.05*t.Mean) }
