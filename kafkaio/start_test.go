package kafkaio

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

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

// Messages of a group that has committed nothing come at once, whatever partition they
// are in, and however long a fetch may wait.
func TestFirstMessagesWaitForNoFetch(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 12)
	c.Properties = map[string]string{"fetch.wait.max.ms": "150000", "socket.timeout.ms": "200000"} // longer than anybody waits here
	produce(t, c, "a", 100, []byte("v"))
	r := open(t, c, "a", true, wide)
	r.until(t, "all", func() bool { return len(r.got) == 100 })
	r.stop(t)
}

// Nor is it waited for a fetch where there is nothing to fetch: at the end of a topic, of
// what is committed, and of what is passed over.
func TestNothingToReadIsSeenWithoutAFetch(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T, c *Config){
		"an empty topic": func(*testing.T, *Config) {},
		"all is passed over": func(t *testing.T, c *Config) {
			produce(t, *c, "a", 10, []byte("v"))
			c.Start = "latest"
		},
		"all is committed": func(t *testing.T, c *Config) {
			produce(t, *c, "a", 10, []byte("v"))
			r := open(t, *c, "a", true, wide)
			r.until(t, "all", func() bool { return len(r.got) == 10 })
			r.stop(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cluster(t, "a", 12)
			prepare(t, &c)
			c.Properties = map[string]string{"fetch.wait.max.ms": "150000", "socket.timeout.ms": "200000"} // longer than anybody waits here
			r := caughtUp(t, c)
			produce(t, c, "a", 1, []byte("new"))
			r.until(t, "a new message", func() bool { return len(r.got) == 1 })
			r.stop(t)
		})
	}
}

// caughtUp is a Source that has caught up without the end of a fetch. Where a thread of
// the client loses its processor in the wrong microseconds it begins with a part of its
// partitions, and the rest does wait: so there are some tries.
func caughtUp(t *testing.T, c Config) *receiver {
	t.Helper()
	for range 5 {
		r := open(t, c, "a", true, wide)
		if r.within(5*time.Second, func() bool { return r.saw("CaughtUp") }) {
			return r
		}
		r.stop(t)
	}
	t.Fatal("it caught up in none of 5 tries")
	return nil
}
