package offsets

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd"
)

var tp0, tp1 = boostd.TopicPartition{Topic: "t"}, boostd.TopicPartition{Topic: "t", Partition: 1}

// TestTranscript shows a life with a gap, a result out of order, a revocation
// and a late result, as a person would read it.
func TestTranscript(t *testing.T) {
	tr := New(Limits{})
	var log strings.Builder
	say := func(format string, args ...any) {
		committable, _ := tr.Committable(tp0)
		fmt.Fprintf(&log, "%-22s pending %d, committable %d\n", fmt.Sprintf(format, args...), tr.Pending(tp0), committable)
	}
	epoch := tr.Assign(tp0, 10)
	say("assigned at 10")
	for _, o := range []int64{10, 11, 14} { // 12 and 13 are transaction markers
		tr.Deliver(tp0, o, 0)
		say("delivered %d", o)
	}
	tr.Done(tp0, epoch, 11)
	say("done 11")
	tr.Done(tp0, epoch, 10)
	say("done 10")
	tr.Close(tp0)
	tr.Done(tp0, epoch, 14)
	say("closed, done 14")
	tr.Raise(tp0)
	say("epoch raised")
	again := tr.Assign(tp0, 14)
	tr.Deliver(tp0, 14, 0)
	say("assigned, delivered 14")
	tr.Done(tp0, epoch, 14)
	say("late result of 14")
	tr.Done(tp0, again, 14)
	say("result of 14")
	const want = `assigned at 10         pending 0, committable 10
delivered 10           pending 1, committable 10
delivered 11           pending 2, committable 10
delivered 14           pending 3, committable 10
done 11                pending 2, committable 10
done 10                pending 1, committable 14
closed, done 14        pending 0, committable 15
epoch raised           pending 0, committable 0
assigned, delivered 14 pending 1, committable 14
late result of 14      pending 1, committable 14
result of 14           pending 0, committable 15
`
	if log.String() != want {
		t.Errorf("got\n%swant\n%s", log.String(), want)
	}
}

func TestOneHeldMessageCostsNothingButItself(t *testing.T) {
	tr := New(Limits{})
	epoch := tr.Assign(tp0, 0)
	tr.Restore(tp0, epoch, TopicID{1}, 0, "")
	for n := range int64(1_000_000) {
		tr.Deliver(tp0, n, 0)
		if n > 0 {
			tr.Done(tp0, epoch, n)
		}
	}
	tr.Held(tp0, epoch, 0, 5)
	if c := cap(tr.partitions[tp0].entries); c > 1024 {
		t.Errorf("a held message made room for %d entries", c)
	}
	if c := tr.Commits(nil); len(c) != 1 || len(c[0].Metadata) > 60 {
		t.Errorf("and its map: %v", c)
	}
}

// BenchmarkTracker delivers and finishes in a window of 1,024, out of order.
func BenchmarkTracker(b *testing.B) {
	tr := New(Limits{})
	epoch := tr.Assign(tp0, 0)
	tr.Restore(tp0, epoch, TopicID{1}, 0, "")
	b.ReportAllocs()
	for n := range int64(b.N) {
		tr.Deliver(tp0, n, 0)
		if n >= 1024 {
			tr.Done(tp0, epoch, (n-1024)^7)
		}
		tr.Full(tp0)
	}
}
