package scheduler

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

func TestPolicyIsValidated(t *testing.T) {
	for _, c := range []struct {
		policy Policy
		want   string // parts of the errors, by |
	}{
		{Policy{}, ""},
		{Policy{MaxWait: time.Second, MinShare: []Share{{0, 45}, {10, 45}}, Reserve: []Reserve{{1, 3}, {10, 3}}}, ""},
		{Policy{Exclusive: true, Reserve: []Reserve{{8, 1}}}, ""},
		{Policy{MaxWait: -1}, "max_wait: -1ns is below zero"},
		{Policy{Exclusive: true, MaxWait: 1, MinShare: []Share{{0, 1}}}, "max_wait: exclusive|min_share: exclusive"},
		{Policy{MinShare: []Share{{11, 5}, {-1, 5}}}, "min_share: level 11 is outside 0 to 10|min_share: level -1"},
		{Policy{MinShare: []Share{{0, 0}, {1, 91}}}, "level 0 has 0 percent, want 1 to 90|level 1 has 91|91 percent in all"},
		{Policy{MinShare: []Share{{0, 5}, {0, 5}}}, "level 0 is there twice"},
		{Policy{MinShare: []Share{{0, 50}, {1, 41}}}, "91 percent in all, at most 90"},
		{Policy{Reserve: []Reserve{{0, 1}, {11, 1}}}, "level 0 is outside 1 to 10|level 11"},
		{Policy{Reserve: []Reserve{{8, 4}, {9, 0}}}, "4 slots for level 8 and above, want 1 to 3: the handler has 4|0 slots for level 9"},
		{Policy{Reserve: []Reserve{{8, 1}, {8, 1}}}, "level 8 is there twice"},
		{Policy{Reserve: []Reserve{{9, 2}, {8, 1}}}, "2 slots for level 9 and above, but only 1 for level 8"},
	} {
		errs := c.policy.Validate(4, 11)
		wants := strings.FieldsFunc(c.want, func(r rune) bool { return r == '|' })
		if len(errs) != len(wants) {
			t.Errorf("%+v: %v, want %q", c.policy, errs, c.want)
			continue
		}
		for n, want := range wants {
			if !strings.Contains(errs[n].Error(), want) {
				t.Errorf("%+v: %q, want %q in it", c.policy, errs[n], want)
			}
		}
	}
	if _, err := New(Config{}).AddPool(PoolConfig{Name: "p", Slots: 1, Levels: 11, Retry: Retry{Attempts: 1}, Policy: Policy{MaxWait: -1}}); err == nil {
		t.Error("a pool was added with a wrong policy")
	}
	r := newRig(t, 1, Unordered)
	if _, err := r.core.Reconfigure(r.now, 11, []PoolChange{r.change(Policy{Reserve: []Reserve{{8, 1}}})}); err == nil || !r.core.pools[0].config.Policy.Strict() {
		t.Errorf("a wrong policy was set: %v", err)
	}
}

// policy sets the policy of the rig's pool.
func (r *rig) policy(p Policy) {
	r.t.Helper()
	r.reconfigure(r.core.pools[0].config.Levels, p)
}

func TestReservedSlotsStayFree(t *testing.T) {
	r := newRig(t, 4, Unordered)
	r.policy(Policy{Reserve: []Reserve{{8, 2}, {10, 1}}})
	r.fetch(0, tp0, "-:0", "-:7", "-:0", "-:8", "-:9", "-:10")
	r.want("run 0@10: 5", "run 1@9: 4", "run 2@8: 3", "run 3@7: 1") // three have their own slots
	r.finish(2, done)
	r.want("run 2@0: 0", "done 3") // two lower ones are at work now, two are left to 8 and above
	r.finish(0, done)
	r.want("done 5")
	if w := r.core.Waiting(0); w != 0 {
		t.Errorf("slots are wanted for level %d, want 0: it has none", w)
	}
	r.fetch(0, tp0, "-:9", "-:9")
	r.want() // the last one is level 10's
	r.fetch(0, tp0, "-:10")
	r.want("run 0@10: 8")
	r.finish(1, done)
	r.want("run 1@9: 6", "done 4")
	r.finish(1, done)
	r.want("run 1@9: 7", "done 6")
	r.finish(0, done)
	r.want("done 8")
	r.policy(Policy{})
	r.want("run 0@0: 2")
}

