package scheduler

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

const (
	unstarted = boostd.Outcome(0)
	done      = boostd.Done
	retry     = boostd.Retry
	dead      = boostd.Dead
)

func TestHigherFirstAndKeysInOrder(t *testing.T) {
	r := newRig(t, 1, ByKey)
	r.fetch(0, tp0, "a:3", "a:5", "a:3", "b:4", "-:3", "a:5")
	r.want("run 0@5: 1")
	for _, next := range []string{"run 0@5: 5", "run 0@4: 3", "run 0@3: 0", "run 0@3: 2", "run 0@3: 4"} {
		r.finish(0, done)
		if len(r.said) != 2 || r.said[0] != next {
			t.Fatalf("got %v, want %s", r.said, next)
		}
	}
}

// The slot is never without work of the busy key, and every batch that is
// fetched has more of it: what else is ready must still get its turn.
func TestBusyKeyKeepsNobodyWaiting(t *testing.T) {
	for _, order := range []Order{ByKey, ByPartition} {
		r := newRig(t, 1, order)
		r.fetch(0, tp0, "busy:3", "busy:3")
		r.now = r.now.Add(time.Millisecond)
		r.fetch(0, tp1, "rare:3")
		ran := false
		for range 2 {
			r.now = r.now.Add(time.Millisecond)
			r.fetch(0, tp0, "busy:3", "busy:3")
			r.finish(0, done)
			ran = ran || r.out[0][0].Message.Partition == 1
		}
		if !ran {
			t.Errorf("order %d: two messages of the busy key ran before the older one of the rare key", order)
		}
	}
}

// A handler may take several messages before it reports the first, so two of
// one key may fail in one batch. Both hold the key, and come again in order.
func TestTwoFailuresOfOneKeyInOneBatch(t *testing.T) {
	r := newRig(t, 1, ByKey)
	r.warm(0, 20*time.Microsecond)
	r.fetch(0, tp0, "a:0")
	r.fetch(0, tp0, "a:0", "a:0", "a:0")
	r.finish(0, done)
	r.want("run 0@0: 1 2 3", "done 0")
	r.finish(0, retry, retry, unstarted)
	r.want()
	for range 100 { // not for so long that what lies behind the first is taken back
		if r.out[0] == nil {
			r.wait(10 * time.Millisecond)
		}
	}
	if got := offsets(r.out[0]); got != " 1 2 3" {
		t.Errorf("the slot has%s, want 1 2 3", got)
	}

	r.finish(0, retry, retry, unstarted)
	r.apply(r.core.Lost(r.now, 0, []boostd.TopicPartition{tp0}))
	r.want("released 2", "released 1", "released 3") // retries first, the soonest first
	r.assigned(0, tp0)
	r.fetch(0, tp0, "b:0", "a:0")
	r.want("run 0@0: 4 5")
}

// A partition may be given to another consumer of the pool before its old one
// has said that it is lost.
func TestLockOfTwoAssignments(t *testing.T) {
	r := newRig(t, 1, ByKey)
	other := r.consumer(ConsumerConfig{Name: "other", Mixed: true})
	r.fetch(0, tp1, "x:9") // keeps the slot
	r.fetch(0, tp0, "a:3")
	r.assigned(other, tp0)
	r.fetch(other, tp0, "a:3", "a:3")
	r.apply(r.core.Lost(r.now, 0, []boostd.TopicPartition{tp0}))
	r.want("released 0")
	r.finish(0, done)
	r.want("run 0@3: 1", "done 0")
	r.finish(0, done)
	r.want("run 0@3: 2", "done 1")
}

func TestKeyOutlivesItsAssignment(t *testing.T) {
	r := newRig(t, 2, ByKey)
	r.fetch(0, tp0, "a:3", "a:3")
	r.want("run 0@3: 0")
	r.apply(r.core.Revoking(r.now, 0, []boostd.TopicPartition{tp0}))
	r.want("released 1")
	r.assigned(0, tp0)
	r.next[tp0] = 0 // nothing was committed
	r.fetch(0, tp0, "a:3", "b:3")
	r.want("run 1@3: 1") // a's old attempt still runs
	r.finish(0, retry)
	r.want("run 0@3: 0", "released 0")
}

