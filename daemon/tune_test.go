package daemon

import (
	"os"
	"runtime"
	"runtime/debug"
	"testing"
)

func TestPercentFor(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, mostPercent}, {garbage / 32, mostPercent}, {garbage / 8, 800}, {garbage, 100}, {2 * garbage, leastPercent}, {1 << 40, leastPercent},
	} {
		if got := percentFor(c.live); got != c.want {
			t.Errorf("%d bytes live: %d %%, want %d", c.live, got, c.want)
		}
	}
}

// The pacer follows what lives, from one collection to the next.
func TestPacer(t *testing.T) {
	if os.Getenv("GOGC") != "" {
		t.Setenv("GOGC", "")
	}
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	p := newPacer()
	p.set()
	follow := func(want func(percent int) bool) {
		t.Helper()
		for range 1000 {
			runtime.GC()
			now := debug.SetGCPercent(100)
			debug.SetGCPercent(now)
			if want(now) {
				return
			}
			runtime.Gosched()
		}
		t.Error("it doesn't follow")
	}
	follow(func(percent int) bool { return percent > 100 })
	much := make([]byte, 4*garbage)
	follow(func(percent int) bool { return percent == leastPercent })
	runtime.KeepAlive(much)
	follow(func(percent int) bool { return percent > 100 })
}
