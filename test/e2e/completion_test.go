package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// Of one partition every hundredth message fails for a while; the others go past
// them. Then kill -9, again and again: what is done behind the first that isn't is
// remembered, so that no more is repeated than was in flight or came after the last
// commit.
func TestWhatIsDoneBehindAFailureIsRemembered(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		const messages, slots, kills = 6000, 8, 3
		svc := rig.ServeFailing(t, 100, 5*time.Millisecond, time.Time{})
		s := rig.New(t, c, rig.Options{Min: 10, Partitions: 1,
			Handler: fmt.Sprintf(`http: %q, slots: %d, retry: {attempts: 1000, backoff: 1s, max_backoff: 5s}`, svc.URL, slots),
			Kafka:   `  properties: {session.timeout.ms: "6000"}`})
		s.Load(t).Fill(0, messages, 100)
		bound := 0
		for kill := 1; kill <= kills; kill++ {
			p := s.Spawn(t)
			want := messages * kill / (kills + 1)
			rig.Eventually(t, fmt.Sprintf("%d are done", want), func() bool { return svc.Done() >= want })
			killed := time.Now()
			p.Kill()
			repeated, more := svc.Repeated(), svc.Since(killed.Add(-rig.CommitWindow))+slots
			t.Logf("kill %d after %d: %d repeated so far, at most %d more may be", kill, svc.Done(), repeated, more)
			if repeated > bound {
				t.Fatalf("%d repeated, %d were allowed", repeated, bound)
			}
			bound += more
		}
		p := s.Spawn(t)
		rig.Eventually(t, "all but the failing ones are done", func() bool { return svc.Done() == messages-messages/100 })
		svc.Mend()
		rig.Eventually(t, "all are done", func() bool { return svc.Done() == messages })
		exits(t, p, p.Terminate(), 0)
		t.Logf("%d done, %d repeated, %d allowed", messages, svc.Repeated(), bound)
		if svc.Repeated() > bound {
			t.Error("more repeated than allowed")
		}
		if n := s.Done(t); n != messages {
			t.Errorf("%d are committed, want %d", n, messages)
		}
	})
}

// Every second message fails: more would be open than may be. The partition slows
// down, and goes on when they succeed. Those in the second window wait longer than
// max.poll.interval.ms.
func TestAPartitionOfFailuresSlowsDown(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		const messages = 12_000
		svc := rig.ServeFailing(t, 2, 0, time.Time{})
		s := rig.New(t, c, rig.Options{Min: 10, Partitions: 1,
			Handler: fmt.Sprintf(`http: %q, slots: 16, retry: {attempts: 1000, backoff: 9s, max_backoff: 9s}`, svc.URL),
			Kafka:   `  properties: {session.timeout.ms: "6000", max.poll.interval.ms: "7000"}`})
		s.Load(t).Fill(0, messages, 100)
		_, stop := s.Start(t)
		rig.Eventually(t, "no more is read", func() bool {
			return svc.Done() > 500 && svc.Since(time.Now().Add(-3*time.Second)) == 0
		})
		t.Logf("it stands with %d done and %d that have failed", svc.Done(), svc.Failed())
		if svc.Failed() > messages/4 {
			t.Errorf("%d are open", svc.Failed())
		}
		svc.Mend()
		rig.Eventually(t, "all are done", func() bool { return svc.Done() == messages })
		stop()
		if n := svc.Repeated(); n > 0 {
			t.Errorf("%d repeated", n)
		}
		if n := s.Done(t); n != messages {
			t.Errorf("%d are committed, want %d", n, messages)
		}
	})
}
