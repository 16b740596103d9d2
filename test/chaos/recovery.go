package chaos

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Recovery is how soon the highest level was served again after a fault's end.
type Recovery struct {
	Fault Fault
	// First is the time from the fault's end until the first high message is done
	// that ends after it; CaughtUp until all that were acknowledged before the
	// fault's end are. CaughtUp is 0 where that was so before,
	// First the longest of all times where there was none.
	First, CaughtUp time.Duration
}

func (e *evidence) recover(v *Verdict) {
	var high []*message
	for _, m := range e.messages {
		if m.acked && !m.ack.Apart && m.ack.Level == e.h.Run.Top && m.finished < neverEnded {
			high = append(high, m)
		}
	}
	for _, f := range e.h.Faults {
		first, caught := neverEnded, f.End
		for _, m := range high {
			if m.finished >= f.End {
				first = min(first, m.finished)
			}
			if m.ack.At <= f.End {
				caught = max(caught, m.finished)
			}
		}
		if first < neverEnded {
			first -= f.End
		}
		v.Recoveries = append(v.Recoveries, Recovery{f, first, caught - f.End})
	}
}

// Table is what came of each kind of fault, over all runs, as Markdown.
func Table(runs ...*Verdict) string {
	kinds, repeats, exposed := map[Kind][]Recovery{}, map[Kind]int{}, map[Kind]int{}
	for _, v := range runs {
		for _, r := range v.Recoveries {
			kinds[r.Fault.Kind] = append(kinds[r.Fault.Kind], r)
		}
		for kind, n := range v.Exposed {
			exposed[kind] += n
		}
		for why, n := range v.Repeats {
			kind, _, _ := strings.Cut(why, ", ")
			repeats[Kind(kind)] += n
		}
	}
	var b strings.Builder
	b.WriteString("| fault | times | repeats, of at most | first high message: median, longest | caught up: median, longest |\n|---|---|---|---|---|\n")
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		list := kinds[kind]
		firstP50, firstMax := spread(list, func(r Recovery) time.Duration { return r.First })
		caughtP50, caughtMax := spread(list, func(r Recovery) time.Duration { return r.CaughtUp })
		fmt.Fprintf(&b, "| %s | %d | %d, %d | %v, %v | %v, %v |\n", kind, len(list), repeats[kind], exposed[kind], firstP50, firstMax, caughtP50, caughtMax)
	}
	return b.String()
}

// spread is the median and the largest.
func spread(list []Recovery, of func(Recovery) time.Duration) (p50, most time.Duration) {
	times := make([]time.Duration, 0, len(list))
	for _, r := range list {
		times = append(times, of(r).Round(time.Millisecond))
	}
	slices.SortFunc(times, cmp.Compare)
	return times[(len(times)-1)/2], times[len(times)-1]
}

// String is the verdict for a test's log.
func (v *Verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d messages (%d of them on the topic that is made anew), %d attempts; lost %d; %d messages repeated",
		v.Messages, v.Apart, v.Attempts, v.Broken(Lost), v.RepeatedMessages)
	for _, why := range slices.Sorted(maps.Keys(v.Repeats)) {
		fmt.Fprintf(&b, "; %d by %s", v.Repeats[why], why)
	}
	fmt.Fprintf(&b, "; inversions %d, left out %d\n%s", v.Broken(Inverted), v.LeftOut, Table(v))
	shown := map[Rule]int{}
	for _, x := range v.Violations {
		if shown[x.Rule]++; shown[x.Rule] <= 10 {
			fmt.Fprintf(&b, "VIOLATION: %s: %s\n", x.Rule, x.Text)
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(shown)) {
		fmt.Fprintf(&b, "VIOLATIONS of %q: %d\n", rule, shown[rule])
	}
	return b.String()
}
