package e2e

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/test/rig"
)

// A message that kills the plugin has as many attempts as any other, also when the
// daemon is killed between them, and then is a dead letter; nobody beside it is lost,
// or has an attempt fail for it.
func TestPoisonAcrossARestart(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		const messages, attempts = 300, 4
		s := rig.New(t, c, rig.Options{Min: 10, Kafka: `  properties: {session.timeout.ms: "6000"}`, Handler: fmt.Sprintf(
			"plugin: %s, slots: 8, settings: {takes: 1ms, poison: bad}, dead_letter: true, retry: {attempts: %d, backoff: 2s, max_backoff: 2s}", rig.Plugin(t), attempts)})
		load := s.Load(t)
		for n := range messages {
			value := fmt.Append(nil, n)
			if n == 50 {
				value = []byte("bad")
			}
			load.Send(rig.Message{Level: 10, Key: fmt.Append(nil, n), Value: value})
		}
		load.Flush()
		failed := func() (all []audit.Record) {
			for _, r := range s.Audit(t) {
				if r.Result == boostd.Retry || r.Result == boostd.Dead {
					all = append(all, r)
				}
			}
			return all
		}
		p := s.Spawn(t)
		// The first attempt is noted in a commit by then, two seconds later; the second may not be.
		rig.Eventually(t, "the second attempt has failed", func() bool { return len(failed()) >= 2 })
		p.Kill()
		p = s.Spawn(t)
		load.AwaitDone(messages - 1)
		rig.Eventually(t, "the poison is a dead letter", func() bool { all := failed(); return len(all) > 0 && all[len(all)-1].Result == boostd.Dead })
		exits(t, p, p.Terminate(), 0)
		all := failed()
		for _, r := range all {
			if !bytes.Equal(r.Key, []byte("50")) {
				t.Errorf("an attempt of another message failed: %+v", r)
			}
		}
		if last := all[len(all)-1]; last.Attempt != attempts || len(all) > attempts+1 {
			t.Errorf("%d attempts failed, the last one is number %d; want %d", len(all), last.Attempt, attempts)
		}
	})
}
