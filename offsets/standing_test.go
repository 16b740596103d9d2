package offsets

import "testing"

func TestWorkOfAPartition(t *testing.T) {
	topic, other := TopicID{1}, TopicID{2}
	of := func(id TopicID, base, end int64, pending ...Pending) string {
		text, ok := (&Map{Topic: id, Base: base, End: end, Pending: pending}).Encode(MetadataLimit)
		if !ok {
			t.Fatal("it doesn't fit")
		}
		return text
	}
	waits := []Pending{{Offset: 10, Attempts: 2}, {Offset: 12}, {Offset: 14, Held: true}, {Offset: 19}}
	for _, c := range []struct {
		name              string
		s                 Standing
		outstanding, done int64
	}{
		{"nothing there", Standing{Committed: Unknown}, 0, 0},
		{"never committed", Standing{First: 3, End: 10, Committed: Unknown}, 7, 0},
		{"never committed, from the end", Standing{First: 3, End: 10, Start: 10, Committed: Unknown}, 0, 0},
		{"no map", Standing{Topic: topic, End: 30, Committed: 10}, 20, 10},
		{"some deleted unread", Standing{Topic: topic, First: 25, End: 30, Committed: 10}, 5, 10},
		{"all done", Standing{Topic: topic, First: 5, End: 10, Committed: 10}, 0, 10},
		{"more committed than was seen", Standing{Topic: topic, End: 9, Committed: 10}, 0, 10},
		{"a map", Standing{Topic: topic, End: 30, Committed: 10, Metadata: of(topic, 10, 20, waits...)}, 2 + 10, 10 + 6},
		{"a map of all", Standing{Topic: topic, End: 20, Committed: 10, Metadata: of(topic, 10, 20, waits[0], waits[2])}, 0, 10 + 8},
		{"a map of more than was seen", Standing{Topic: topic, End: 15, Committed: 10, Metadata: of(topic, 10, 20, waits...)}, 2, 10 + 6},
		{"a map of which a part was deleted", Standing{Topic: topic, First: 15, End: 30, Committed: 10, Metadata: of(topic, 10, 20, waits...)}, 1 + 10, 10 + 6},
		{"a map that is stale", Standing{Topic: topic, End: 30, Committed: 11, Metadata: of(topic, 10, 20, waits...)}, 19, 11},
		{"a map of a topic that is gone", Standing{Topic: topic, First: 1, End: 5, Start: 5, Committed: 10, Metadata: of(other, 10, 20, waits...)}, 4, 0},
		{"a map of nobody knows which topic", Standing{End: 30, Committed: 10, Metadata: of(topic, 10, 20, waits...)}, 20, 10},
		{"somebody else's", Standing{Topic: topic, End: 30, Committed: 10, Metadata: "streams: 17"}, 20, 10},
		{"a damaged map", Standing{Topic: topic, End: 30, Committed: 10, Metadata: of(topic, 10, 20, waits...) + "A"}, 20, 10},
	} {
		if outstanding, done := c.s.Work(); outstanding != c.outstanding || done != c.done {
			t.Errorf("%s: %d outstanding, %d done; want %d and %d", c.name, outstanding, done, c.outstanding, c.done)
		}
	}
}

// Whatever a tracker commits, done is what was done of it; it grows with that alone.
func TestWorkGrowsWithWhatIsDone(t *testing.T) {
	tr := New(Limits{})
	epoch := tr.Assign(tp0, Unknown)
	_ = tr.Restore(tp0, epoch, TopicID{1}, 0, "")
	const all = 100
	for o := range int64(all) {
		tr.Deliver(tp0, o, 0)
	}
	failed, finished := int64(0), int64(0)
	for step := range int64(all) {
		offset := step * 37 % all // a permutation
		if step%5 == 0 {
			tr.Failed(tp0, epoch, offset, 1)
			failed++
		} else {
			tr.Done(tp0, epoch, offset)
			finished++
		}
		for _, c := range tr.Commits(nil) {
			tr.Committed(c)
			outstanding, done := Standing{Topic: TopicID{1}, End: all, Committed: c.Offset, Metadata: c.Metadata}.Work()
			if done != finished || outstanding != all-done-failed {
				t.Fatalf("step %d: %d outstanding, %d done; %d are finished and %d have failed", step, outstanding, done, finished, failed)
			}
		}
	}
	c := tr.Commits(nil)
	if len(c) > 0 {
		t.Errorf("there is more to commit: %+v", c)
	}
}
