package scheduler

import (
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	const us, ms = time.Microsecond, time.Millisecond
	for name, c := range map[string]struct {
		took []time.Duration
		q    float64
		want time.Duration
	}{
		"none":                   {nil, 0.5, -1},
		"the finest bucket":      {[]time.Duration{us, us}, 0.5, 50 * us},
		"all of a bucket":        {[]time.Duration{us, us}, 1, 100 * us},
		"between two bounds":     {[]time.Duration{150 * us, 160 * us, 170 * us, 180 * us}, 0.5, 150 * us},
		"the half of two":        {[]time.Duration{us, 150 * us}, 0.5, 100 * us},
		"the slow one of two":    {[]time.Duration{us, 150 * us}, 0.99, 198 * us},
		"empty buckets between":  {[]time.Duration{us, 10 * ms}, 0.99, 6400*us + 6272*us},
		"above the highest":      {[]time.Duration{time.Hour}, 0.5, Finest << (buckets - 2)},
		"most above the highest": {[]time.Duration{us, time.Hour, time.Hour}, 0.5, Finest << (buckets - 2)},
	} {
		var h Histogram
		for _, d := range c.took {
			h.Add(d)
		}
		got, ok := h.Quantile(c.q)
		if !ok {
			got = -1
		}
		if (got - c.want).Abs() > us {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
