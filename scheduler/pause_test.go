package scheduler

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

func (r *rig) pause(level boostd.Level, length time.Duration) {
	r.t.Helper()
	p := Pause{Level: level, By: "ann", Why: "an incident", Since: r.now}
	if length > 0 {
		p.Until = r.now.Add(length)
	}
	e, err := r.core.PauseLevel(r.now, p)
	if err != nil {
		r.t.Fatal(err)
	}
	r.apply(e)
}

func (r *rig) resume(level boostd.Level) {
	r.t.Helper()
	e, was := r.core.ResumeLevel(r.now, level)
	if !was {
		r.t.Fatalf("level %d wasn't paused", level)
	}
	r.apply(e)
}

func TestPausedLevelDoesNotStart(t *testing.T) {
	r := newRig(t, 1, ByKey)
	r.pause(7, 0)
	r.want()
	r.fetch(0, tp0, "a:7", "a:3", "-:7")
	r.want("run 0@3: 1") // of the same key, and past it
	if w := r.core.Waiting(0); w != None {
		t.Errorf("the slot is wanted for level %d", w)
	}
	r.finish(0, done)
	r.want("done 1")
	r.resume(7)
	r.want("run 0@7: 0")
	r.finish(0, done)
	r.want("run 0@7: 2", "done 0")
}

func TestPauseTakesBackWhatHasNotStarted(t *testing.T) {
	r := newRig(t, 1, ByKey)
	r.warm(7, 10*time.Microsecond)
	r.fetch(0, tp0, "a:7", "a:7", "b:7")
	r.finish(0, done)
	r.want("run 0@7: 1 2", "done 0")
	r.pause(7, 0)
	r.want("recall 0")
	r.recalled(0, 1)
	r.want()
	r.finish(0, done)
	r.want("done 1")
	r.now = r.now.Add(time.Second)
	r.resume(7)
	r.want("run 0@7: 2")
	if at := r.out[0][0].ReadyAt; !at.Equal(r.now) {
		t.Errorf("ready at %v: it has waited for a person, not for a slot", at)
	}
}

func TestPauseEndsByItself(t *testing.T) {
	r := newRig(t, 1, Unordered)
	own := r.consumer(ConsumerConfig{Name: "own", Level: 7})
	r.pause(7, time.Minute)
	r.want("flow 1 PAUSED")
	r.fetch(own, boostd.TopicPartition{Topic: "own"})
	r.fetch(0, tp0, "-:7")
	r.want()
	if e := r.core.Tick(r.now); !e.Wake.Equal(r.now.Add(time.Minute)) {
		t.Errorf("wants to be called at %v", e.Wake)
	}
	r.pause(7, time.Hour) // longer, after all
	r.now = r.now.Add(time.Minute)
	r.apply(r.core.Tick(r.now))
	r.want()
	r.now = r.now.Add(time.Hour)
	e := r.core.Tick(r.now)
	if len(e.Expired) != 1 || e.Expired[0].By != "ann" || len(r.core.Status(r.now).Paused) != 0 {
		t.Errorf("expired %v", e.Expired)
	}
	r.apply(e)
	r.want("run 0@7: 0", "flow 1 RUN")
}

func TestPausedWorkCountsForNobody(t *testing.T) {
	r := newRig(t, 1, Unordered)
	low, high := r.consumer(ConsumerConfig{Name: "low", Level: 1}), r.consumer(ConsumerConfig{Name: "high", Level: 9})
	r.warm(9, time.Second)
	r.apply(r.core.Backlog(r.now, high, 1000))
	if w := r.core.consumers[low].workAbove(); w != 1000*time.Second {
		t.Fatalf("work above is %v", w)
	}
	r.pause(9, 0)
	r.core.pools[0].aboveKnown = false
	if w := r.core.consumers[low].workAbove(); w != 0 {
		t.Errorf("work above is %v", w)
	}
	s := r.core.Status(r.now).Consumers[high]
	if s.State != Paused || s.Reason.String() != "paused by hand" || s.Pauses != 1 {
		t.Errorf("it is %v, %v, after %d pauses", s.State, s.Reason, s.Pauses)
	}
}

