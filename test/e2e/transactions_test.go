package e2e

import (
	"fmt"
	"testing"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/test/rig"
)

// exactly is a setup whose messages are copied to another topic in transactions.
func exactly(t *testing.T, s *rig.Setup, more string) (archive string) {
	t.Helper()
	archive = s.Base + "-archive"
	s.EnsureTopics(t, archive)
	s.Handler = "forward: {topic: " + archive + ", transactions: true}, slots: 4" + more
	s.WriteConfig(t)
	return archive
}

// keyed fills level 10 and the base topic with messages of 23 keys.
func keyed(load *rig.Load, messages int) {
	for n := range messages {
		load.Send(rig.Message{Level: boostd.Level(n % 2 * 10), Key: fmt.Append(nil, n%23), Value: fmt.Append(nil, "value ", n)})
	}
	load.Flush()
}

// exactlyOnce checks that a reader of what is committed sees every message once, and those
// of a key in their order.
func exactlyOnce(t *testing.T, s *rig.Setup, archive string, messages int) {
	t.Helper()
	all := readForwarded(t, s, archive)[archive]
	times := inOrderOfKeys(t, all)
	if len(all) != messages || len(times) != messages {
		t.Errorf("%d messages of %d are written, %d in all", len(times), messages, len(all))
	}
}

func TestForwardInTransactions(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 10, Handler: "noop: {}"})
		archive := exactly(t, s, "")
		load := s.Load(t)
		const messages = 5000
		keyed(load, messages)
		_, stop := s.Start(t)
		load.AwaitHandled()
		stop()
		clean(t, load)
		exactlyOnce(t, s, archive, messages)
	})
}

// A daemon that is killed again and again writes every message exactly once.
func TestTransactionsSurviveKills(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		const messages, kills = 20_000, 5
		s := rig.New(t, c, rig.Options{Min: 10, Handler: "noop: {}", Kafka: `  properties: {session.timeout.ms: "6000"}`})
		archive := exactly(t, s, "")
		load := s.Load(t)
		keyed(load, messages)
		lines := rig.DoneLines{Path: s.AuditPath()}
		for n := range kills {
			p := s.Spawn(t)
			rig.Eventually(t, "a part is done", func() bool { return lines.Count() > (n+1)*messages/10 })
			p.Kill()
		}
		p := s.Spawn(t)
		load.AwaitHandled()
		exits(t, p, p.Terminate(), 0)
		exactlyOnce(t, s, archive, messages)
		t.Logf("%d attempts were done for %d messages", lines.Count(), messages)
	})
}
