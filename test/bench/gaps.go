package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// starts are when messages began, in order.
func starts(trace []task.Event) (all []time.Time) {
	for _, e := range trace {
		all = append(all, time.Unix(0, e.At))
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}

// place is a partition of a topic.
type place struct {
	topic     string
	partition int32
}

// handling is one message's start, by one of the instances.
type handling struct {
	at       time.Time
	instance int
}

// byPlace sorts what instances have handled by partition, and within one by time.
func byPlace(traces [][]task.Event) map[place][]handling {
	all := map[place][]handling{}
	for instance, trace := range traces {
		for _, e := range trace {
			p := place{e.Topic, e.Partition}
			all[p] = append(all[p], handling{time.Unix(0, e.At), instance})
		}
	}
	for _, list := range all {
		slices.SortFunc(list, func(a, b handling) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.instance, b.instance)) })
	}
	return all
}

// gaps are the longest times in which no message of a partition begins, between from and to:
// of the partitions that change their instance, and of those that don't. -1 where
// there are none.
func gaps(all map[place][]handling, from, to time.Time) (moved, stayed time.Duration) {
	moved, stayed = -1, -1
	for _, list := range all {
		longest := time.Duration(0)
		last, first, final := from, -1, -1
		for _, h := range list {
			switch {
			case h.at.Before(from):
				first = h.instance
				continue
			case h.at.After(to):
				continue
			}
			if first < 0 {
				first = h.instance
			}
			longest, last, final = max(longest, h.at.Sub(last)), h.at, h.instance
		}
		longest = max(longest, to.Sub(last))
		if final >= 0 && final != first {
			moved = max(moved, longest)
		} else {
			stayed = max(stayed, longest)
		}
	}
	return moved, stayed
}