// A Source that gave up waiting for an answer must not get it when it waits for
// the next: it would commit before that is over.
func TestAnswerToAnOldRevocation(t *testing.T) {
	r := newRig(t, 2, ByKey)
	r.fetch(0, tp0, "a:3")
	r.apply(r.core.Revoking(r.now, 0, []boostd.TopicPartition{tp0, tp1}))
	r.want()
	r.assigned(0, tp0)
	r.fetch(0, tp0, "b:3")
	r.apply(r.core.Revoking(r.now, 0, []boostd.TopicPartition{tp0}))
	r.finish(0, done)
	r.want("done 0")
	r.finish(1, done)
	r.want("done 1", "drained [t/0]")
}

func TestHandBackKeepsPlaces(t *testing.T) {
	r := newRig(t, 1, ByKey)
	r.warm(2, 20*time.Microsecond)
	r.fetch(0, tp0, "x:2")
	r.fetch(0, tp0, "a:2", "-:2", "a:2", "b:2", "a:2")
	r.finish(0, done)
	r.want("run 0@2: 1 3 5 2 4", "done 0")
	r.fetch(0, tp0, "a:5", "c:5")
	if w := r.core.Waiting(0); w != 5 {
		t.Fatalf("a slot is wanted for level %d, want 5", w)
	}
	if !r.core.Overtakes(0, 20*time.Microsecond) || r.core.Overtakes(0, 21*time.Microsecond) {
		t.Error("level 5 overtakes messages of 20 µs, neither shorter nor longer ones")
	}
	r.finish(0, done, unstarted, unstarted, unstarted, unstarted)
	r.want("run 0@5: 6", "done 1") // a's 6 goes before a's 3, which is of a lower level
	r.finish(0, done)
	r.want("run 0@5: 7", "done 6")
	r.finish(0, done)
	r.want("run 0@2: 3 5 2 4", "done 7")
}

// What came to the end of its level's list because it is a busy key's next
// doesn't come there again when it is handed back, nor does what stood before.
func TestHandBackOfMixedAges(t *testing.T) {
	r := newRig(t, 1, ByKey)
	r.warm(3, 20*time.Microsecond)
	for _, m := range []string{"busy:3", "x:3", "busy:3", "y:3"} {
		r.now = r.now.Add(time.Millisecond)
		r.fetch(0, tp0, m)
	}
	r.finish(0, done)
	r.want("run 0@3: 1 3 2", "done 0")
	r.fetch(0, tp0, "z:9")
	r.finish(0, unstarted, unstarted, unstarted)
	r.want("run 0@9: 4")
	r.finish(0, done)
	r.want("run 0@3: 1 3 2", "done 4")
}

func TestReadyWhenItsBackoffWasOver(t *testing.T) {
	r := newRig(t, 1, ByKey)
	r.fetch(0, tp0, "a:3")
	i := r.out[0][0]
	r.finish(0, retry)
	due := i.ReadyAt
	if !due.After(r.now) || due.After(r.now.Add(time.Second)) {
		t.Fatalf("a retry is due after %v, want at most 1s", due.Sub(r.now))
	}
	r.now = r.now.Add(time.Minute)
	r.apply(r.core.Tick(r.now))
	if !i.ReadyAt.Equal(due) || !i.DispatchedAt.Equal(r.now) || i.Message.Attempt != 2 {
		t.Fatalf("ready at %v, dispatched at %v, attempt %d", i.ReadyAt, i.DispatchedAt, i.Message.Attempt)
	}
}

