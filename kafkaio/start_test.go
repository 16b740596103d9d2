package kafkaio

import (
	"testing"

	"github.com/kafkaboost/boostd"
)

// A Source that finds nothing to read has caught up before its first fetch has waited
// in vain, whether its group has committed something or not; and what comes next
// comes at once, too.
func TestNothingToReadIsKnownAtOnce(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 3)
	c.Properties = map[string]string{"fetch.wait.max.ms": "150000", "socket.timeout.ms": "200000"} // longer than anybody waits here
	first := open(t, c, "a", true, wide)
	first.until(t, "caught up without a committed offset", func() bool { return first.saw("CaughtUp") })
	produce(t, c, "a", 30, []byte("v"))
	first.until(t, "messages", func() bool { return len(first.got) == 30 })
	first.stop(t)

	again := open(t, c, "a", true, wide)
	again.until(t, "caught up behind all", func() bool { return again.saw("CaughtUp") })
	if len(again.got) > 0 {
		t.Errorf("%d messages came again", len(again.got))
	}
	again.stop(t)
}

// What is there is fetched before a Source has caught up.
func TestSomethingToReadIsWaitedFor(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 1)
	produce(t, c, "a", 1, []byte("v"))
	r := open(t, c, "a", true, wide)
	r.until(t, "caught up", func() bool { return r.saw("CaughtUp") })
	r.mu.Lock()
	got := r.got[(&boostd.Message{Topic: "a"}).String()]
	r.mu.Unlock()
	r.stop(t)
	if got != 1 {
		t.Errorf("it had caught up with %d messages", got)
	}
}

// A message in one of many partitions isn't kept waiting by the others, which are
// empty, and neither is what comes into those later.
func TestEmptyPartitionsHoldNothingUp(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 12)
	c.Properties = map[string]string{"fetch.wait.max.ms": "150000", "socket.timeout.ms": "200000"} // longer than anybody waits here
	for range 5 {
		produce(t, c, "a", 1, []byte("v")) // always into the same
		r := open(t, c, "a", true, wide)
		r.until(t, "caught up with the message", func() bool { return r.saw("CaughtUp") && len(r.got) == 1 })
		produce(t, c, "a", 40, []byte("v"))
		r.until(t, "what came later", func() bool { return len(r.got) == 41 })
		r.stop(t)
	}
}
