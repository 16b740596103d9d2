package sim

import (
	"testing"
	"time"
)

// Two instances, of which one alone has the high level: with the scope group the
// other waits for it, otherwise it goes on with the low one.
func TestGroupScope(t *testing.T) {
	for _, group := range []bool{false, true} {
		c := small()
		c.Core.Group, c.Instances, c.For, c.Pool.Slots = group, 2, 30*time.Second, 4
		c.Handler = Times{{Shape: Constant, A: 10 * time.Millisecond}}
		c.Loads = []Load{
			{First: 0, Last: 0, Partitions: 2, Backlog: 8_000},
			{First: 5, Last: 5, Partitions: 1, Burst: 4_000, From: 2 * time.Second}, // ten seconds for one
		}
		w := newWatched(t, c)
		w.finish()
		low, high := 0, 0
		for _, records := range w.records {
			for _, r := range records {
				switch at := r.StartedAt.Sub(start); {
				case at < 4*time.Second || at > 11*time.Second:
				case r.Level == 0:
					low++
				default:
					high++
				}
			}
		}
		if high < 2_000 || group && low > 0 || !group && low < 2_000 {
			t.Errorf("scope group %v: while the high level was handled, %d of it and %d of the low one were", group, high, low)
		}
	}
}

// Partitions are shared evenly, and as few as can be move.
func TestShare(t *testing.T) {
	c := small()
	c.Instances, c.For = 3, 8*time.Second
	c.Loads = []Load{{First: 0, Last: 9, Partitions: 8, Steady: 1}}
	c.Changes = []Change{{time.Second, 4, Join}, {3 * time.Second, 2, Leave}, {6 * time.Second, 2, Join}}
	w := newWatched(t, c)
	before, checked := holders(w.world), 0
	w.watch.after = func(*event) {
		if w.now%int64(time.Second) != 0 || w.now == 0 {
			return
		}
		after := holders(w.world)
		for sub := range w.subs {
			count, moved := map[int32]int{}, 0
			for n, number := range w.subs[sub].partitions {
				p := &w.partitions[number]
				if p.holder == nil || p.revoking || p.pending || p.holder.state != running {
					return // in the middle of it
				}
				count[p.holder.index]++
				if after[sub][n] != before[sub][n] {
					moved++
				}
			}
			least, most := 8, 0
			for _, k := range count {
				least, most = min(least, k), max(most, k)
			}
			if most-least > 1 || moved > 3 {
				t.Fatalf("%v: level %d has between %d and %d partitions, %d moved", time.Duration(w.now), sub, least, most, moved)
			}
		}
		before = after
		checked++
	}
	w.finish()
	if checked < 3 {
		t.Errorf("only %d moments were quiet", checked)
	}
}

func holders(w *world) (all [][]int32) {
	for _, s := range w.subs {
		var of []int32
		for _, number := range s.partitions {
			index := int32(-1)
			if in := w.partitions[number].holder; in != nil {
				index = in.index
			}
			of = append(of, index)
		}
		all = append(all, of)
	}
	return all
}