func TestStartWaitsForThoseThatWereThere(t *testing.T) {
	start := time.Unix(1000, 0)
	c := New(Config{StartWait: 5 * time.Second})
	if _, err := c.AddPool(rigPool); err != nil {
		t.Fatal(err)
	}
	add := func() ConsumerID {
		id, err := c.AddConsumer(ConsumerConfig{Name: "k", Mixed: true, Window: DefaultWindow})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	first, second := add(), add()
	if e := c.Tick(start); e.Started {
		t.Fatal("began before Start")
	}
	if e := c.Start(start.Add(-time.Hour)); e.Started || !e.Wake.IsZero() {
		t.Fatalf("started %v, wake %v before anything was assigned", e.Started, e.Wake)
	}
	add() // a level added later holds nothing up
	if e := c.Assigned(start, first, []boostd.TopicPartition{tp0}); e.Started || !e.Wake.Equal(start.Add(5*time.Second)) {
		t.Fatalf("started %v, wake %v", e.Started, e.Wake)
	}
	if e := c.Fetched(start, first, []boostd.Message{{Topic: "t"}}); len(e.Dispatches) > 0 {
		t.Fatal("dispatched before the start")
	}
	if e := c.CaughtUp(start, first); e.Started {
		t.Fatal("began without the second")
	}
	if e := c.CaughtUp(start, second); !e.Started || len(e.Without) > 0 || len(e.Dispatches) != 1 {
		t.Fatalf("started %v, without %v, dispatches %v", e.Started, e.Without, e.Dispatches)
	}
	if e := c.Tick(start); e.Started {
		t.Fatal("began twice")
	}
}

func TestStartGoesOnWithoutTheSlow(t *testing.T) {
	start := time.Unix(1000, 0)
	c := New(Config{StartWait: time.Second})
	if _, err := c.AddPool(rigPool); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AddConsumer(ConsumerConfig{Name: "slow", Mixed: true, Window: DefaultWindow}); err != nil {
		t.Fatal(err)
	}
	c.Start(start.Add(-time.Hour))
	if e := c.Tick(start); e.Started {
		t.Fatal("began before any broker was reached")
	}
	c.Assigned(start, 0, nil)
	if e := c.Tick(start.Add(time.Second)); !e.Started || len(e.Without) != 1 {
		t.Fatalf("started %v, without %v", e.Started, e.Without)
	}
}

// What a Source still fetches while the daemon drains is released at once, so
// the gate must not let it fetch: it would read the whole backlog for nothing.
func TestNothingIsResumedWhileDraining(t *testing.T) {
	r := newRig(t, 1, ByKey)
	low := r.consumer(ConsumerConfig{Name: "low", Window: Window{Messages: 2, Bytes: 1 << 20}})
	high := r.consumer(ConsumerConfig{Name: "high", Level: 9})
	r.warm(9, time.Second)
	r.apply(r.core.Backlog(r.now, high, 1000))
	r.assigned(low, boostd.TopicPartition{Topic: "low"})
	r.fetch(low, boostd.TopicPartition{Topic: "low"}, "-:0", "-:0")
	r.want("run 0@0: 0", "flow 1 PAUSED")
	r.apply(r.core.Drain(r.now))
	r.want("released 1")
	r.finish(0, done)
	r.want("done 0")
	if e := r.core.Tick(r.now); !e.Idle || !e.Wake.IsZero() {
		t.Fatalf("idle %v, wake %v", e.Idle, e.Wake)
	}
}

func TestLateOverrunOfAFreeSlot(t *testing.T) {
	r := newRig(t, 2, ByKey)
	r.fetch(0, tp0, "a:0")
	r.core.Overrun(0, 0)
	if s := r.core.Status(r.now).Pools[0]; s.Stuck != 1 || s.Busy != 1 {
		t.Fatalf("%d stuck, %d busy; want 1 and 1", s.Stuck, s.Busy)
	}
	r.finish(0, retry)
	if s := r.core.Status(r.now).Pools[0]; s.Stuck != 0 {
		t.Fatalf("%d stuck after it returned", s.Stuck)
	}
	r.core.Overrun(0, 0) // sent just before the handler returned
	if s := r.core.Status(r.now).Pools[0]; s.Stuck != 0 || s.Busy != 0 {
		t.Fatalf("%d stuck, %d busy; want none", s.Stuck, s.Busy)
	}
}

func TestLevelOutsideThePool(t *testing.T) {
	r := newRig(t, 1, ByKey)
	r.fetch(0, tp0, "a:99")
	r.want("run 0@10: 0")
	r.fetch(0, tp0, "b:-7")
	r.finish(0, done)
	r.want("run 0@0: 1", "done 0")
}

func TestAddRefuses(t *testing.T) {
	for name, change := range map[string]func(*PoolConfig){
		"no slot":         func(p *PoolConfig) { p.Slots = 0 },
		"no level":        func(p *PoolConfig) { p.Levels = 0 },
		"too many levels": func(p *PoolConfig) { p.Levels = MaxLevels + 1 },
		"no attempt":      func(p *PoolConfig) { p.Retry.Attempts = 0 },
	} {
		config := rigPool
		change(&config)
		if _, err := New(Config{}).AddPool(config); err == nil {
			t.Errorf("a pool with %s was added", name)
		}
	}
	for name, config := range map[string]ConsumerConfig{
		"no such pool":      {Pool: 1, Window: DefaultWindow},
		"a negative pool":   {Pool: -1, Window: DefaultWindow},
		"too high a level":  {Level: 11, Window: DefaultWindow},
		"a negative level":  {Level: -1, Window: DefaultWindow},
		"an empty window":   {},
		"a window of bytes": {Window: Window{Bytes: 1}},
	} {
		c := New(Config{})
		if _, err := c.AddPool(rigPool); err != nil {
			t.Fatal(err)
		}
		if _, err := c.AddConsumer(config); err == nil {
			t.Errorf("a consumer with %s was added", name)
		}
	}
}

// What is queued of a partition that is given away goes back at once: what was done
// behind it is noted in the commit.
func TestRevokeWaitsForWhatRuns(t *testing.T) {
	r := newRig(t, 2, ByKey)
	r.fetch(0, tp0, "a:3", "a:3", "b:3", "c:3")
	r.want("run 0@3: 0", "run 1@3: 2")
	r.apply(r.core.Revoking(r.now, 0, []boostd.TopicPartition{tp0}))
	r.want("released 3", "released 1")
	r.finish(1, done)
	r.want("done 2")
	r.finish(0, retry)
	r.want("released 0", "drained [t/0]")
}

func TestDrainWaitsForWhatRuns(t *testing.T) {
	r := newRig(t, 1, ByKey)
	r.fetch(0, tp0, "a:3", "a:3")
	r.fetch(0, tp0, "b:9")
	r.finish(0, done)
	r.want("run 0@9: 2", "done 0")
	r.apply(r.core.Drain(r.now))
	r.want("released 1")
	r.finish(0, unstarted)
	r.want("released 2")
	if e := r.core.Tick(r.now); !e.Idle {
		t.Fatal("not idle")
	}
}

// What a worker has and has not started is taken back before a free slot goes
// on with a lower level, or idles.
func TestRecallBeforeLowerLevels(t *testing.T) {
	r := newRig(t, 2, Unordered)
	r.warm(5, time.Millisecond)
	r.took = time.Millisecond
	r.fetch(0, tp0, "-:5", "-:5", "-:5", "-:5", "-:5", "-:5", "-:5", "-:5")
	r.want("run 0@5: 0 1 2 3", "run 1@5: 4 5")
	r.fetch(0, tp0, "-:2")
	r.finish(1, done, done)
	r.want("run 1@5: 6", "done 4", "done 5")
	r.finish(1, done)
	r.want("run 1@5: 7", "done 6")
	r.finish(1, done)
	r.want("recall 0", "done 7")
	r.recalled(0, 1)
	r.want("run 1@5: 1")
	r.finish(1, done)
	r.want("run 1@5: 2", "done 1")
	r.finish(0, done)
	r.want("run 0@5: 3", "done 0")
	r.finish(1, done)
	r.want("run 1@2: 8", "done 2") // 3 has been started for sure: it is alone
}

// A short batch isn't worth a recall: free slots wait for it, but not for longer
// than a slice.
func TestLowerLevelsWaitForAShortBatch(t *testing.T) {
	r := newRig(t, 2, Unordered)
	r.warm(5, 20*time.Microsecond)
	r.fetch(0, tp0, "-:5", "-:5", "-:5")
	r.want("run 0@5: 0 1 2")
	r.fetch(0, tp0, "-:2")
	r.want()
	r.finish(0, done, done, done)
	r.want("run 0@2: 3", "done 0", "done 1", "done 2")
	r.finish(0, done)
	r.fetch(0, tp0, "-:5", "-:5", "-:5", "-:2")
	r.want("run 0@5: 4 5 6")
	r.wait(DefaultSlice - 1)
	r.want()
	r.now = r.now.Add(1)
	r.apply(r.core.Tick(r.now))
	r.want("recall 0") // its first message hangs
	r.recalled(0, 1)
	r.want("run 1@5: 5 6")
}

// One message of a batch takes for ever: what lies behind it goes to another slot.
func TestWhatLiesBehindASlowMessageIsTakenBack(t *testing.T) {
	r := newRig(t, 2, Unordered)
	r.warm(3, 150*time.Microsecond)
	r.fetch(0, tp0, "-:3", "-:3", "-:3", "-:3")
	r.want("run 0@3: 0 1", "run 1@3: 2")
	if !r.wake.Equal(r.now.Add(2 * DefaultSlice)) {
		t.Errorf("wants to be called at %v, and nothing else will happen", r.wake)
	}
	r.now = r.now.Add(2*DefaultSlice - 1)
	r.apply(r.core.Tick(r.now))
	r.want()
	r.now = r.now.Add(1)
	r.apply(r.core.Tick(r.now))
	r.want("recall 0")
	r.recalled(0, 1)
	r.want()
	r.finish(1, done)
	r.want("run 1@3: 1", "done 2")
}
