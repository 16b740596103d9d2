package demo

import (
	"testing"
	"time"
)

func TestRates(t *testing.T) {
	start := time.Unix(1000, 0)
	type at struct {
		ms, count int
		want      float64 // after this sample
	}
	for _, c := range []struct {
		name    string
		samples []at
	}{
		{"one sample is none", []at{{0, 500, 0}}},
		{"two", []at{{0, 0, 0}, {100, 50, 500}}},
		{"the window is a second", []at{{0, 0, 0}, {500, 1000, 2000}, {1000, 1000, 1000}, {1500, 1000, 0}}},
		{"the sample before the window counts while none is on its edge", []at{{0, 0, 0}, {800, 800, 1000}, {1600, 1600, 1000}}},
		{"a long gap", []at{{0, 0, 0}, {100, 100, 1000}, {10_100, 10_100, 1000}}},
		{"twice at the same time", []at{{0, 0, 0}, {0, 5, 0}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r rates
			for _, s := range c.samples {
				r.add(start.Add(time.Duration(s.ms)*time.Millisecond), counts{3: s.count})
				if got := r.rate(3); got != s.want {
					t.Errorf("at %d ms: %v, want %v", s.ms, got, s.want)
				}
			}
			if r.rate(4) != 0 {
				t.Error("another level has a rate")
			}
		})
	}
}
