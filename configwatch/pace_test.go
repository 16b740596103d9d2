package configwatch

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

func TestNext(t *testing.T) {
	const second = time.Second
	for _, c := range []struct {
		refresh  time.Duration
		failures int
		random   float64
		want     time.Duration
	}{
		{10 * second, 0, 0.5, 10 * second},
		{10 * second, 0, 0, 9 * second},
		{10 * second, 0, 0.999, 11*second - 2*time.Millisecond},
		{10 * second, 1, 0.5, second},
		{10 * second, 4, 0.5, 8 * second},
		{10 * second, 6, 0.5, 30 * second},
		{10 * second, 1000, 0.5, 30 * second},
		{time.Hour, 0, 0.5, time.Hour},
		{time.Hour, 1, 0.5, second}, // a failure is looked into sooner than success
		{time.Hour, 1000, 0.5, 1024 * second},
	} {
		config := Config{Refresh: boostd.Duration(c.refresh)}
		if got := config.Next(c.failures, c.random); got.Round(time.Millisecond) != c.want {
			t.Errorf("refresh %v, %d failures, %v: got %v, want %v", c.refresh, c.failures, c.random, got, c.want)
		}
	}
}
