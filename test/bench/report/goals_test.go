package report

import (
	"slices"
	"strings"
	"testing"
)

// two is a run of two contestants with one figure each in case H.
func two(ours, other Values, higher bool) *Results {
	return &Results{
		Version: 1, Date: "2026-01-01T00:00:00Z", Rounds: 5, Contestants: []Contestant{{Name: Ours}, {Name: "other"}},
		Figures: []Figure{
			{Case: "H", Contestant: Ours, Measure: "m", Unit: "ms", Higher: higher, Rounds: ours},
			{Case: "H", Contestant: "other", Measure: "m", Unit: "ms", Higher: higher, Rounds: other},
			{Case: "H", Contestant: "other", Measure: "in s", Unit: "s", Rounds: other},
			{Case: "H", Variant: "idle", Contestant: "other", Measure: "m", Unit: "ms", Higher: higher, Rounds: Values{100}},
		},
	}
}

func TestCheck(t *testing.T) {
	type want struct {
		ratio   float64
		verdict string
		missing string
		bound   string
	}
	goal := func(change func(*Goal)) Goal {
		g := Goal{Case: "H", Measure: "m", Of: Ours, Against: "other"}
		change(&g)
		return g
	}
	for name, c := range map[string]struct {
		ours, other Values
		higher      bool
		goal        Goal
		want        want
	}{
		"at least":         {Values{4}, Values{2}, true, goal(func(g *Goal) { g.AtLeast = 2 }), want{2, "met", "", "≥ 2 ×"}},
		"below at least":   {Values{3.9}, Values{2}, true, goal(func(g *Goal) { g.AtLeast = 2 }), want{1.95, "not met", "", "≥ 2 ×"}},
		"at most":          {Values{3}, Values{2}, false, goal(func(g *Goal) { g.AtMost = 1.5 }), want{1.5, "met", "", "≤ 1.5 ×"}},
		"above at most":    {Values{3.1}, Values{2}, false, goal(func(g *Goal) { g.AtMost = 1.5 }), want{1.55, "not met", "", "≤ 1.5 ×"}},
		"allowance":        {Values{6}, Values{2}, false, goal(func(g *Goal) { g.AtMost, g.Allowance = 1.5, 3 }), want{3, "met", "", "≤ 1.5 × + 3 ms"}},
		"beyond allowance": {Values{6.1}, Values{2}, false, goal(func(g *Goal) { g.AtMost, g.Allowance = 1.5, 3 }), want{3.05, "not met", "", "≤ 1.5 × + 3 ms"}},
		"a band":           {Values{3}, Values{2}, false, goal(func(g *Goal) { g.AtLeast, g.AtMost = 1, 1.2 }), want{1.5, "not met", "", "≥ 1 ×, ≤ 1.2 ×"}},
		"limit":            {Values{3}, nil, false, goal(func(g *Goal) { g.Against, g.Limit = "", 3 }), want{nan, "met", "", "≤ 3 ms"}},
		"above limit":      {Values{3.5}, nil, false, goal(func(g *Goal) { g.Against, g.Limit = "", 3 }), want{nan, "not met", "", "≤ 3 ms"}},
		"limit, higher":    {Values{3.5}, nil, true, goal(func(g *Goal) { g.Against, g.Limit = "", 3 }), want{nan, "met", "", "≥ 3 ms"}},
		"below the limit":  {Values{2}, nil, true, goal(func(g *Goal) { g.Against, g.Limit = "", 3 }), want{nan, "not met", "", "≥ 3 ms"}},
		"ratio, not limit": {Values{3}, Values{2}, false, goal(func(g *Goal) { g.AtMost, g.Limit = 2, 2.5 }), want{1.5, "not met", "", "≤ 2 ×, ≤ 2.5 ms"}},
		"other variant":    {Values{50}, Values{2}, false, goal(func(g *Goal) { g.AgainstVariant, g.AtMost = "idle", 1 }), want{0.5, "met", "", "≤ 1 ×"}},
		// Four of five rounds are better than twice the other's; the medians alone, 20 and 14, wouldn't say so.
		"within rounds": {Values{10, 20, 30, 40, 1}, Values{4, 9, 14, 19, 50}, true, goal(func(g *Goal) { g.AtLeast = 2 }),
			want{30.0 / 14, "met", "", "≥ 2 ×"}},
		"a failed round": {Values{4, nan, 4}, Values{2, 1, 2}, true, goal(func(g *Goal) { g.AtLeast = 2 }), want{2, "met", "", "≥ 2 ×"}},
		"no round of both": {Values{4, nan}, Values{nan, 2}, true, goal(func(g *Goal) { g.AtLeast = 2 }),
			want{nan, "not measured", "a round that has both H, m of boostd and H, m of other, and the latter above 0", "≥ 2 ×"}},
		"against 0": {Values{4}, Values{0}, false, goal(func(g *Goal) { g.AtMost, g.Allowance = 1, 9 }),
			want{nan, "not measured", "a round that has both H, m of boostd and H, m of other, and the latter above 0", "≤ 1 × + 9 ms"}},
		"all failed": {Values{nan}, Values{2}, true, goal(func(g *Goal) { g.AtLeast = 2 }), want{nan, "not measured", "a round of H, m of boostd", "≥ 2 ×"}},
		"no figure":  {Values{4}, Values{2}, true, goal(func(g *Goal) { g.Variant, g.AtLeast = "none", 2 }), want{nan, "not measured", "H, none, m of boostd", "≥ 2 ×"}},
		"no figure against": {Values{4}, Values{2}, true, goal(func(g *Goal) { g.AgainstMeasure, g.AtLeast = "n", 2 }),
			want{nan, "not measured", "H, n of other", "≥ 2 ×"}},
		"two units": {Values{4}, Values{2}, true, goal(func(g *Goal) { g.AgainstMeasure, g.AtLeast = "in s", 2 }),
			want{nan, "not measured", "one unit: H, m of boostd is in ms, H, in s of other in s", "≥ 2 ×"}},
		"no bound":         {Values{4}, Values{2}, true, goal(func(*Goal) {}), want{nan, "not measured", "a bound that the goal could keep", ""}},
		"bound of no pair": {Values{4}, Values{2}, true, goal(func(g *Goal) { g.Against, g.AtLeast = "", 2 }), want{nan, "not measured", "a bound that the goal could keep", "≥ 2 ×"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := Check(two(c.ours, c.other, c.higher), []Goal{c.goal})[0]
			if !same(o.Ratio, c.want.ratio) || o.Verdict() != c.want.verdict || o.Missing != c.want.missing || o.Bound() != c.want.bound {
				t.Errorf("ratio %v, %s, missing %q, bound %q; want %+v", o.Ratio, o.Verdict(), o.Missing, o.Bound(), c.want)
			}
			if o.Met != (o.Verdict() == "met") {
				t.Errorf("met is %v, the verdict %s", o.Met, o.Verdict())
			}
		})
	}
}

