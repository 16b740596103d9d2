package conf

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/scheduler"
)

// A policy is taken over level by level, ascending.
func TestPolicyForTheScheduler(t *testing.T) {
	p := Policy{MaxWait: boostd.Duration(time.Minute), MinShare: map[string]int{"3-5": 10, "0": 5, "x": 1}, Reserve: map[string]int{"10": 2, "8": 4, "3-5": 1}}
	p.SetDefaults()
	want := scheduler.Policy{
		MaxWait:  time.Minute,
		MinShare: []scheduler.Share{{Level: 0, Percent: 5}, {Level: 3, Percent: 10}, {Level: 4, Percent: 10}, {Level: 5, Percent: 10}},
		Reserve:  []scheduler.Reserve{{From: 8, Slots: 4}, {From: 10, Slots: 2}},
	}
	if got := p.Scheduling(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := (Policy{Mode: Exclusive}).Scheduling(); !got.Exclusive {
		t.Errorf("exclusive is %+v", got)
	}
	var none Policy
	if none.SetDefaults(); none.Mode != Strict || !none.Scheduling().Strict() || none.Validate() != nil || none.Check(1, 1) != nil {
		t.Errorf("nothing is %+v", none)
	}
}

// The levels that there are come from elsewhere: against them it is checked with
// the same texts.
func TestPolicyAgainstLevels(t *testing.T) {
	p := Policy{Mode: Strict, MinShare: map[string]int{"4-6": 10}, Reserve: map[string]int{"6": 1, "5": 2}}
	if errs := p.Check(4, 7); errs != nil {
		t.Errorf("it fits: %v", errs)
	}
	want := "min_share.4-6: level 6 is outside 0 to 5\nreserve.6: level 6 is outside 1 to 5"
	if err := errors.Join(p.Check(4, 6)...); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// Whatever a policy holds, what is found fault with nowhere works in the core.
func FuzzPolicy(f *testing.F) {
	for _, text := range []string{"{}", "{mode: strict, max_wait: 30s, min_share: {0: 5, 3-5: 10}, reserve: {8: 4}}", "{mode: exclusive, reserve: {8: 4, 9: 2}}",
		"{min_share: {0-999999999: 1}}", "{min_share: {2: 1, 1-3: 1}}", "{reserve: {1: 15, 1000: 15}}", "{min_share: {-1: 1}, reserve: {08: -1}}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		root := &yaml.Node{}
		if err := yaml.Unmarshal([]byte(text), root); err != nil || len(root.Content) == 0 {
			return
		}
		d, p := newDecoder("f", environment{}), Policy{}
		if d.decode(root.Content[0], &p); len(d.problems) > 0 {
			return
		}
		p.SetDefaults()
		if p.Validate() != nil || p.Check(16, priority.MaxLevel+1) != nil {
			return
		}
		if errs := p.Scheduling().Validate(16, priority.MaxLevel+1); errs != nil {
			t.Errorf("%q: %v", text, errs)
		}
	})
}
