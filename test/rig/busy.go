package rig

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
)

// Busy is a handler whose slots level 0 keeps busy for long.
type Busy struct {
	Slots int
	// Takes is how long each message takes, of any level.
	Takes time.Duration
	// Policy is the handler's further keys, such as "policy: {reserve: {8: 4}}".
	Policy string
	// Low is how many slots level 0 gets; High how many messages of level 9 follow,
	// one after the other.
	Low, High int
}

// Interrupt runs a daemon and returns how long each of the messages of level 9
// waited from production to its start, and the audit.
func (b Busy) Interrupt(t testing.TB, c *Cluster) (waits []time.Duration, records []audit.Record) {
	t.Helper()
	s := New(t, c, Options{Min: 9, Extra: "drain: 1s",
		Handler: fmt.Sprintf("sleep: {min: %v}, slots: %d, timeout: 1m, %s", b.Takes, b.Slots, b.Policy)})
	load := s.Load(t)
	load.Fill(0, 3*b.Slots, 100)
	p := s.Spawn(t)
	Eventually(t, "it is ready", func() bool { return Ready(t, s) })
	Eventually(t, fmt.Sprint(b.Low, " slots are busy"), func() bool {
		status := s.Status(t)
		return len(status.Handlers) > 0 && status.Handlers[0].Busy == b.Low
	})
	for n := range b.High {
		load.Send(Message{Level: 9, Key: fmt.Append(nil, "high", n), Stamped: true})
		load.Flush()
	}
	lines := func() (high []audit.Record) {
		for _, r := range s.Audit(t) {
			if r.Level == 9 && r.Result == boostd.Done {
				high = append(high, r)
			}
		}
		return high
	}
	Eventually(t, "the high messages are done", func() bool { return len(lines()) >= b.High })
	for _, r := range lines() {
		waits = append(waits, r.StartedAt.Sub(r.ProducedAt))
	}
	slices.Sort(waits)
	records = s.Audit(t)
	p.Terminate() // what still runs is cancelled: not what is looked at here
	return waits, records
}
