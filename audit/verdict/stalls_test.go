package verdict

import (
	"runtime"
	"slices"
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

// TestRecordersShareWhatTheySee: each gets what was noted in its time, and the
// watch ends with the last.
func TestRecordersShareWhatTheySee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := RecordStalls()
		stop := watched.stop
		note(stop, Interval{ms(10), ms(20)})
		second := RecordStalls()
		note(stop, Interval{ms(30), ms(40)})
		got := first.Stop()
		note(stop, Interval{ms(50), ms(60)})
		if want := []Interval{{ms(10), ms(20)}, {ms(30), ms(40)}}; !slices.Equal(got, want) || !slices.Equal(first.Stop(), want) {
			t.Errorf("first got %v, then %v; want %v", got, first.Stop(), want)
		}
		if got, want := second.Stop(), []Interval{{ms(30), ms(40)}, {ms(50), ms(60)}}; !slices.Equal(got, want) {
			t.Errorf("second got %v, want %v", got, want)
		}
		third := RecordStalls()
		note(stop, Interval{ms(70), ms(80)})
		if got := third.Stop(); len(got) > 0 {
			t.Errorf("a watch that is over told %v", got)
		}
	})
}

// TestEachProcessorIsWatched: NumCPU counts what the process may use.
func TestEachProcessorIsWatched(t *testing.T) {
	if len(usable()) != runtime.NumCPU() {
		t.Fatalf("watches %v, of %d", usable(), runtime.NumCPU())
	}
}

func TestUnionOfStalls(t *testing.T) {
	for _, c := range []struct {
		name      string
		all, want []Interval
	}{
		{"none", nil, nil},
		{"apart", []Interval{{ms(30), ms(40)}, {ms(10), ms(20)}}, []Interval{{ms(10), ms(20)}, {ms(30), ms(40)}}},
		{"one in the other", []Interval{{ms(10), ms(40)}, {ms(20), ms(30)}}, []Interval{{ms(10), ms(40)}}},
		{"one into the other", []Interval{{ms(20), ms(50)}, {ms(10), ms(30)}}, []Interval{{ms(10), ms(50)}}},
		{"they touch", []Interval{{ms(10), ms(20)}, {ms(20), ms(30)}}, []Interval{{ms(10), ms(30)}}},
	} {
		if got := union(c.all); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
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