func TestExclusiveWaitsForAllThatIsAbove(t *testing.T) {
	r := newRig(t, 2, Unordered)
	high := r.consumer(ConsumerConfig{Name: "high", Level: 9, Orders: map[string]Order{"h": Unordered}})
	r.assigned(high, boostd.TopicPartition{Topic: "h"})
	r.policy(Policy{Exclusive: true})
	r.apply(r.core.Backlog(r.now, high, 5))
	r.fetch(0, tp0, "-:0")
	r.want() // level 9 has messages in the brokers
	r.apply(r.core.Backlog(r.now, high, 0))
	r.want("run 0@0: 0")
	r.fetch(0, tp0, "-:3", "-:0")
	r.want("run 1@3: 1")
	r.finish(0, done)
	r.want("done 0") // level 3 is in flight
	if w := r.core.Waiting(0); w != 3 {
		t.Errorf("slots are wanted for level %d, want 3: what is lower must not go on", w)
	}
	r.finish(1, retry)
	if len(r.said) != 1 || !strings.HasSuffix(r.said[0], "@0: 2") {
		t.Errorf("got %v, want level 0 while level 3 waits for its retry", r.said)
	}
}

func TestOverdueGoesFirst(t *testing.T) {
	r := newRig(t, 1, Unordered)
	r.policy(Policy{MaxWait: time.Second})
	r.fetch(0, tp0, "-:9", "-:0")
	r.want("run 0@9: 0")
	r.now = r.now.Add(900 * time.Millisecond)
	r.fetch(0, tp0, "-:9", "-:9", "-:5")
	r.finish(0, done)
	r.want("run 0@9: 2", "done 0")
	r.now = r.now.Add(100 * time.Millisecond)
	r.finish(0, done)
	r.want("run 0@0: 1", "done 2") // fetched a second ago
	r.now = r.now.Add(time.Second)
	r.finish(0, done)
	r.want("run 0@9: 3", "done 1") // fetched with the one of level 5
	r.finish(0, done)
	r.want("run 0@5: 4", "done 3")
	r.finish(0, done)
	if l := r.core.Status(r.now).Pools[0].Levels; l[0].Overdue != 1 || l[1].Overdue != 1 {
		t.Errorf("overdue are %+v", l)
	}
}

// What was fetched at once and has waited too long keeps its order.
func TestOverdueKeepsTheOrderOfAFetch(t *testing.T) {
	r := newRig(t, 1, Unordered)
	r.policy(Policy{MaxWait: time.Second})
	r.fetch(0, tp0, strings.Fields(strings.Repeat("-:5 ", 20))...)
	r.now = r.now.Add(time.Second)
	for want := range int64(20) {
		if got := r.out[0][0].Message.Offset; got != want {
			t.Fatalf("offset %d came where %d should", got, want)
		}
		r.finish(0, done)
	}
}

// TestMaxWaitHoldsItsBound: one slot, a saturated high level, and low messages now
// and then: none waits longer than max_wait, one batch, and what is overdue and
// was fetched before it.
func TestMaxWaitHoldsItsBound(t *testing.T) {
	const maxWait, work = 500 * time.Millisecond, 3 * time.Millisecond
	r := newRig(t, 1, Unordered)
	r.policy(Policy{MaxWait: maxWait})
	r.took = work
	r.warm(10, work)
	r.warm(0, work)
	fetched, worst := map[int64]time.Time{}, time.Duration(0)
	for n := range 4000 {
		if n%97 == 0 {
			for range 1 + n%5 {
				fetched[r.next[tp0]] = r.now
				r.fetch(0, tp0, "-:0")
			}
		}
		if r.core.pools[0].levels[10].ready.len < 20 {
			r.fetch(0, tp1, strings.Split(strings.Repeat("-:10 ", 20)+"-:10", " ")...)
		}
		items := r.out[0]
		for _, i := range items {
			r.now = r.now.Add(work)
			if at, low := fetched[i.Message.Offset]; low && i.Message.Level == 0 {
				ahead := time.Duration(5) * work // those of its own burst
				wait := r.now.Add(-work).Sub(at)
				worst = max(worst, wait)
				if wait > maxWait+DefaultSlice+work+ahead {
					t.Fatalf("a low message waited %v", wait)
				}
			}
		}
		r.finish(0, outcomes(len(items))...)
	}
	if worst < maxWait {
		t.Fatalf("the longest wait was %v: nothing was ever overdue", worst)
	}
}

func outcomes(n int) []boostd.Outcome {
	all := make([]boostd.Outcome, n)
	for n := range all {
		all[n] = done
	}
	return all
}

// TestMinShareIsExactOverAnyWindow: over any window of dispatches, a level that
// always has something ready gets its part but for one batch of each share, and,
// while something higher is always ready, no more than that.
func TestMinShareIsExactOverAnyWindow(t *testing.T) {
	for _, batch := range []int{1, 7, 64} {
		t.Run(fmt.Sprint(batch), func(t *testing.T) {
			r := newRig(t, 1, Unordered)
			shares := map[boostd.Level]int{0: 5, 3: 20, 7: 1}
			r.policy(Policy{MinShare: []Share{{0, 5}, {3, 20}, {7, 1}}})
			mean := DefaultSlice / time.Duration(batch)
			if batch == 1 {
				mean = DefaultSlice
			}
			var ran []boostd.Level
			most := 0
			for _, l := range []boostd.Level{0, 3, 7, 10} {
				r.warm(l, mean)
			}
			r.took = mean
			for len(ran) < 6000 {
				for _, l := range []boostd.Level{10, 7, 3, 0} {
					if r.core.pools[0].levels[l].ready.len < 200 {
						r.fetch(0, tp0, strings.Fields(strings.Repeat(fmt.Sprintf("-:%d ", l), 200))...)
					}
				}
				items := r.out[0]
				most = max(most, len(items))
				for _, i := range items {
					ran = append(ran, i.Message.Level)
				}
				r.now = r.now.Add(time.Duration(len(items)) * mean)
				r.finish(0, outcomes(len(items))...)
			}
			for level, percent := range shares {
				checkShare(t, ran, level, percent, len(shares)*most+1)
			}
		})
	}
}

