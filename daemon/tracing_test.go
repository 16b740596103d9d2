package daemon

import (
	"testing"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/kafkaio"
)

func TestGroupOf(t *testing.T) {
	file := &conf.File{Kafka: kafkaio.Config{Group: "g"}, Topics: map[string]conf.Topic{"orders": {}, "plan_9": {}}}
	for topic, want := range map[string]string{
		"orders": "g_base", "orders_7": "g_priority_7", "plan_9": "g_base", "plan_9_10": "g_priority_10", "orders_07": "g_base",
	} {
		if got := groupOf(file, topic); got != want {
			t.Errorf("%s comes through %s, want %s", topic, got, want)
		}
	}
}
