package verdict

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
)

func ms(n float64) time.Time { return base.Add(time.Duration(n * float64(time.Millisecond))) }

// acked and ran make the two witnesses of one message; its topic is its level's.
func acked(offset int64, level boostd.Level, at float64) Entry {
	return Entry{boostd.TopicPartition{Topic: topics[level]}, offset, level, ms(at)}
}

func ran(offset int64, level boostd.Level, ready, start float64, result boostd.Outcome) audit.Record {
	return audit.Record{Topic: topics[level], Offset: offset, Level: level, Handler: "h",
		ProducedAt: ms(0), ReadyAt: ms(ready), StartedAt: ms(start), Result: result}
}

func with(handler string, r audit.Record) audit.Record {
	r.Handler = handler
	return r
}

var topics = map[boostd.Level]string{1: "orders", 5: "orders_5", 9: "orders_9"}

func TestJudge(t *testing.T) {
	const done, retry, held, released = boostd.Done, boostd.Retry, boostd.Held, boostd.Released
	type sum struct{ produced, handled, lost, duplicates, inversions, blind, left int }
	for _, c := range []struct {
		name    string
		ledger  []Entry
		records []audit.Record
		stalls  []Interval
		want    sum
	}{
		{"nothing", nil, nil, nil, sum{}},
		{"one", []Entry{acked(1, 5, 1)}, []audit.Record{ran(1, 5, 2, 3, done)}, nil, sum{1, 1, 0, 0, 0, 0, 0}},
		{"lost without a trace", []Entry{acked(1, 5, 1)}, nil, nil, sum{1, 0, 1, 0, 0, 0, 0}},
		{"only tried", []Entry{acked(1, 5, 1)}, []audit.Record{ran(1, 5, 2, 3, retry), ran(1, 5, 9, 9, held)}, nil, sum{1, 0, 1, 0, 0, 0, 0}},
		{"retried, then done", []Entry{acked(1, 5, 1)}, []audit.Record{ran(1, 5, 2, 3, retry), ran(1, 5, 9, 9, done)}, nil, sum{1, 1, 0, 0, 0, 0, 0}},
		{"done three times", []Entry{acked(1, 5, 1)},
			[]audit.Record{ran(1, 5, 2, 3, done), ran(1, 5, 2, 4, done), ran(1, 5, 2, 5, done)}, nil, sum{1, 1, 0, 2, 0, 0, 0}},
		{"released and done is no duplicate", []Entry{acked(1, 5, 1)},
			[]audit.Record{ran(1, 5, 2, 3, released), ran(1, 5, 4, 5, done)}, nil, sum{1, 1, 0, 0, 0, 0, 0}},
		{"not in the ledger", []Entry{acked(1, 5, 1)}, []audit.Record{ran(1, 5, 2, 3, done), ran(2, 5, 2, 3, done)}, nil, sum{1, 1, 0, 0, 0, 0, 0}},
		{"the same offset of another partition", []Entry{acked(1, 5, 1), acked(1, 9, 1)},
			[]audit.Record{ran(1, 5, 2, 3, done)}, nil, sum{2, 1, 1, 0, 0, 0, 0}},
		{"lower first, within the tolerance", nil,
			[]audit.Record{ran(1, 9, 10, 20, done), ran(1, 1, 0, 15, done)}, nil, sum{}},
		{"lower first, beyond the tolerance", nil,
			[]audit.Record{ran(1, 9, 10, 20, done), ran(1, 1, 0, 15.001, done)}, nil, sum{inversions: 1}},
		{"higher starts at the same moment", nil,
			[]audit.Record{ran(1, 9, 10, 20, done), ran(1, 1, 0, 20, done)}, nil, sum{}},
		{"each lower start counts, however many wait", nil,
			[]audit.Record{ran(1, 9, 0, 90, done), ran(2, 9, 0, 90, done), ran(1, 1, 0, 50, done), ran(2, 1, 0, 60, done), ran(1, 5, 0, 70, done)},
			nil, sum{inversions: 3}},
		{"equal levels don't", nil, []audit.Record{ran(1, 9, 0, 90, done), ran(2, 9, 0, 50, done)}, nil, sum{}},
		{"another handler's message", nil,
			[]audit.Record{ran(1, 9, 0, 90, done), with("g", ran(1, 1, 0, 50, done))}, nil, sum{}},
		{"each attempt counts by itself", nil,
			[]audit.Record{ran(1, 9, 0, 1, retry), ran(1, 9, 40, 90, done), ran(1, 1, 0, 30, retry), ran(1, 1, 0, 60, done)}, nil, sum{inversions: 1}},
		{"blind within the tolerance", []Entry{acked(1, 9, 10), acked(1, 1, 0)},
			[]audit.Record{ran(1, 9, 99, 99, done), ran(1, 1, 0, 60, done)}, nil, sum{2, 2, 0, 0, 0, 0, 0}},
		{"blind beyond the tolerance", []Entry{acked(1, 9, 10), acked(1, 1, 0)},
			[]audit.Record{ran(1, 9, 99, 99, done), ran(1, 1, 0, 60.001, done)}, nil, sum{2, 2, 0, 0, 0, 1, 0}},
		{"blind: the first attempt's start counts", []Entry{acked(1, 9, 0), acked(1, 1, 0)},
			[]audit.Record{ran(1, 9, 1, 2, retry), ran(1, 9, 200, 200, done), ran(1, 1, 0, 100, done)}, nil, sum{2, 2, 0, 0, 0, 0, 0}},
		{"blind: the higher never started, nor its topic", []Entry{acked(1, 9, 0), acked(1, 1, 0), acked(2, 1, 0)},
			[]audit.Record{ran(1, 1, 0, 30, done), ran(2, 1, 0, 51, done)}, nil, sum{3, 2, 1, 0, 0, 1, 0}},
		{"blind: the higher never started and is another handler's", []Entry{acked(1, 9, 0), acked(2, 9, 0), acked(1, 1, 0)},
			[]audit.Record{with("g", ran(2, 9, 0, 1, done)), ran(1, 1, 0, 100, done)}, nil, sum{3, 2, 1, 0, 0, 0, 0}},
		{"a stall between excuses and is counted, for both kinds", []Entry{acked(1, 9, 0), acked(1, 1, 0)},
			[]audit.Record{ran(1, 9, 0, 100, done), ran(1, 1, 0, 60, done)}, []Interval{{ms(59), ms(70)}}, sum{2, 2, 0, 0, 0, 0, 2}},
		{"a stall before or after doesn't", []Entry{acked(1, 9, 10), acked(1, 1, 0)},
			[]audit.Record{ran(1, 9, 10, 100, done), ran(1, 1, 0, 90, done)}, []Interval{{ms(1), ms(10)}, {ms(90), ms(95)}}, sum{2, 2, 0, 0, 1, 1, 0}},
		{"one higher message without a stall is enough", nil,
			[]audit.Record{ran(1, 9, 0, 100, done), ran(1, 5, 30, 100, done), ran(1, 1, 0, 60, done)}, []Interval{{ms(10), ms(20)}}, sum{inversions: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := Judge(c.ledger, c.records, c.stalls)
			got := sum{v.Produced, v.Handled, v.Lost, v.Duplicates, v.Inversions, v.BlindInversions, v.LeftOut}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if clean := c.want.lost+c.want.duplicates+c.want.inversions+c.want.blind == 0; v.Clean() != clean {
				t.Errorf("clean is %v", v.Clean())
			}
		})
	}
}