// A stop, and a partition that is given away, wait for no person.
func TestNobodyWaitsForAPausedLevel(t *testing.T) {
	for name, end := range map[string]func(r *rig){
		"drain": func(r *rig) { r.apply(r.core.Drain(r.now)) },
		"revoke": func(r *rig) {
			r.apply(r.core.Revoking(r.now, 0, []boostd.TopicPartition{tp0}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, 2, ByKey)
			r.fetch(0, tp0, "-:9", "a:3", "-:3", "-:9") // two are dispatched, two lie below the last
			r.want("run 0@9: 0", "run 1@9: 3")
			r.pause(3, 0)
			end(r)
			r.want("released 2", "released 1")
			r.finish(0, done)
			r.finish(1, done)
			if name == "drain" {
				r.want("done 3")
			} else {
				r.want("done 3", "drained [t/0]")
			}
		})
	}
}

func TestStartDoesNotWaitForAPausedConsumer(t *testing.T) {
	c := New(Config{StartWait: time.Minute})
	if _, err := c.AddPool(rigPool); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AddConsumer(ConsumerConfig{Level: 5, Window: DefaultWindow}); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1000, 0)
	if _, err := c.PauseLevel(now, Pause{Level: 5}); err != nil {
		t.Fatal(err)
	}
	if e := c.Start(now); !e.Started || len(e.Without) > 0 {
		t.Errorf("started %v, without %v", e.Started, e.Without)
	}
}

func TestPauseOfALevelThatThereIsNot(t *testing.T) {
	r := newRig(t, 1, ByKey)
	for _, level := range []boostd.Level{-1, 11, MaxLevels, 1 << 40} {
		if _, err := r.core.PauseLevel(r.now, Pause{Level: level}); err == nil {
			t.Errorf("level %d was paused", level)
		}
		if _, was := r.core.ResumeLevel(r.now, level); was {
			t.Errorf("level %d was resumed", level)
		}
	}
}

func TestHistogram(t *testing.T) {
	bounds := Bounds()
	if len(bounds) != buckets-1 || bounds[0] != Finest || bounds[21] < 200*time.Second {
		t.Fatalf("bounds are %v", bounds)
	}
	for n, bound := range bounds {
		var h Histogram
		h.Add(bound)
		h.Add(bound + 1)
		if h.Counts[n] != 1 || h.Counts[n+1] != 1 || h.Sum != 2*bound+1 {
			t.Errorf("around %v: %v", bound, h.Counts)
		}
	}
	var h Histogram
	h.Add(-time.Hour)
	h.Add(0)
	h.Add(1)
	h.Add(1 << 62)
	if h.Counts[0] != 3 || h.Counts[buckets-1] != 1 || h.Sum != 1<<62+1 {
		t.Errorf("extremes: %v, %v", h.Counts, h.Sum)
	}
}

// A message from the future, as after a clock's jump, or from a producer whose
// clock is ahead, is new, and not younger than that.
func TestClocksThatDisagree(t *testing.T) {
	r := newRig(t, 1, Unordered)
	for _, ahead := range []time.Duration{time.Hour, -time.Hour} {
		m := boostd.Message{Topic: "t", Offset: r.next[tp0], FetchedAt: r.now, ProducedAt: r.now.Add(ahead), Level: 5}
		r.next[tp0]++
		r.apply(r.core.Fetched(r.now, 0, []boostd.Message{m}))
	}
	if l := r.core.Status(r.now).Pools[0].Levels[0]; !l.Ready || l.Oldest != time.Hour {
		t.Errorf("the oldest is %v, ready %v", l.Oldest, l.Ready)
	}
	r.finish(0, done)
	r.finish(0, done)
	l := r.core.Status(r.now).Pools[0].Levels[0]
	if l.Age.Counts[0] != 1 || l.Age.Total() != 2 || l.Age.Sum < 59*time.Minute {
		t.Errorf("ages are %v", l.Age)
	}
	r.fetch(0, tp0, "-:5")
	r.now = r.now.Add(-time.Hour) // never with a monotonic clock; nothing must stand still for it
	r.finish(0, done)
	r.fetch(0, tp0, "-:5")
	r.want("run 0@5: 3")
}
