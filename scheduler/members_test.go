package scheduler

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd"
)

// TestLeave: what is queued of the consumer goes back, what runs is waited for, and
// others notice nothing.
func TestLeave(t *testing.T) {
	r := newRig(t, 1, Unordered)
	own := r.consumer(ConsumerConfig{Name: "9", Level: 9})
	tp := boostd.TopicPartition{Topic: "t_9"}
	r.assigned(own, tp)
	r.fetch(own, tp, "-:9", "-:9")
	r.fetch(0, tp0, "-:9")
	r.apply(r.core.Backlog(r.now, own, 1000))
	r.apply(r.core.Leave(r.now, own))
	r.want("released 1", "flow 1 PAUSED")
	r.assigned(own, boostd.TopicPartition{Topic: "t_9", Partition: 1}) // on its way when it was given up
	r.fetch(own, tp, "-:9")
	r.want("released 2")
	r.finish(0, done)
	r.want("run 0@9: 0", "done 0", "left 1")
	r.apply(r.core.Leave(r.now, own))
	r.want() // once
	if k := r.core.Status(r.now).Consumers[own]; k.State != Paused || k.Reason.String() != "it is given up" || k.Broker != -1 {
		t.Errorf("status has %+v", k)
	}
	r.apply(r.core.Revoking(r.now, own, []boostd.TopicPartition{tp})) // its Source's own way to leave
	r.want("drained [t_9/0]")
	r.apply(r.core.RemoveConsumer(r.now, own))
	r.want()
	if all := r.core.Status(r.now).Consumers; len(all) != 1 || all[0].Name != "base" {
		t.Errorf("status has %+v", all)
	}
}

// TestLeaveWaitsForLetters, which it may still settle.
func TestLeaveWaitsForLetters(t *testing.T) {
	r := newRig(t, 1, Unordered)
	r.core.pools[0].config.DeadLetters = true
	own := r.consumer(ConsumerConfig{Name: "9", Level: 9})
	r.assigned(own, tp1)
	r.fetch(own, tp1, "-:9")
	r.finish(0, boostd.Dead)
	r.want("bury 0 after 1")
	r.apply(r.core.Leave(r.now, own))
	r.want("flow 1 PAUSED")
	r.apply(r.core.Buried(r.now, r.burials[0].Item, ""))
	r.want("dead 0", "left 1")
}

// TestRemovedWhileItsMessagesRun: nobody is told of them, their keys are taken
// until they return, and a consumer that takes over waits for that.
func TestRemovedWhileItsMessagesRun(t *testing.T) {
	for _, outcome := range []boostd.Outcome{done, boostd.Retry, boostd.Dead, 0} {
		r := newRig(t, 2, ByKey)
		own := r.consumer(ConsumerConfig{Name: "9", Level: 9})
		tp := boostd.TopicPartition{Topic: "t_9"}
		r.assigned(own, tp)
		r.fetch(own, tp, "a:9", "a:9")
		r.apply(r.core.RemoveConsumer(r.now, own))
		r.want()
		next := r.consumer(ConsumerConfig{Name: "9", Level: 9})
		if next == own {
			t.Fatal("an ID was used again")
		}
		r.assigned(next, tp)
		r.next[tp] = 0
		r.fetch(next, tp, "a:9")
		r.want()
		r.finish(0, outcome)
		r.want("run 0@9: 0")
		if held := r.core.HeldMessages(); len(held) > 0 {
			t.Errorf("%v is held with nobody", held)
		}
		r.apply(r.core.Fetched(r.now, own, []boostd.Message{{Topic: "t_9", Level: 9}}))
		r.want()
	}
}

// TestStartForgetsWhoWasRemoved: it waits for nobody who isn't there any more.
func TestStartForgetsWhoWasRemoved(t *testing.T) {
	for what, end := range map[string]func(*Core, *rig, ConsumerID) *Effects{
		"gives up": func(c *Core, r *rig, id ConsumerID) *Effects { return c.Leave(r.now, id) },
		"removed":  func(c *Core, r *rig, id ConsumerID) *Effects { return c.RemoveConsumer(r.now, id) },
	} {
		r := &rig{t: t, core: New(Config{StartWait: dwell}), now: newRig(t, 1, ByKey).now}
		if _, err := r.core.AddPool(rigPool); err != nil {
			t.Fatal(err)
		}
		slow, late := r.consumer(ConsumerConfig{Name: "slow"}), ConsumerID(0)
		if r.core.Start(r.now).Started {
			t.Fatal("started without the slow one")
		}
		late = r.consumer(ConsumerConfig{Name: "late"}) // nobody waits for it
		r.assigned(late, tp0)
		if e := end(r.core, r, slow); !e.Started || len(e.Without) > 0 {
			t.Errorf("%s: started %v, without %v", what, e.Started, e.Without)
		}
	}
}

