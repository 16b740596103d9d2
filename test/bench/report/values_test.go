package report

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
)

// same is equality for which NaN is equal to itself.
func same(a, b float64) bool { return a == b || (math.IsNaN(a) && math.IsNaN(b)) }

func TestMedianAndSpread(t *testing.T) {
	for _, c := range []struct {
		values                  Values
		median, lowest, highest float64
	}{
		{nil, nan, nan, nan},
		{Values{nan, nan}, nan, nan, nan},
		{Values{3}, 3, 3, 3},
		{Values{5, 1, 3}, 3, 1, 5},
		{Values{4, 1, 2, 9}, 3, 1, 9},
		{Values{nan, 2, 1, nan, 7}, 2, 1, 7},
	} {
		before := slices.Clone(c.values)
		lowest, highest := c.values.Spread()
		if median := c.values.Median(); !same(median, c.median) || !same(lowest, c.lowest) || !same(highest, c.highest) {
			t.Errorf("%v: median %v, spread %v to %v; want %v, %v to %v", c.values, median, lowest, highest, c.median, c.lowest, c.highest)
		}
		if !slices.EqualFunc(before, c.values, same) {
			t.Errorf("%v became %v: rounds keep their order", before, c.values)
		}
	}
}

func TestRatiosAreOfTheSameRound(t *testing.T) {
	for _, c := range []struct{ of, against, want Values }{
		{Values{2, 4, 9}, Values{1, 2, 3}, Values{2, 2, 3}},
		{Values{2, nan, 9}, Values{1, 2, 3}, Values{2, nan, 3}},
		{Values{2, 4, 9}, Values{nan, 2}, Values{nan, 2}},
		{Values{2, 0}, Values{0, 2}, Values{nan, 0}},
		{nil, Values{1}, Values{}},
	} {
		if got := c.of.Ratios(c.against); !slices.EqualFunc(got, c.want, same) {
			t.Errorf("%v to %v: %v, want %v", c.of, c.against, got, c.want)
		}
	}
	// A machine that was slow in the second round was so for both.
	of, against := Values{10, 5, 11}, Values{5, 2.5, 5.4}
	if got := of.Ratios(against).Median(); got != 2 {
		t.Errorf("median of the ratios: %v, want 2", got)
	}
}

func TestRoundWithoutValueIsNull(t *testing.T) {
	text, err := json.Marshal(Values{1, nan, 2.5})
	if err != nil || string(text) != "[1,null,2.5]" {
		t.Fatalf("%s, %v", text, err)
	}
	var back Values
	if err := json.Unmarshal(text, &back); err != nil || !slices.EqualFunc(back, Values{1, nan, 2.5}, same) {
		t.Errorf("%v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`["1"]`), &back); err == nil {
		t.Error("a text was taken for a value")
	}
}

func TestNewWaits(t *testing.T) {
	millis := make([]float64, 1000)
	for i := range millis {
		millis[i] = float64(1000 - i) // 1 to 1000, the wrong way round
	}
	w := NewWaits("v", "c", true, millis)
	if w.Variant != "v" || w.Contestant != "c" || !w.Floor {
		t.Errorf("%+v", w)
	}
	// Of the waits 1, 2, … 1000, q of all are at or below 1000 q.
	for _, c := range []struct {
		step int
		want float64
	}{{20, 900}, {40, 990}, {60, 999}} {
		if got := w.Millis[c.step-1]; got != c.want {
			t.Errorf("quantile %v is %v, want %v", w.Quantiles[c.step-1], got, c.want)
		}
	}
	if len(w.Quantiles) != 60 || len(w.Millis) != 60 {
		t.Errorf("%d quantiles of 1,000 waits, want 60: three nines", len(w.Quantiles))
	}
	for _, few := range [][]float64{nil, {7}} {
		if w := NewWaits("", "c", false, few); len(w.Quantiles) != 0 || len(w.Millis) != 0 {
			t.Errorf("%v: %+v", few, w)
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1: "1", 1.004: "1", 1.006: "1.01", 0.34: "0.34", 0.01834: "0.0183", 12.345: "12.3", 123.45: "123", 999.6: "1,000",
		1234: "1,230", 590123: "590,000", 2.9e6: "2,900,000", -1234: "-1,230", 1e-12: "0", 1e20: "1e+20", 1e-9: "0.000000001",
	} {
		if got := number(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
	for got, want := range map[string]string{
		number(nan): "–", times(nan): "–", times(2.5): "2.5 ×", quantity(3, "ms"): "3 ms", quantity(3, ""): "3",
		span(1, 2): "1–2", span(1.0001, 1.0002): "1", duration(59.4): "59 s", duration(59.6): "1 min 0 s", duration(1623.4): "27 min 3 s",
		millis(0.05): "50 µs", millis(20): "20 ms", millis(2000): "2 s", short(999): "999", short(590e3): "590k", short(2.9e6): "2.9M",
		percent(1): "90 %", percent(2): "99 %", percent(4): "99.99 %",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
