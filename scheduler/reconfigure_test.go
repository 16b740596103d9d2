package scheduler

import (
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

func (r *rig) reconfigure(levels int, policy Policy) {
	r.t.Helper()
	e, err := r.core.Reconfigure(r.now, levels, []PoolChange{r.change(policy)})
	if err != nil {
		r.t.Fatal(err)
	}
	r.apply(e)
}

// change is another policy, and nothing else.
func (r *rig) change(policy Policy) PoolChange {
	c := r.core.pools[0].config
	return PoolChange{c.Slots, c.Retry, policy, c.Preemptible, c.Batch}
}

// levels are those that status shows.
func (r *rig) levels() (shown []boostd.Level) {
	for _, l := range r.core.Status(r.now).Pools[0].Levels {
		shown = append(shown, l.Level)
	}
	return shown
}

// TestFewerLevels: what is here keeps its level and goes first; what comes has the
// highest that is left.
func TestFewerLevels(t *testing.T) {
	r := newRig(t, 1, Unordered)
	r.fetch(0, tp0, "-:5")
	r.want("run 0@5: 0")
	r.fetch(0, tp0, "-:9", "-:10", "-:4")
	r.reconfigure(6, Policy{})
	r.want()
	r.fetch(0, tp0, "-:10", "-:5")
	for _, next := range []string{"run 0@10: 2", "run 0@9: 1", "run 0@5: 4", "run 0@5: 5", "run 0@4: 3"} {
		r.finish(0, done)
		if got := r.said[0]; got != next {
			t.Fatalf("next is %q, want %q", got, next)
		}
	}
	if shown := r.levels(); len(shown) != 2 || shown[1] != 5 {
		t.Errorf("status shows the levels %v, of which 9 and 10 are no more", shown)
	}
	if _, err := r.core.PauseLevel(r.now, Pause{Level: 9}); err == nil {
		t.Error("a level that is no more was paused")
	}
}

// TestMoreLevels: the new ones are as the old ones were from the beginning, and
// what was known before is kept.
func TestMoreLevels(t *testing.T) {
	r := newRig(t, 1, ByKey)
	r.warm(9, 10*time.Microsecond)
	r.fetch(0, tp0, "a:9", "a:9", "b:3")
	r.want("run 0@9: 0 1")
	r.reconfigure(5000, Policy{MinShare: []Share{{4000, 50}}})
	r.fetch(0, tp0, "a:4999", "c:300")
	r.want()
	r.finish(0, done, done)
	r.want("run 0@4999: 3", "done 0", "done 1")
	r.finish(0, done)
	r.want("run 0@300: 4", "done 3")
	r.reconfigure(11, Policy{})
	r.reconfigure(400, Policy{})
	r.fetch(0, tp0, "d:399", "d:399")
	r.finish(0, done)
	r.want("run 0@399: 5", "done 4")
}

// TestReconfigureIsChecked: nothing changes where anything doesn't fit.
func TestReconfigureIsChecked(t *testing.T) {
	r := newRig(t, 4, ByKey)
	for text, c := range map[string]struct {
		levels int
		pools  []PoolChange
	}{
		"want 1 to 262144 levels, got 0":                           {0, []PoolChange{r.change(Policy{})}},
		"want 1 to 262144 levels, got 262145":                      {MaxLevels + 1, []PoolChange{r.change(Policy{})}},
		"2 changes for 1 pools":                                    {11, make([]PoolChange, 2)},
		`pool "p": policy: min_share: level 4 is outside 0 to 3`:   {4, []PoolChange{r.change(Policy{MinShare: []Share{{4, 10}}})}},
		`pool "p": policy: reserve: level 9 is outside 1 to 3`:     {4, []PoolChange{r.change(Policy{Reserve: []Reserve{{9, 1}}})}},
		`pool "p": want at least 1 slot and 1 attempt`:             {11, []PoolChange{{Slots: 0, Retry: rigPool.Retry}}},
		`got 2, 0 and 11`:                                          {11, []PoolChange{{Slots: 2}}},
		"reserve: 1 slots for level 9 and above, want 1 to 0: the": {11, []PoolChange{{Slots: 1, Retry: rigPool.Retry, Policy: Policy{Reserve: []Reserve{{9, 1}}}}}},
	} {
		_, err := r.core.Reconfigure(r.now, c.levels, c.pools)
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%d levels, %v: %v; want %q", c.levels, c.pools, err, text)
		}
		if p := r.core.pools[0]; p.config.Levels != 11 || p.config.Slots != 4 || !p.config.Policy.Strict() {
			t.Fatalf("%q: the pool has changed to %+v", text, p.config)
		}
	}
}

