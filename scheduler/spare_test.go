package scheduler

import (
	"fmt"
	"testing"

	"github.com/kafkaboost/boostd"
)

// One message after the other uses what was made for the first.
func TestReuse(t *testing.T) {
	r := newRig(t, 1, Unordered)
	seen := map[*Item]bool{}
	for n := range 100 {
		r.fetch(0, tp0, fmt.Sprintf("key %d:%d", n, n%11))
		i := r.out[0][0]
		seen[i] = true
		if m := i.Message; m != &i.message || m.Offset != int64(n) || string(m.Key) != fmt.Sprint("key ", n) || m.Level != boostd.Level(n%11) || m.Attempt != 1 {
			t.Fatalf("message %d is %+v", n, *m)
		}
		i.StartedAt, i.FinishedAt, i.Result = r.now, r.now.Add(1), boostd.Result{Outcome: boostd.Done}
		e := r.core.Finished(r.now, 0, 0, r.out[0])
		if len(e.Settled) != 1 {
			t.Fatalf("message %d is settled %d times", n, len(e.Settled))
		}
		r.apply(e)
		r.core.Reuse(e.Settled[0])
		if i.Message != nil || i.message.Key != nil {
			t.Fatalf("message %d stays", n)
		}
	}
	if len(seen) > block {
		t.Errorf("100 messages took %d items", len(seen))
	}
}

// What isn't done may still be looked at by who gave the answer: it is left to the collector.
func TestReuseLeavesTheRest(t *testing.T) {
	for _, o := range []boostd.Outcome{boostd.Retry, boostd.Dead} {
		r := newRig(t, 1, Unordered)
		r.core.pools[0].config.Retry.Attempts = 1
		r.fetch(0, tp0, "a:3")
		i := r.out[0][0]
		i.StartedAt, i.FinishedAt, i.Result.Outcome = r.now, r.now.Add(1), o
		e := r.core.Finished(r.now, 0, 0, r.out[0])
		told := e.Settled[0].Settlements[len(e.Settled[0].Settlements)-1].Message
		r.core.Reuse(e.Settled[0])
		if told.Offset != 0 || string(told.Key) != "a" || i.Message != told {
			t.Errorf("after %v the message is %+v", o, *told)
		}
	}
}
