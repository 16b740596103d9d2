package chaos

import (
	"math"
	"math/rand/v2"
	"testing"
)

// series are n measurements, ten seconds apart.
func series(n int, value func(i int) float64) (times, values []float64) {
	for i := range n {
		times, values = append(times, float64(10*i)), append(values, value(i))
	}
	return times, values
}

// What counts as a leak over 45 minutes.
func TestTrend(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	noise := func(size float64) float64 { return size * r.NormFloat64() }
	for _, c := range []struct {
		name  string
		value func(i int) float64
		want  bool
	}{
		{"constant", func(int) float64 { return 60 }, false},
		{"nothing", func(int) float64 { return 0 }, false},
		{"noise", func(int) float64 { return 100 + noise(10) }, false},
		{"saw teeth", func(i int) float64 { return 100 + float64(i%20) }, false},
		{"shrinks", func(i int) float64 { return 500 - float64(i) }, false},
		{"4 % more", func(i int) float64 { return 100 + 4*float64(i)/269 }, false},
		{"6 % more", func(i int) float64 { return 100 + 6*float64(i)/269 }, true},
		{"leaks a third in noise", func(i int) float64 { return 100 + float64(i)/8 + noise(5) }, true},
		{"leaks less than its noise", func(i int) float64 { return 100 + float64(i)/40 + noise(5) }, false},
		{"a descriptor in ten minutes", func(i int) float64 { return 60 + math.Floor(float64(i)/60) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			times, values := series(270, c.value)
			if got := TrendOf(times, values); got.Above() != c.want {
				t.Errorf("%+v, limit %v: above noise is %v, want %v", got, got.Limit(), got.Above(), c.want)
			}
		})
	}
}

func TestTrendIsExact(t *testing.T) {
	got := TrendOf([]float64{0, 10, 20, 30}, []float64{1, 4, 5, 8})
	// By hand: slope 0.22, mean 4.5, residuals -0.2, 0.6, -0.6, 0.2.
	want := Trend{Mean: 4.5, Growth: 6.6, Noise: math.Sqrt(0.4)}
	if math.Abs(got.Mean-want.Mean)+math.Abs(got.Growth-want.Growth)+math.Abs(got.Noise-want.Noise) > 1e-9 {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := TrendOf([]float64{1, 2}, []float64{1, 9}); got != (Trend{}) {
		t.Errorf("two measurements have the trend %+v", got)
	}
}
