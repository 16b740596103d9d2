package verdict

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestOverlaps(t *testing.T) {
	stalls := []Interval{{ms(10), ms(20)}, {ms(30), ms(40)}}
	for _, c := range []struct {
		from, to float64
		want     bool
	}{
		{0, 9, false}, {0, 10, false}, {0, 11, true}, {0, 50, true}, {12, 13, true}, {19, 25, true},
		{20, 25, false}, {20, 30, false}, {20, 31, true}, {40, 50, false}, {45, 50, false},
	} {
		if got := overlaps(stalls, ms(c.from), ms(c.to)); got != c.want {
			t.Errorf("%v to %v: %v, want %v", c.from, c.to, got, c.want)
		}
	}
	if overlaps(nil, ms(0), ms(1)) {
		t.Error("without stalls something overlaps")
	}
}

// TestRecorderOfAMachineWithoutStalls: in the bubble every tick is on time.
func TestRecorderOfAMachineWithoutStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := RecordStalls()
		<-time.After(time.Second)
		if stalls := r.Stop(); len(stalls) > 0 {
			t.Errorf("got %v", stalls)
		}
	})
}

func TestLateTicks(t *testing.T) {
	for _, c := range []struct {
		gap  time.Duration
		want bool
	}{{time.Millisecond, false}, {3 * time.Millisecond, false}, {3*time.Millisecond + 1, true}, {time.Second, true}} {
		got, ok := late(base, base.Add(c.gap))
		if ok != c.want || ok && (got != Interval{base, base.Add(c.gap)}) {
			t.Errorf("%v: got %v, %v", c.gap, got, ok)
		}
	}
}