func TestJudgeByLevel(t *testing.T) {
	v := Judge(
		[]Entry{acked(1, 9, 0), acked(1, 5, 0), acked(2, 5, 0), acked(3, 5, 0)},
		[]audit.Record{
			ran(1, 9, 1, 2, boostd.Done), ran(2, 5, 3, 9, boostd.Done), ran(1, 5, 3, 5, boostd.Retry),
			ran(1, 5, 20, 20, boostd.Done), ran(1, 5, 21, 21, boostd.Done),
		}, nil)
	if len(v.Levels) != 2 || v.Levels[0].Level != 5 || v.Levels[1].Level != 9 {
		t.Fatalf("levels are %+v, want 5 and 9", v.Levels)
	}
	five := v.Levels[0]
	if five.Produced != 3 || five.Handled != 2 || five.Lost != 1 || five.Duplicates != 1 {
		t.Errorf("level 5 is %+v", five)
	}
	if want := []time.Duration{5 * time.Millisecond, 9 * time.Millisecond}; len(five.Waits) != 2 || five.Waits[0] != want[0] || five.Waits[1] != want[1] {
		t.Errorf("waits are %v, want %v", five.Waits, want)
	}
}

func TestQuantile(t *testing.T) {
	upTo := func(n int) Level {
		l := Level{}
		for d := range n {
			l.Waits = append(l.Waits, time.Duration(d+1))
		}
		return l
	}
	for _, c := range []struct {
		n    int
		q    float64
		want time.Duration
	}{
		{0, 0.5, 0}, {1, 0, 1}, {1, 0.5, 1}, {1, 1, 1}, {2, 0.5, 1}, {3, 0.5, 2}, {4, 0.5, 2},
		{10, 0.99, 10}, {100, 0.99, 99}, {101, 0.99, 100}, {1000, 0.99, 990}, {1000, 1, 1000}, {100_000, 0.99, 99_000},
	} {
		if got := upTo(c.n).Quantile(c.q); got != c.want {
			t.Errorf("quantile %v of %d is %d, want %d", c.q, c.n, got, c.want)
		}
	}
}
