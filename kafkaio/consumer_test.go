package kafkaio

import (
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
)

// A commit that never returns costs one client, and not the consumer: what was
// done and not committed is read again, and then committed.
func TestClientBeyondHelpIsReplaced(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 3)
	probe, err := NewProbe(c, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	defer probe.Stop()
	hang := make(chan struct{})
	defer close(hang)
	o := options(c, "a", wide)
	o.Probe, o.StuckCommit, o.CommitTimeout = probe, time.Second, time.Second
	first := make(chan struct{}, 1)
	first <- struct{}{}
	o.BeforeCommit = func() {
		select {
		case <-first: // of the first client alone
			<-hang
		default:
		}
	}
	consumer, err := NewConsumer(o)
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{to: consumer, auto: true, got: map[string]int{}, change: make(chan struct{})}
	if err := consumer.Start(r.emit); err != nil {
		t.Fatal(err)
	}
	old := consumer.current.Load()
	produce(t, c, "a", 300, []byte("v"))
	r.until(t, "replaced", func() bool { return r.saw("Lost") })
	r.until(t, "all read again", func() bool {
		again := 0
		for _, n := range r.got {
			if n == 2 {
				again++
			}
		}
		return again == 300
	})
	produce(t, c, "a", 100, []byte("v"))
	r.until(t, "new messages", func() bool { return len(r.got) == 400 })
	if troubles := consumer.Status().Troubles; len(troubles) == 0 || troubles[0].Kind != "client" {
		t.Errorf("troubles: %+v", troubles)
	}
	r.stop(t)
	consumer.Settle([]boostd.Settlement{{Message: &boostd.Message{Topic: "a", Epoch: 1}, Outcome: boostd.Done}})
	if old == consumer.current.Load() || old.unsettled.messages != 0 {
		t.Errorf("the old client has %d unsettled", old.unsettled.messages)
	}
	again := open(t, c, "a", true, wide)
	again.until(t, "caught up", func() bool { return again.saw("CaughtUp") })
	if len(again.got) > 0 {
		t.Errorf("%d messages were not committed", len(again.got))
	}
	again.stop(t)
}
