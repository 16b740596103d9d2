//go:build acceptance

package acceptance

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// One partition, 100,000 messages, every hundredth fails for 30 s, and kill -9 at
// five moments in between.
func TestOthersPassWhatFails(t *testing.T) {
	const messages, slots, failing = 100_000, 16, 30 * time.Second
	svc := rig.ServeFailing(t, 100, 4*time.Millisecond, time.Now().Add(time.Hour))
	s := rig.New(t, kafka, rig.Options{Min: 10, Partitions: 1,
		Handler: fmt.Sprintf(`http: %q, slots: %d, retry: {attempts: 1000, backoff: 1s, max_backoff: 5s}`, svc.URL, slots),
		Kafka:   `  properties: {session.timeout.ms: "6000"}`})
	s.Load(t).Fill(0, messages, 100)
	began, bound := time.Now(), 0
	p := s.Spawn(t)
	for kill := 1; kill <= 5; kill++ {
		done := svc.Done()
		rig.Eventually(t, "it has begun again", func() bool { return svc.Done() > done+1000 })
		settle(time.Duration(rand.IntN(3000)) * time.Millisecond)
		killed := time.Now()
		p.Kill()
		repeated, more := svc.Repeated(), svc.Since(killed.Add(-rig.CommitWindow))+slots
		t.Logf("kill %d, %v after the start, after %d: %d repeated so far, at most %d more may be",
			kill, killed.Sub(began).Round(time.Second), svc.Done(), repeated, more)
		if repeated > bound {
			t.Fatalf("%d repeated, %d were allowed", repeated, bound)
		}
		bound += more
		p = s.Spawn(t)
	}
	settle(failing - time.Since(began))
	t.Logf("after %v: %d done, %d have failed", time.Since(began).Round(time.Second), svc.Done(), svc.Failed())
	svc.Mend()
	rig.Eventually(t, "all are done", func() bool { return svc.Done() == messages })
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	t.Logf("%d repeated, %d allowed", svc.Repeated(), bound)
	if svc.Repeated() > bound {
		t.Error("more repeated than allowed")
	}
}

// Every second message of 100,000 fails for 60 s: that would leave 50,000 offsets
// open, which no commit's metadata can name.
func TestScatteredFailuresSlowTheirPartition(t *testing.T) {
	const messages = 100_000
	svc := rig.ServeFailing(t, 2, 0, time.Now().Add(time.Minute))
	s := rig.New(t, kafka, rig.Options{Min: 10, Partitions: 1,
		Handler: fmt.Sprintf(`http: %q, slots: 64, retry: {attempts: 1000, backoff: 1s, max_backoff: 5s}`, svc.URL)})
	s.Load(t).Fill(0, messages, 100)
	p := s.Spawn(t)
	longest := 0
	for range 50 {
		settle(time.Second)
		for _, n := range s.Metadata(t) {
			longest = max(longest, n)
		}
	}
	t.Logf("after 50 s: %d done, %d have failed, metadata of at most %d characters", svc.Done(), svc.Failed(), longest)
	if longest == 0 || longest > 4096 {
		t.Error("want 1 to 4096")
	}
	rig.Eventually(t, "all are done", func() bool { return svc.Done() == messages })
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := svc.Repeated(); n > 0 {
		t.Errorf("%d repeated", n)
	}
}