// TestPolicyThatStaysKeepsItsCredits: another number of levels is no new start for
// shares.
func TestPolicyThatStaysKeepsItsCredits(t *testing.T) {
	r := newRig(t, 1, Unordered)
	policy := Policy{MinShare: []Share{{0, 50}}}
	r.reconfigure(11, policy)
	r.fetch(0, tp0, "-:9", "-:9", "-:9", "-:0", "-:0")
	r.finish(0, done)
	r.want("run 0@9: 1", "done 0") // half a message is owed to level 0
	r.reconfigure(12, policy)
	r.finish(0, done)
	r.want("run 0@0: 3", "done 1")
}

func TestPoliciesAreCompared(t *testing.T) {
	all := []Policy{{}, {Exclusive: true}, {MaxWait: time.Second}, {MaxWait: time.Minute}, {MinShare: []Share{{1, 10}}}, {MinShare: []Share{{1, 11}}},
		{Reserve: []Reserve{{1, 1}}}, {Reserve: []Reserve{{2, 1}}}}
	for n, p := range all {
		for k, o := range all {
			if p.equal(o) != (n == k) {
				t.Errorf("%+v equals %+v: %v", p, o, p.equal(o))
			}
		}
	}
}

// TestPauseOutlivesItsLevel: it holds what is left there, and the level again when
// that returns, until it is ended.
func TestPauseOutlivesItsLevel(t *testing.T) {
	r := newRig(t, 2, Unordered)
	own := r.consumer(ConsumerConfig{Name: "9", Level: 9})
	r.pause(9, 0)
	if r.want("flow 1 PAUSED"); r.core.consumer(own).gate.reason.Kind != ByHand {
		t.Fatal("its own consumer isn't paused by hand")
	}
	r.fetch(0, tp0, "-:9")
	r.reconfigure(6, Policy{})
	r.want("flow 1 RUN") // it has level 5 now
	r.fetch(0, tp0, "-:9")
	r.want("run 0@5: 1")
	if shown := r.core.Status(r.now).Paused; len(shown) != 1 || shown[0].Level != 9 {
		t.Errorf("these are paused: %v", shown)
	}
	r.reconfigure(11, Policy{})
	r.fetch(0, tp0, "-:9")
	r.want()
	r.resume(9)
	r.want("run 1@9: 0")
}

// TestConsumersOfALevelThatIsNoMore get the highest that is left, with what waits
// for them in the brokers.
func TestConsumersOfALevelThatIsNoMore(t *testing.T) {
	r := newRig(t, 1, Unordered)
	own := r.consumer(ConsumerConfig{Name: "9", Level: 9})
	r.reconfigure(11, Policy{Exclusive: true})
	r.apply(r.core.Backlog(r.now, own, 3))
	r.reconfigure(6, Policy{Exclusive: true})
	r.fetch(0, tp0, "-:4")
	r.want() // level 5 has work
	if w := r.core.Waiting(0); w != 5 {
		t.Errorf("the slot is wanted for level %d, want 5", w)
	}
	r.reconfigure(11, Policy{Exclusive: true})
	if level := r.core.Status(r.now).Consumers[own].Level; level != 5 {
		t.Errorf("its level is %d: it grew back", level)
	}
	r.apply(r.core.Backlog(r.now, own, 0))
	r.want("run 0@4: 0")
}
