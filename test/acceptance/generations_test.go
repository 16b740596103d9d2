//go:build acceptance

package acceptance

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// generations are the groups' generations as the brokers have written them down: each
// rebalance makes another one.
func generations(t *testing.T, brokers []string) map[string]int32 {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics("__consumer_offsets"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	found := map[string]int32{}
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		fetches := c.PollFetches(ctx)
		cancel()
		if fetches.NumRecords() == 0 {
			return found
		}
		fetches.EachRecord(func(r *kgo.Record) {
			key, value := kmsg.NewGroupMetadataKey(), kmsg.NewGroupMetadataValue()
			if len(r.Key) < 2 || r.Key[1] != 2 || key.ReadFrom(r.Key) != nil || r.Value == nil || value.ReadFrom(r.Value) != nil {
				return // a commit, or a group's end
			}
			found[key.Group] = value.Generation
		})
	}
}
