package sim

import (
	"math"
	"slices"
	"testing"
	"time"
)

// The queue gives back what was pushed in the order of time, and of pushes.
func TestQueueAgainstSort(t *testing.T) {
	r := newRandom(1, 9, 9)
	var q queue
	var want []event
	for range 20_000 {
		if r.below(5) < 3 || len(want) == 0 {
			e := event{at: int64(r.below(50)), who: int32(r.below(1000))}
			q.push(e)
			e.seq = q.seq - 1
			want = append(want, e)
			continue
		}
		slices.SortFunc(want, func(a, b event) int {
			if a.before(&b) {
				return -1
			}
			return 1
		})
		if got, ok := q.pop(); !ok || got != want[0] {
			t.Fatalf("got %+v, want %+v", got, want[0])
		}
		want = want[1:]
	}
	for range want {
		q.pop()
	}
	if e, ok := q.pop(); ok {
		t.Errorf("%+v is left", e)
	}
}

func TestWaitsAgainstSort(t *testing.T) {
	r := newRandom(2, 9, 9)
	var all []time.Duration
	var w, even, odd Waits
	for n := range 10_000 {
		d := time.Duration(math.Exp(r.float() * 30))
		if n == 0 {
			d = 0
		}
		all = append(all, d)
		w.add(d)
		if n%2 == 0 {
			even.add(d)
		} else {
			odd.add(d)
		}
	}
	slices.Sort(all)
	sum := even.Merged(&odd)
	for _, q := range []float64{0.0001, 0.01, 0.5, 0.9, 0.99, 1} {
		want := all[int(q*10_000)-1]
		got := w.Quantile(q)
		if got < want || float64(got) > float64(want)*1.017 {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
		if sum.Quantile(q) != got {
			t.Errorf("quantile %v of two halves is %v, of all %v", q, sum.Quantile(q), got)
		}
		at, _ := slices.BinarySearch(all, want+1)
		above := 10_000 - at
		if got := int(w.Above(want)); got > above || got < above-300 {
			t.Errorf("%d are above %v, want %d", got, want, above)
		}
	}
	if w.Max() != all[len(all)-1] || w.Count() != 10_000 || even.Count() != 5000 {
		t.Errorf("max %v of %d and %d", w.Max(), w.Count(), even.Count())
	}
	if none := new(Waits); none.Quantile(0.5) != 0 || none.Max() != 0 {
		t.Error("nothing has waits")
	}
}

// What is drawn has the mean and the quantiles that were asked for.
func TestTimes(t *testing.T) {
	for name, c := range map[string]struct {
		times       Times
		median, p99 time.Duration
	}{
		"constant":    {Times{{Shape: Constant, A: time.Millisecond}}, time.Millisecond, time.Millisecond},
		"uniform":     {Times{{Shape: Uniform, A: time.Millisecond, B: 5 * time.Millisecond}}, 3 * time.Millisecond, 4960 * time.Microsecond},
		"exponential": {Times{{Shape: Exponential, A: time.Millisecond}}, 693 * time.Microsecond, 4605 * time.Microsecond},
		"lognormal":   {Times{{Shape: Lognormal, A: time.Millisecond, B: 20 * time.Millisecond}}, time.Millisecond, 20 * time.Millisecond},
		"mix": {Times{{Share: 97, Shape: Constant, A: 20 * time.Microsecond}, {Share: 3, Shape: Constant, A: time.Second}},
			20 * time.Microsecond, time.Second},
	} {
		if err := c.times.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		r := newRandom(3, 9, 9)
		var w Waits
		sum := 0.0
		for range 200_000 {
			d := c.times.draw(&r)
			w.add(time.Duration(d))
			sum += float64(d)
		}
		near := func(what string, got, want time.Duration, within float64) {
			if math.Abs(float64(got-want)) > within*float64(want) {
				t.Errorf("%s: %s is %v, want %v", name, what, got, want)
			}
		}
		near("mean", time.Duration(sum/200_000), c.times.Mean(), 0.05)
		near("median", w.Quantile(0.5), c.median, 0.03)
		near("p99", w.Quantile(0.99), c.p99, 0.08)
	}
}

func TestTimesThatCannotBe(t *testing.T) {
	for _, c := range []Times{
		nil,
		{{Shape: Constant, A: -1}},
		{{Shape: Constant, A: MaxTime + 1}},
		{{Shape: Uniform, A: 2, B: 1}},
		{{Shape: Lognormal, A: 0, B: 1}},
		{{Shape: Lognormal, A: 2, B: 1}},
		{{Share: 1, A: 1}, {Share: 0, A: 1}},
		{{Share: 1, A: 1}, {Share: math.NaN(), A: 1}},
		{{Share: 1, A: 1}, {Share: math.Inf(1), A: 1}},
	} {
		if c.Validate() == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}
