package main

import (
	"slices"
	"testing"
)

func TestOrderRotates(t *testing.T) {
	v := variant{who: everyone(always("a", "b", "c"), seldom(1, "d"))}
	for _, c := range []struct {
		round  int
		wanted []string
		want   []string
	}{
		{0, nil, []string{"a", "b", "c", "d"}},
		{1, nil, []string{"b", "c", "a"}},
		{2, nil, []string{"c", "a", "b"}},
		{3, nil, []string{"a", "b", "c"}},
		{0, []string{"c", "d"}, []string{"c", "d"}},
		{1, []string{"c", "d"}, []string{"c"}},
		{1, []string{"d"}, nil},
	} {
		if got := v.order(c.round, c.wanted); !slices.Equal(got, c.want) {
			t.Errorf("round %d of %v: %v, want %v", c.round, c.wanted, got, c.want)
		}
	}
}

func TestStrikes(t *testing.T) {
	s := strikes{}
	a := turn{"T", "x", "a", 0}
	for n := range maxStrikes {
		if s.out(a) {
			t.Fatalf("out after %d failures", n)
		}
		s.add(a)
	}
	if !s.out(a) || !s.out(turn{"T", "x", "a", 3}) {
		t.Error("still in after enough failures")
	}
	if s.out(turn{"T", "y", "a", 0}) || s.out(turn{"T", "x", "b", 0}) {
		t.Error("another variant or contestant is out, too")
	}
}

// Each case is one that can be run: names are there once, and every turn has a bound
// and somebody to take it.
func TestCasesAreWhole(t *testing.T) {
	letters := map[string]bool{}
	for _, c := range cases {
		if letters[c.letter] || c.rounds < 1 || c.data == nil {
			t.Errorf("case %q: twice, without rounds, or without data", c.letter)
		}
		letters[c.letter] = true
		for _, quick := range []bool{false, true} {
			names := map[string]bool{}
			for _, v := range c.variants(quick) {
				if names[v.name] || v.limit <= 0 || (v.run == nil) == (c.whole == nil) {
					t.Errorf("case %s, %q: twice, without a limit, or without a way to run it", c.letter, v.name)
				}
				names[v.name] = true
				if len(v.order(0, nil)) == 0 {
					t.Errorf("case %s, %q has nobody", c.letter, v.name)
				}
				if first := v.order(1, nil); !quick && len(first) > 0 && !slices.Contains(first, boostd) && len(v.order(0, []string{boostd})) > 0 && v.who[0].rounds == 0 {
					t.Errorf("case %s, %q loses boostd in the second round", c.letter, v.name)
				}
			}
			if len(names) == 0 {
				t.Errorf("case %s has no variants", c.letter)
			}
		}
	}
}