// TestSetConsumer: another level is that of what comes, other orders those of
// partitions that are opened from now on.
func TestSetConsumer(t *testing.T) {
	r := newRig(t, 2, ByKey)
	own := r.consumer(ConsumerConfig{Name: "9", Level: 9, Orders: map[string]Order{"t_9": ByPartition}})
	old, more := boostd.TopicPartition{Topic: "t_9"}, boostd.TopicPartition{Topic: "t_9", Partition: 1}
	r.assigned(own, old)
	config := r.core.consumer(own).config
	config.Level, config.Orders = 3, map[string]Order{"t_9": Unordered}
	e, err := r.core.SetConsumer(r.now, own, config)
	if err != nil {
		t.Fatal(err)
	}
	r.apply(e)
	r.assigned(own, more)
	r.fetch(own, old, "-:3", "-:3")
	r.want("run 0@3: 0") // one after the other
	r.fetch(own, more, "a:3", "a:3")
	r.want("run 1@3: 0")
	r.finish(1, done)
	r.want("run 1@3: 1", "done 0")

	for text, change := range map[string]func(*ConsumerConfig){
		`change consumer "9": level 11 is outside 0 to 10`:                   func(c *ConsumerConfig) { c.Level = 11 },
		`change consumer "9": level -1 is outside 0 to 10`:                   func(c *ConsumerConfig) { c.Level = -1 },
		"only its level and its topics' orders can change":                   func(c *ConsumerConfig) { c.Mixed = true },
		"only its level and its topics' orders can change; ":                 func(c *ConsumerConfig) { c.Pool = 1 },
		"only its level and its topics' orders can change; remove it and":    func(c *ConsumerConfig) { c.Window.Messages = 1 },
		"only its level and its topics' orders can change; remove it and ad": func(c *ConsumerConfig) { c.Name = "8" },
	} {
		wrong := config
		change(&wrong)
		if _, err := r.core.SetConsumer(r.now, own, wrong); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%+v: %v; want %q", wrong, err, text)
		}
	}
	r.apply(r.core.RemoveConsumer(r.now, own))
	if _, err := r.core.SetConsumer(r.now, own, config); err == nil {
		t.Error("a consumer that was removed was changed")
	}
}

// TestGroupForgetsItsLevel: what was told of a level stops nobody and is not shown
// when its last consumer has gone, or has another level, or the level is no more.
func TestGroupForgetsItsLevel(t *testing.T) {
	for what, end := range map[string]func(*rig, ConsumerID) (*Effects, error){
		"removed": func(r *rig, id ConsumerID) (*Effects, error) { return r.core.RemoveConsumer(r.now, id), nil },
		"moved": func(r *rig, id ConsumerID) (*Effects, error) {
			config := r.core.consumer(id).config
			config.Level = 3
			return r.core.SetConsumer(r.now, id, config)
		},
		"level gone": func(r *rig, _ ConsumerID) (*Effects, error) {
			return r.core.Reconfigure(r.now, 6, []PoolChange{r.change(Policy{})})
		},
	} {
		r := newRig(t, 1, Unordered)
		r.core.config.Group = true
		own := r.consumer(ConsumerConfig{Name: "9", Level: 9})
		r.apply(r.core.Group(r.now, 0, 9, GroupWork{Outstanding: 5}))
		r.fetch(0, tp0, "-:4")
		r.want()
		e, err := end(r, own)
		if err != nil {
			t.Fatal(err)
		}
		r.apply(e)
		if r.want("run 0@4: 0"); len(r.core.Status(r.now).Pools[0].Group) > 0 {
			t.Errorf("%s: the group is still shown", what)
		}
		if what == "level gone" {
			r.apply(r.core.Group(r.now, 0, 9, GroupWork{Outstanding: 5}))
			if len(r.core.Status(r.now).Pools[0].Group) > 0 {
				t.Error("a level that is no more has a group")
			}
		}
	}
}

// TestNothingGrowsWithComingAndGoing: consumers, each with a topic of its own, and
// levels come and go.
func TestNothingGrowsWithComingAndGoing(t *testing.T) {
	r := newRig(t, 1, ByKey)
	cycle := func(n int) {
		id := r.consumer(ConsumerConfig{Name: "5", Level: 5})
		tp := boostd.TopicPartition{Topic: fmt.Sprint("t", n)}
		r.assigned(id, tp)
		r.fetch(id, tp, "a:9", "a:9", "b:9")
		if n%2 == 0 { // its Source has hung
			r.apply(r.core.RemoveConsumer(r.now, id))
			r.finish(0, done)
		} else {
			r.apply(r.core.Leave(r.now, id))
			r.finish(0, done)
			r.apply(r.core.RemoveConsumer(r.now, id))
		}
		r.reconfigure(6+n%10, Policy{})
		delete(r.next, tp)
		r.burials = nil
	}
	for n := range 100 {
		cycle(n)
	}
	before := heapSize()
	for n := range 10_000 {
		cycle(100 + n)
	}
	if grown := heapSize() - before; grown > 64<<10 {
		t.Errorf("10,000 consumers that are gone keep %d KiB", grown>>10)
	}
	if n := len(r.core.Status(r.now).Consumers); n != 1 {
		t.Errorf("%d consumers are there", n)
	}
}
