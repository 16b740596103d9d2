package verdict

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
)

// oracle counts inversions as design.md words them, pair by pair: same handler,
// levels L < H, H.ready + patience < L.start < H.start; a pair between whose
// H.ready and L.start there is a stall doesn't count. An H that never started
// starts after everything.
func oracle(waits []wait, patience time.Duration, stalls []Interval) (found, leftOut int) {
	for _, low := range waits {
		if low.start.IsZero() {
			continue
		}
		passed, stalled := false, false
		for _, high := range waits {
			inverted := high.pool == low.pool && high.level > low.level &&
				high.ready.Add(patience).Before(low.start) &&
				(high.start.IsZero() || low.start.Before(high.start))
			switch {
			case !inverted:
			case stalledBetween(stalls, high.ready, low.start):
				stalled = true
			default:
				passed = true
			}
		}
		switch {
		case passed:
			found++
		case stalled:
			leftOut++
		}
	}
	return found, leftOut
}

func stalledBetween(stalls []Interval, from, to time.Time) bool {
	return slices.ContainsFunc(stalls, func(s Interval) bool { return s.From.Before(to) && from.Before(s.To) })
}

// run draws a random run on a clock of whole milliseconds, so that moments
// coincide often.
type run struct {
	*rand.Rand
	span int // milliseconds
}

func (r run) at() time.Time { return base.Add(time.Duration(r.IntN(r.span)) * time.Millisecond) }

var base = time.Unix(1_790_000_000, 0)

func (r run) waits() []wait {
	waits := make([]wait, r.IntN(60))
	for n := range waits {
		w := wait{level: boostd.Level(r.IntN(4)), pool: []string{"a", "b"}[r.IntN(2)], ready: r.at()}
		if r.IntN(12) > 0 {
			w.start = w.ready.Add(time.Duration(r.IntN(20)) * time.Millisecond)
		}
		waits[n] = w
	}
	return waits
}

// stalls are in order and apart, as the recorder's are.
func (r run) stalls() []Interval {
	var stalls []Interval
	for at := r.IntN(10); at < r.span && r.IntN(6) > 0; at += r.IntN(r.span) {
		end := at + 1 + r.IntN(6)
		stalls = append(stalls, Interval{base.Add(time.Duration(at) * time.Millisecond), base.Add(time.Duration(end) * time.Millisecond)})
		at = end
	}
	return stalls
}

func TestInversionsAgainstOracle(t *testing.T) {
	total, excused := 0, 0
	for seed := range uint64(20_000) {
		r := run{rand.New(rand.NewPCG(seed, 7)), 10 + int(seed%90)}
		waits, stalls := r.waits(), r.stalls()
		patience := time.Duration(r.IntN(8)) * time.Millisecond
		found, leftOut := inversions(waits, patience, stalls)
		wantFound, wantLeft := oracle(waits, patience, stalls)
		if found != wantFound || leftOut != wantLeft {
			t.Fatalf("seed %d, patience %v: got %d and %d left out, want %d and %d\n%s", seed, patience,
				found, leftOut, wantFound, wantLeft, describe(waits, stalls))
		}
		total += found
		excused += leftOut
	}
	if total < 10_000 || excused < 10_000 {
		t.Errorf("the runs show too little: %d inversions, %d left out", total, excused)
	}
}

func describe(waits []wait, stalls []Interval) (text string) {
	ms := func(t time.Time) string {
		if t.IsZero() {
			return "never"
		}
		return fmt.Sprint(t.Sub(base).Milliseconds())
	}
	for _, w := range waits {
		text += fmt.Sprintf("%s level %d ready %s start %s\n", w.pool, w.level, ms(w.ready), ms(w.start))
	}
	for _, s := range stalls {
		text += fmt.Sprintf("stall %s to %s\n", ms(s.From), ms(s.To))
	}
	return text
}

