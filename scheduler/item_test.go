package scheduler

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestList plays every operation on a list and on a slice.
func TestList(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var l list
	var want []*Item
	for n := range 5000 {
		i := &Item{size: rng.IntN(50)}
		switch rng.IntN(6) {
		case 0:
			l.pushBack(i)
			want = append(want, i)
		case 1:
			l.pushFront(i)
			want = slices.Insert(want, 0, i)
		case 2, 3:
			var first *Item
			if len(want) > 0 {
				first, want = want[0], want[1:]
			}
			if got := l.popFront(); got != first {
				t.Fatalf("step %d: popped %v, want %v", n, got, first)
			}
		case 4:
			odd := func(i *Item) bool { return i.size%2 == 1 }
			var taken []*Item
			l.take(odd, func(i *Item) { taken = append(taken, i) })
			kept := slices.DeleteFunc(slices.Clone(want), odd)
			if len(kept)+len(taken) != len(want) || slices.ContainsFunc(taken, func(i *Item) bool { return !odd(i) }) {
				t.Fatalf("step %d: took %d of %d", n, len(taken), len(want))
			}
			want = kept
		case 5:
			// insert is for sorted lists; sort first
			slices.SortStableFunc(want, func(a, b *Item) int { return a.size - b.size })
			l = list{}
			for _, i := range want {
				l.pushBack(i)
			}
			before := func(o *Item) bool { return o.size > i.size }
			l.insert(i, before)
			at := slices.IndexFunc(want, before)
			if at < 0 {
				at = len(want)
			}
			want = slices.Insert(want, at, i)
		}
		same(t, l, want)
	}
}

func same(t *testing.T, l list, want []*Item) {
	t.Helper()
	var got []*Item
	for i := l.head; i != nil; i = i.next {
		got = append(got, i)
	}
	last := (*Item)(nil)
	if len(want) > 0 {
		last = want[len(want)-1]
	}
	if !slices.Equal(got, want) || l.len != len(want) || l.tail != last {
		t.Fatalf("%d items, len %d; want %d", len(got), l.len, len(want))
	}
}
