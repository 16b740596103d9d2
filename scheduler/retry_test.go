package scheduler

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// TestRetryWait: the most that a wait can be. The draws of many messages must
// fill the range evenly (full jitter).
func TestRetryWait(t *testing.T) {
	const s, never = time.Second, time.Duration(math.MaxInt64)
	for _, c := range []struct {
		name    string
		retry   Retry
		attempt int
		ceiling time.Duration
	}{
		{"first", Retry{Backoff: s, MaxBackoff: time.Minute}, 1, s},
		{"doubles", Retry{Backoff: s, MaxBackoff: time.Minute}, 4, 8 * s},
		{"up to the most", Retry{Backoff: s, MaxBackoff: time.Minute}, 7, time.Minute},
		{"a most below the first", Retry{Backoff: s, MaxBackoff: s / 2}, 1, s / 2},
		{"a shift that overflows", Retry{Backoff: time.Hour, MaxBackoff: 2 * time.Hour}, 30, 2 * time.Hour},
		{"an attempt beyond all shifts", Retry{Backoff: 1, MaxBackoff: s}, 5000, s},
		{"no limit", Retry{Backoff: never / 2, MaxBackoff: never}, 2, never - 1},
		{"none", Retry{MaxBackoff: s}, 1, 0},
		{"none, after many attempts", Retry{MaxBackoff: s}, 5000, 0},
		{"a most of nothing", Retry{Backoff: s}, 1, 0},
	} {
		const draws, bins = 20_000, 10
		var seen [bins]int
		for n := range draws {
			m := &boostd.Message{Offset: int64(n), Partition: int32(n % 7), Attempt: c.attempt}
			d := c.retry.wait(m, 0)
			if d < 0 || d > c.ceiling || d == c.ceiling && d > 0 {
				t.Fatalf("%s: waits %v, the ceiling is %v", c.name, d, c.ceiling)
			}
			if c.ceiling > 0 {
				seen[int(float64(d)/float64(c.ceiling)*bins)]++
			}
			if again := c.retry.wait(m, 0); again != d {
				t.Fatalf("%s: waits %v, then %v", c.name, d, again)
			}
			if least := c.retry.wait(m, s/4); least != max(d, s/4) {
				t.Fatalf("%s: waits %v, at least 250ms was asked for", c.name, least)
			}
		}
		for bin, n := range seen {
			if c.ceiling > 0 && math.Abs(float64(n)-draws/bins) > 0.1*draws/bins {
				t.Errorf("%s: %d of %d draws are in tenth %d", c.name, n, draws, bin)
			}
		}
	}
}

// TestBackoff: soonest first, whatever was taken out between.
func TestBackoff(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	start := time.Unix(1000, 0)
	var b backoff
	for range 500 {
		b.add(&Item{ReadyAt: start.Add(time.Duration(rng.IntN(1000)) * time.Millisecond), size: rng.IntN(3)})
	}
	b.take(func(i *Item) bool { return i.size == 0 }, func(i *Item) {
		if i.size != 0 {
			t.Fatal("took the wrong one")
		}
	})
	left, last := len(b), time.Time{}
	for ms := 0; ms <= 1000; ms += 10 {
		now := start.Add(time.Duration(ms) * time.Millisecond)
		for i := b.due(now); i != nil; i = b.due(now) {
			if i.size == 0 || i.ReadyAt.After(now) || i.ReadyAt.Before(last) {
				t.Fatalf("at %v came %v, after %v", now, i.ReadyAt, last)
			}
			last = i.ReadyAt
			left--
		}
	}
	if left != 0 || len(b) != 0 {
		t.Errorf("%d never came", left)
	}
}
