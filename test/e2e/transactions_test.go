package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

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

// Daemons that are killed, stopped and frozen, and share the partitions with another
// one, write every message exactly once.
func TestTransactionsSurviveKills(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		const messages = 12_000
		s := rig.New(t, c, rig.Options{Min: 10, Handler: "noop: {}", Kafka: `  properties: {session.timeout.ms: "6000"}`})
		archive := exactly(t, s, "")
		load := s.Load(t)
		keyed(load, messages)
		lines := rig.DoneLines{Path: s.AuditPath()}
		part := 0
		await := func() {
			part++
			rig.Eventually(t, "a part is done", func() bool { return lines.Count() > part*messages/8 })
		}
		for range 3 { // alone
			p := s.Spawn(t)
			await()
			p.Kill()
		}
		first := s.Spawn(t)
		await()
		second := s.Spawn(t)
		await()
		second.Kill()
		second = s.Spawn(t)
		await()
		first.Signal(syscall.SIGSTOP)
		load.AwaitHandled() // by the other one, when the session and what was open is over
		first.Signal(syscall.SIGCONT)
		rig.Eventually(t, "the frozen one knows that its partitions are lost", func() bool { return first.Says("partitions lost") })
		exits(t, second, second.Terminate(), 0)
		first.Terminate() // it may have been in the middle of what it has lost
		exactlyOnce(t, s, archive, messages)
		t.Logf("%d attempts were done for %d messages", lines.Count(), messages)
	})
}

// A message that the target never takes is a dead letter, and the others are there
// once, whatever went with it in one batch, with transactions and without.
func TestForwardOfAMessageThatIsTooLarge(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]string{"transactions": ", transactions: true", "plain": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rig.New(t, clusters[1], rig.Options{Min: 10, Handler: "noop: {}"})
			archive := s.Base + "-archive"
			createSmall(t, s, archive)
			s.Handler = "forward: {topic: " + archive + more + "}, slots: 4, dead_letter: true"
			s.WriteConfig(t)
			load := s.Load(t)
			const messages, large = 400, 4
			for n := range messages {
				value := fmt.Append(nil, "value ", n)
				if n%100 == 50 {
					value = bytes.Repeat([]byte("x"), 3000)
				}
				load.Send(rig.Message{Level: 10, Key: fmt.Append(nil, n%23), Value: value})
			}
			load.Flush()
			p := s.Spawn(t)
			load.AwaitDone(messages - large)
			rig.Eventually(t, "the large ones are dead letters", func() bool { return strings.Count(auditText(t, s), `"result":"dead"`) >= large })
			exits(t, p, p.Terminate(), 0)
			times := inOrderOfKeys(t, readForwarded(t, s, archive)[archive])
			if len(times) != messages-large {
				t.Errorf("%d messages are written, want %d", len(times), messages-large)
			}
			if more == "" {
				return
			}
			exactlyOnce(t, s, archive, messages-large)
			// One tells that each must go alone, and each then ends one of its own. After that the
			// client goes on behind the sequence numbers of what it has dropped, and brokers
			// refuse its next one.
			if n := strings.Count(p.Output(), "transaction is aborted"); n == 0 || n > 1+2*large {
				t.Errorf("%d transactions were aborted for %d messages", n, large)
			}
		})
	}
}

// createSmall creates a topic that takes no large message.
func createSmall(t *testing.T, s *rig.Setup, topic string) {
	t.Helper()
	admin, err := kafka.NewAdminClient(&kafka.ConfigMap{"bootstrap.servers": strings.Join(s.Config.Brokers, ",")})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	made, err := admin.CreateTopics(ctx, []kafka.TopicSpecification{{Topic: topic, NumPartitions: 3, ReplicationFactor: 1,
		Config: map[string]string{"max.message.bytes": "2000"}}})
	if err != nil || made[0].Error.Code() != kafka.ErrNoError {
		t.Fatal(err, made)
	}
}

func auditText(t *testing.T, s *rig.Setup) string {
	t.Helper()
	text, err := os.ReadFile(s.AuditPath())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// While the target topic isn't there its messages wait, and nothing is lost.
func TestTransactionsIntoATopicThatComesLater(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 10, Handler: "noop: {}"})
		archive := s.Base + "-archive"
		s.Handler = "forward: {topic: " + archive + ", transactions: true}, slots: 4, retry: {attempts: 1000, max_backoff: 1s}"
		s.WriteConfig(t)
		load := s.Load(t)
		const messages = 300
		keyed(load, messages)
		p := s.Spawn(t)
		rig.Eventually(t, "somebody has tried", func() bool { return p.Says("doesn't exist") })
		s.EnsureTopics(t, archive)
		load.AwaitHandled()
		exits(t, p, p.Terminate(), 0)
		exactlyOnce(t, s, archive, messages)
	})
}