// checkShare holds every window to the share: with the running difference between
// what the level got and what is its part, no two points may differ by more than
// the slack.
func checkShare(t *testing.T, ran []boostd.Level, level boostd.Level, percent, slack int) {
	t.Helper()
	diff, low, high := 0, 0, 0 // hundredths of a message
	for _, l := range ran {
		diff -= percent
		if l == level {
			diff += 100
		}
		low, high = min(low, diff), max(high, diff)
	}
	if high-low > 100*2*slack || diff < -100*slack || diff > 100*slack {
		t.Errorf("level %d: over %d messages its part is off by %d to %d hundredths, at the end %d; slack %d", level, len(ran), low, high, diff, 100*slack)
	}
}

func TestPreemptTakesTheLowestThatBeganLast(t *testing.T) {
	r := newRig(t, 3, Unordered)
	r.core.pools[0].config.Preemptible = true
	r.fetch(0, tp0, "-:2")
	r.fetch(0, tp0, "-:0")
	r.now = r.now.Add(time.Millisecond)
	r.fetch(0, tp0, "-:0")
	r.now = r.now.Add(10 * time.Millisecond)
	r.fetch(0, tp0, "-:9", "-:9", "-:1")
	r.want() // they may be over within a slice by themselves
	r.now = r.now.Add(5 * time.Millisecond)
	r.apply(r.core.Tick(r.now))
	r.want("preempt 1", "preempt 0") // as many as there are messages of level 9
	r.now = r.now.Add(time.Second)
	r.apply(r.core.Tick(r.now))
	r.want()
	i := r.out[1][0]
	i.Preempted = true
	r.finish(1, retry)
	r.want("run 1@9: 3")
	if i.Message.Attempt != 0 || i.grant != noGrant {
		t.Errorf("a preempted message has attempt %d", i.Message.Attempt)
	}
	r.finish(0, done)                           // it didn't give its slot back
	r.want("run 0@9: 4", "preempt 2", "done 0") // for the one of level 1
	if l := r.core.Status(r.now).Pools[0].Levels; l[0].Preempted != 1 || l[0].Retried != 0 || l[2].Done != 1 {
		t.Errorf("levels: %+v", l)
	}
}

// TestTopicsTakeTurns: a neighbour's backlog costs a topic, and a partition of it,
// no more than its turn.
func TestTopicsTakeTurns(t *testing.T) {
	r := newRig(t, 1, Unordered)
	quiet := boostd.TopicPartition{Topic: "quiet"}
	r.assigned(0, quiet)
	r.fetch(0, tp0, "-:1", "-:1", "-:1", "-:1", "-:1")
	r.fetch(0, tp1, "-:1")
	r.fetch(0, quiet, "-:1", "-:1")
	var order []string
	for range 8 {
		m := r.out[0][0].Message
		order = append(order, m.TopicPartition().String())
		r.finish(0, done)
	}
	if got, want := strings.Join(order, " "), "t/0 t/0 quiet/0 t/1 quiet/0 t/0 t/0 t/0"; got != want {
		t.Errorf("the order was %s, want %s", got, want)
	}
}

// TestTenantsTakeTurns: across partitions, in the order of each tenant's messages.
func TestTenantsTakeTurns(t *testing.T) {
	r := newRig(t, 1, Unordered)
	tenants := []uint64{1, 1, 1, 2, 1, 3}
	var batch []boostd.Message
	for n, tenant := range tenants {
		batch = append(batch, boostd.Message{Topic: "t", Offset: int64(n), Level: 1, Tenant: tenant, FetchedAt: r.now})
	}
	r.apply(r.core.Fetched(r.now, 0, batch))
	var order []int64
	for range tenants {
		order = append(order, r.out[0][0].Message.Offset)
		r.finish(0, done)
	}
	if got, want := fmt.Sprint(order), "[0 3 5 1 2 4]"; got != want {
		t.Errorf("the order was %s, want %s", got, want)
	}
	for name, topic := range r.core.pools[0].levels[1].ready.topics {
		if len(topic.tenants) > 0 {
			t.Errorf("%d tenants of %s are remembered, and none has messages", len(topic.tenants), name)
		}
	}
}
