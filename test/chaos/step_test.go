package chaos

import (
	"reflect"
	"slices"
	"testing"
)

// The same seed deals the same rounds; after some rounds every kind has come; of
// one lane a round has one at most.
func TestPlanner(t *testing.T) {
	const rounds = 60
	a, b, other := NewPlanner(7), NewPlanner(7), NewPlanner(8)
	seen, differ := map[Kind]bool{}, false
	for range rounds {
		r := a.Next()
		if !reflect.DeepEqual(r, b.Next()) {
			t.Fatal("the same seed deals another round")
		}
		differ = differ || !reflect.DeepEqual(r, other.Next())
		taken := map[int]bool{}
		for _, s := range r.Steps {
			seen[s.Kind] = true
			lane := slices.IndexFunc(lanes, func(l []lasting) bool {
				return slices.ContainsFunc(l, func(k lasting) bool { return k.kind == s.Kind && s.Lasts >= k.least && s.Lasts <= k.most })
			})
			if lane < 0 || taken[lane] {
				t.Errorf("%v has %q, for %v, out of lane or a second time", r, s.Kind, s.Lasts)
			}
			taken[lane] = true
		}
	}
	for _, lane := range lanes {
		for _, k := range lane {
			if !seen[k.kind] {
				t.Errorf("%d rounds are without %q", rounds, k.kind)
			}
		}
	}
	if !differ {
		t.Error("another seed deals the same")
	}
}
