package kafkaio

import (
	"context"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// committedAs waits until partitions of the group are committed at these offsets.
func committedAs(t *testing.T, c Config, want map[boostd.TopicPartition]int64) {
	t.Helper()
	admin, err := NewAdmin(c)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := admin.Committed(ctx, "g_base")
		if err != nil {
			t.Fatalf("committed are %v, want %v: %v", got, want, err)
		}
		same := true
		for tp, offset := range want {
			same = same && got[tp] == offset
		}
		if same {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("committed are %v, want %v", got, want)
		}
	}
}

// A result that comes after its partition has gone is not committed: that would
// take the new owner back.
func TestResultsOfAPartitionThatHasGone(t *testing.T) {
	inBothWays(t, testResultsOfAPartitionThatHasGone)
}

func testResultsOfAPartitionThatHasGone(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 2)
	produce(t, c, "a", 100, []byte("v"))
	old := open(t, c, "a", false, wide)
	old.until(t, "all is there", func() bool { return len(old.queue) == 100 })
	owner := open(t, c, "a", true, wide)
	owner.until(t, "it has a partition", func() bool { return len(owner.source.partitions()) == 1 })
	gone := owner.source.partitions()[0]
	kept := boostd.TopicPartition{Topic: "a", Partition: 1 - gone.Partition}
	ends := map[boostd.TopicPartition]int64{}
	for _, m := range old.queue {
		ends[m.TopicPartition()] += 2 // there will be one more of each key
	}
	produce(t, c, "a", 100, []byte("v"))
	committedAs(t, c, map[boostd.TopicPartition]int64{gone: ends[gone]})
	old.until(t, "the rest is there", func() bool { return int64(len(old.queue)) == 100+ends[kept]/2 })
	old.settle(len(old.queue))
	committedAs(t, c, map[boostd.TopicPartition]int64{kept: ends[kept], gone: ends[gone]})
	old.stop(t)
	owner.stop(t)
	committedAs(t, c, map[boostd.TopicPartition]int64{kept: ends[kept], gone: ends[gone]})
}

// What ends while its partition is asked back is committed before it goes, and
// doesn't come again.
func TestRevocationWaitsAndCommits(t *testing.T) { inBothWays(t, testRevocationWaitsAndCommits) }

func testRevocationWaitsAndCommits(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 2)
	produce(t, c, "a", 100, []byte("v"))
	o := options(c, "a", wide)
	o.CommitInterval = time.Hour // only a revocation commits
	o.oneByOne = readOneByOne(t)
	s, err := NewSource(o)
	if err != nil {
		t.Fatal(err)
	}
	old := &receiver{source: s, to: s, got: map[string]int{}, change: make(chan struct{})}
	if err := s.Start(old.emit); err != nil {
		t.Fatal(err)
	}
	old.until(t, "all is there", func() bool { return len(old.queue) == 100 })
	owner := open(t, c, "a", true, wide)
	old.until(t, "a partition is asked back", func() bool { return old.saw("Revoking") })
	before := map[boostd.TopicPartition]int{}
	for _, m := range old.queue {
		before[m.TopicPartition()]++
	}
	old.settle(100)
	old.source.Drained(old.source.partitions())
	owner.until(t, "it has a partition", func() bool { return len(owner.source.partitions()) == 1 })
	want := before[owner.source.partitions()[0]]
	produce(t, c, "a", 100, []byte("v"))
	owner.until(t, "it has the new ones", func() bool { return len(owner.got) >= want })
	owner.stop(t) // first: it would get what the other leaves
	old.stop(t)
	if len(owner.got) != want {
		t.Errorf("%d messages came, want the %d new ones", len(owner.got), want)
	}
}