// TestJudgeAgainstOracle compares whole verdicts, with messages that are lost,
// repeated and tried again, and records that nobody's ledger has.
func TestJudgeAgainstOracle(t *testing.T) {
	for seed := range uint64(3000) {
		r := run{rand.New(rand.NewPCG(seed, 11)), 400}
		ledger, records := r.history()
		stalls := r.stalls()
		got := Judge(ledger, records, stalls)
		want := judgeSlowly(ledger, records, stalls)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("seed %d:\ngot  %+v\nwant %+v", seed, got, want)
		}
	}
}

func (r run) history() (ledger []Entry, records []audit.Record) {
	for n := range r.IntN(50) {
		level := boostd.Level(r.IntN(4))
		e := Entry{tp(level), int64(n), level, r.at()}
		if r.IntN(10) > 0 {
			ledger = append(ledger, e)
		}
		for range []int{0, 1, 1, 1, 1, 1, 2, 3}[r.IntN(8)] {
			ready := e.AckedAt.Add(time.Duration(r.IntN(120)) * time.Millisecond)
			rec := audit.Record{
				Topic: e.Topic, Offset: e.Offset, Level: level, Handler: handlerOf(level), ReadyAt: ready,
				StartedAt: ready.Add(time.Duration(r.IntN(15)) * time.Millisecond),
				Result:    []boostd.Outcome{boostd.Done, boostd.Done, boostd.Done, boostd.Retry, boostd.Released}[r.IntN(5)],
			}
			if r.IntN(5) > 0 {
				rec.ProducedAt = e.AckedAt.Add(-time.Millisecond)
			}
			records = append(records, rec)
		}
	}
	r.Shuffle(len(records), func(a, b int) { records[a], records[b] = records[b], records[a] })
	return ledger, records
}

func tp(l boostd.Level) boostd.TopicPartition {
	return boostd.TopicPartition{Topic: fmt.Sprintf("t_%d", l)}
}

// handlerOf gives levels 0 … 2 to one handler and level 3 to another.
func handlerOf(l boostd.Level) string { return []string{"a", "a", "a", "b"}[l] }

// judgeSlowly looks through all records for each message.
func judgeSlowly(ledger []Entry, records []audit.Record, stalls []Interval) Verdict {
	v := Verdict{}
	var blind, ordinary []wait
	for _, r := range records {
		ordinary = append(ordinary, wait{r.Level, r.Handler, r.ReadyAt, r.StartedAt})
	}
	for level := range boostd.Level(4) {
		l := Level{Level: level}
		for _, e := range ledger {
			if e.Level != level {
				continue
			}
			own := slices.DeleteFunc(slices.Clone(records), func(r audit.Record) bool { return r.Topic != e.Topic || r.Offset != e.Offset })
			w := wait{level: level, pool: poolOf(e, records), ready: e.AckedAt}
			done := 0
			var produced time.Time
			for _, r := range own {
				if w.start.IsZero() || r.StartedAt.Before(w.start) {
					w.start, produced = r.StartedAt, r.ProducedAt
				}
				if r.Result == boostd.Done {
					done++
				}
			}
			l.Produced++
			l.Handled += min(done, 1)
			l.Lost += 1 - min(done, 1)
			l.Duplicates += max(done-1, 0)
			if !produced.IsZero() {
				l.Waits = append(l.Waits, w.start.Sub(produced))
			}
			blind = append(blind, w)
		}
		if l.Produced > 0 {
			slices.Sort(l.Waits)
			v.Levels = append(v.Levels, l)
		}
		v.Produced, v.Handled = v.Produced+l.Produced, v.Handled+l.Handled
		v.Lost, v.Duplicates = v.Lost+l.Lost, v.Duplicates+l.Duplicates
	}
	left := 0
	v.Inversions, v.LeftOut = oracle(ordinary, 5*time.Millisecond, stalls)
	v.BlindInversions, left = oracle(blind, 50*time.Millisecond, stalls)
	v.LeftOut += left
	return v
}

// poolOf is the handler of the message's topic; while the audit knows only one
// handler, all are its.
func poolOf(e Entry, records []audit.Record) string {
	handlers := map[string]bool{}
	for _, r := range records {
		if r.Topic == e.Topic {
			return r.Handler
		}
		handlers[r.Handler] = true
	}
	for h := range handlers {
		if len(handlers) == 1 {
			return h
		}
	}
	return ""
}
