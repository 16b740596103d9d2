package offsets

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd"
)

// oracle is the definition: a set of delivered and a set of done offsets.
type oracle struct {
	epoch           uint32
	closed          bool
	first, last     int64
	delivered, done map[int64]bool
	committed       int64
}

func newOracle(epoch uint32, next int64) *oracle {
	return &oracle{epoch: epoch, first: next, last: next - 1, committed: next,
		delivered: map[int64]bool{}, done: map[int64]bool{}}
}

func (o *oracle) compute() int64 {
	if o.last == Unknown-1 {
		return Unknown
	}
	for n := range o.last + 1 {
		if o.delivered[n] && !o.done[n] {
			return n
		}
	}
	return o.last + 1
}

var tp0, tp1 = boostd.TopicPartition{Topic: "t"}, boostd.TopicPartition{Topic: "t", Partition: 1}

// play runs the same random events on tracker and oracle and compares all that
// can be asked after each.
func play(t testing.TB, next func(n int) int, steps int) {
	tr := New(Limits{Pending: 40})
	parts := map[boostd.TopicPartition]*oracle{}
	tps := []boostd.TopicPartition{tp0, tp1}
	var epochs []uint32
	for range steps {
		tp := tps[next(2)]
		o := parts[tp]
		switch next(20) {
		case 0:
			start := int64(next(50)) - 1
			epoch := tr.Assign(tp, start)
			if slices.Contains(epochs, epoch) {
				t.Fatalf("epoch %d was given away twice", epoch)
			}
			epochs = append(epochs, epoch)
			parts[tp] = newOracle(epoch, start)
		case 1:
			tr.Raise(tp)
			delete(parts, tp)
		case 2:
			tr.Close(tp)
			if o != nil {
				o.closed = true
			}
		case 3, 4:
			for _, c := range tr.Commits(nil) {
				p := parts[c.TopicPartition]
				if p == nil || c.Epoch != p.epoch || c.Offset != p.compute() || c.Offset <= p.committed {
					t.Fatalf("commit %+v, oracle %+v", c, p)
				}
				if next(3) > 0 {
					tr.Committed(c)
					p.committed = c.Offset
				}
			}
		case 5, 6, 7, 8, 9, 10:
			offset := int64(next(4))
			if o != nil {
				offset += o.last + 1 - int64(next(2))
			}
			want := o != nil && !o.closed && offset > o.last && offset >= 0
			if _, ok := tr.Deliver(tp, offset); ok != want {
				t.Fatalf("deliver %v@%d: %v, want %v", tp, offset, ok, want)
			}
			if want {
				if o.last == Unknown-1 {
					o.committed = offset
				}
				o.delivered[offset], o.last = true, offset
			}
		default:
			if o == nil {
				continue
			}
			offset, epoch := o.last-int64(next(30)), o.epoch
			if next(10) == 0 {
				epoch--
			}
			want := epoch == o.epoch && o.delivered[offset] && !o.done[offset]
			if got := tr.Done(tp, epoch, offset); got != want {
				t.Fatalf("done %v@%d: %v, want %v", tp, offset, got, want)
			}
			if want {
				o.done[offset] = true
			}
		}
		compare(t, tr, parts, tps)
	}
}

func compare(t testing.TB, tr *Tracker, parts map[boostd.TopicPartition]*oracle, tps []boostd.TopicPartition) {
	for _, tp := range tps {
		o := parts[tp]
		got, known := tr.Committable(tp)
		if o == nil {
			if known || tr.Pending(tp) != 0 {
				t.Fatalf("%v isn't assigned, but has a position", tp)
			}
			continue
		}
		want, pending := o.compute(), len(o.delivered)-len(o.done)
		if known != (want != Unknown) || known && got != want {
			t.Fatalf("%v committable %d, %v; want %d", tp, got, known, want)
		}
		if tr.Pending(tp) != pending || tr.Full(tp) != (pending >= 40) {
			t.Fatalf("%v pending %d, full %v; want %d", tp, tr.Pending(tp), tr.Full(tp), pending)
		}
		if p, ok := tr.Position(tp); ok && p != o.last+1 {
			t.Fatalf("%v position %d, want %d", tp, p, o.last+1)
		}
	}
	if n := len(tr.Partitions()); n != len(parts) {
		t.Fatalf("%d partitions, want %d", n, len(parts))
	}
}

func TestTrackerAgainstOracle(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 7))
		play(t, rng.IntN, 400)
	}
}

func FuzzTracker(f *testing.F) {
	f.Add([]byte("a few steps of anything"))
	f.Fuzz(func(t *testing.T, data []byte) {
		next := func(n int) int {
			if len(data) < 2 {
				return 0
			}
			v := int(binary.LittleEndian.Uint16(data)) % n
			data = data[2:]
			return v
		}
		play(t, next, min(len(data)/4, 500))
	})
}

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
		tr.Deliver(tp0, o)
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
	tr.Deliver(tp0, 14)
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
	for n := range int64(1_000_000) {
		tr.Deliver(tp0, n)
		if n > 0 {
			tr.Done(tp0, epoch, n)
		}
	}
	if c := cap(tr.partitions[tp0].entries); c > 1024 {
		t.Errorf("a held message made room for %d entries", c)
	}
}

// BenchmarkTracker delivers and finishes in a window of 1,024, out of order.
func BenchmarkTracker(b *testing.B) {
	tr := New(Limits{})
	epoch := tr.Assign(tp0, 0)
	b.ReportAllocs()
	for n := range int64(b.N) {
		tr.Deliver(tp0, n)
		if n >= 1024 {
			tr.Done(tp0, epoch, (n-1024)^7)
		}
	}
}
