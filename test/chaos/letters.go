package chaos

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/priority"
)

// appendTime has the broker stamp what it appends: so that a letter's time is
// when it was there, not when somebody wrote it.
var appendTime = map[string]string{"message.timestamp.type": "LogAppendTime"}

// letters notes all dead letters.
func (w *World) letters() error {
	ctx, cancel := context.WithTimeout(context.Background(), settling)
	defer cancel()
	for _, base := range []string{w.setup.Base, w.apart()} {
		letters, err := w.readLetters(ctx, priority.DeadLetterTopic(base))
		if err != nil {
			return err
		}
		w.journal.note(func(h *History) { h.Letters = append(h.Letters, letters...) })
	}
	return nil
}

// readLetters reads a dead-letter topic to its end of now.
func (w *World) readLetters(ctx context.Context, topic string) ([]Letter, error) {
	ends, err := w.client.Ends(ctx, map[string]int32{topic: partitions})
	if err != nil {
		return nil, fmt.Errorf("read dead letters: %w", err)
	}
	reader, err := kgo.NewClient(kgo.SeedBrokers(w.cluster.Brokers()...), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return nil, fmt.Errorf("read dead letters: %w", err)
	}
	defer reader.Close()
	left := int64(0)
	for _, end := range ends {
		left += end
	}
	var all []Letter
	for left > 0 {
		fetched := reader.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("read dead letters, %d to go: %w", left, err)
		}
		fetched.EachRecord(func(r *kgo.Record) {
			if r.Offset >= ends[boostd.TopicPartition{Topic: r.Topic, Partition: r.Partition}] {
				return
			}
			left--
			var p payload
			if json.Unmarshal(r.Value, &p) == nil {
				all = append(all, Letter{ID: p.ID, At: w.journal.Since(r.Timestamp)})
			}
		})
	}
	return all, nil
}