func TestCompare(t *testing.T) {
	goal := Goal{What: "g", Case: "H", Measure: "m", Of: Ours, Against: "other", AtLeast: 1.4}
	for name, c := range map[string]struct {
		now, before Values // ours; the other's is 1 now, and 10 before on a slower machine
		higher      bool
		want        string
	}{
		"throughput fell":   {Values{1.5}, Values{20}, true, "H: g: fell by 25 %: 1.5 × now (1.5), 2 × before; goal ≥ 1.4 ×: met"},
		"wait rose":         {Values{2}, Values{15}, false, "H: g: fell by 25 %: 2 × now (2), 1.5 × before; goal ≥ 1.4 ×: met"},
		"throughput rose":   {Values{2}, Values{15}, true, ""},
		"wait fell":         {Values{1.5}, Values{20}, false, ""},
		"hardly":            {Values{1.72}, Values{20}, true, ""},
		"the same":          {Values{2}, Values{20}, true, ""},
		"from 0":            {Values{2}, Values{0}, false, "H: g: fell by 100 %: 2 × now (2), 0 × before; goal ≥ 1.4 ×: met"},
		"stays 0":           {Values{0}, Values{0}, false, ""},
		"not measured":      {Values{nan}, Values{20}, true, "H: g: not compared: this run lacks a round of H, m of boostd"},
		"was never":         {Values{2}, nil, true, "H: g: not compared: the earlier run lacks a round of H, m of boostd"},
		"fell, and not met": {Values{1, 1.1, 1.2}, Values{20}, true, "H: g: fell by 45 %: 1.1 × now (1–1.2), 2 × before; goal ≥ 1.4 ×: not met"},
	} {
		t.Run(name, func(t *testing.T) {
			ones, tens := Values{1, 1, 1}, Values{10, 10, 10}
			falls := Compare(two(c.now, ones, c.higher), two(c.before, tens, c.higher), []Goal{goal}, 0.15)
			var got []string
			for _, f := range falls {
				got = append(got, f.String())
			}
			if strings.Join(got, "\n") != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	alone := goal
	alone.Against, alone.Limit = "", 1
	if falls := Compare(two(Values{9}, nil, false), two(Values{1}, nil, false), []Goal{alone}, 0.15); len(falls) > 0 {
		t.Errorf("times of two runs were compared: %v", falls)
	}
}

func TestUnlike(t *testing.T) {
	now, before := sample(), sample()
	if got := Unlike(now, before); len(got) > 0 {
		t.Errorf("%q", got)
	}
	now.Quick, now.Machine.CPU, now.Machine.Client = true, "another", "2.16.0"
	want := []string{"run: quick now, full before", "CPU: another now, Example 3000 | two cores before", "librdkafka: 2.16.0 now, 2.15.0 before"}
	if got := Unlike(now, before); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
