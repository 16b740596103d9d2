package sim

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd/scheduler"
)

// saturated is a load whose level 9 alone is more than the slots can do.
func saturated() *Config {
	c := small()
	c.For = 30 * time.Second
	c.Handler = Times{{Shape: Constant, A: 4 * time.Millisecond}} // 2,000 a second
	c.Loads = []Load{
		{First: 9, Last: 9, Partitions: 4, Steady: 2500},
		{First: 2, Last: 2, Partitions: 4, Steady: 10},
	}
	return c
}

// Under strict a level below a saturated one starves; the exceptions from strict
// are there to end that.
func TestStarvation(t *testing.T) {
	for name, c := range map[string]struct {
		policy  scheduler.Policy
		starves bool
	}{
		"strict":    {scheduler.Policy{}, true},
		"exclusive": {scheduler.Policy{Exclusive: true}, true},
		"reserve":   {scheduler.Policy{Reserve: []scheduler.Reserve{{From: 9, Slots: 1}}}, true},
		"max_wait":  {scheduler.Policy{MaxWait: 2 * time.Second}, false},
		"min_share": {scheduler.Policy{MinShare: []scheduler.Share{{Level: 2, Percent: 5}}}, false},
	} {
		config := saturated()
		config.Pool.Policy = c.policy
		r := simulate(t, config)
		low, high := level(t, r, 2), level(t, r, 9)
		if (low.Verdict == Starves) != c.starves {
			t.Errorf("%s: level 2 %v, %d of %d handled, longest stall %+v", name, low.Verdict, low.Handled(), low.Produced, low.Stall)
		}
		if high.Verdict != FallsBehind || high.Grown < 3000 {
			t.Errorf("%s: level 9 %v, grown by %d", name, high.Verdict, high.Grown)
		}
		if c.starves && (low.Stall.For < 25*time.Second || low.Stall.Waiting < 250) {
			t.Errorf("%s: the stall is %+v", name, low.Stall)
		}
	}
}

// With max_wait nothing that was fetched waits much longer than that.
func TestMaxWaitBoundsTheWait(t *testing.T) {
	c := saturated()
	c.Pool.Policy.MaxWait = 2 * time.Second
	c.Loads[0].Steady = 1900
	r := simulate(t, c)
	if low := level(t, r, 2); low.Waits.Max() > 2100*time.Millisecond || low.Verdict != KeepsUp {
		t.Errorf("level 2 %v, waits up to %v", low.Verdict, low.Waits.Max())
	}
}

func TestVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		load Load
		want Verdict
	}{
		"nothing but a few":    {Load{Steady: 10}, KeepsUp},
		"too much":             {Load{Steady: 4000}, FallsBehind},
		"a backlog that sinks": {Load{Backlog: 30_000, Steady: 10}, Clears},
		"a backlog that ends":  {Load{Backlog: 1000, Steady: 10}, KeepsUp},
		"a burst now and then": {Load{Burst: 300, Every: time.Second}, KeepsUp},
	} {
		config := small()
		c.load.Partitions = 3
		config.Loads = []Load{c.load}
		r := simulate(t, config)
		if l := level(t, r, 0); l.Verdict != c.want {
			t.Errorf("%s: %v, want %v: %d waiting, grown by %d", name, l.Verdict, c.want, l.Waiting(), l.Grown)
		}
	}
}

// What is bound to one key doesn't go from free slot to free slot: no other slot
// could run it.
func TestOneKeyAmongFreeSlots(t *testing.T) {
	c := small()
	c.Handler, c.For = Times{{Shape: Constant, A: 500 * time.Microsecond}}, 5*time.Second
	c.Loads = []Load{
		{First: 5, Last: 5, Partitions: 1, Order: scheduler.ByPartition, Backlog: 4000},
		{First: 0, Last: 0, Partitions: 4, Backlog: 30_000},
	}
	r := simulate(t, c)
	if high := level(t, r, 5); high.Done != 4000 || high.Waits.Max() > 3*time.Second {
		t.Errorf("level 5: %d done, waits up to %v", high.Done, high.Waits.Max())
	}
	if r.Events > 34_000*4 {
		t.Errorf("%d events for 34,000 messages", r.Events)
	}
}

// Where nobody is left, what comes starves.
func TestNobodyIsLeft(t *testing.T) {
	for _, e := range []Event{Leave, Crash} {
		c := small()
		c.For = 40 * time.Second
		c.Loads = []Load{{Partitions: 3, Steady: 100}}
		c.Changes = []Change{{5 * time.Second, 1, e}, {30 * time.Second, 1, Join}}
		r := simulate(t, c)
		l := level(t, r, 0)
		if l.Verdict != Starves || l.Stall.From < 4*time.Second || l.Stall.For < 25*time.Second || l.Stall.For > 27*time.Second {
			t.Errorf("%v %+v", l.Verdict, l.Stall)
		}
		if l.Waiting() > 100 {
			t.Errorf("%d wait although an instance has joined", l.Waiting())
		}
		if repeats := l.Repeats > 0; repeats != (e == Crash) && l.Repeats > 8 {
			t.Errorf("%d were started twice", l.Repeats)
		}
	}
}
