package daemon

import (
	"fmt"
	"testing"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
)

// Topics to drain join the consumers: in their own level's group, at the nearest
// level; those of a base that isn't to be drained stay unread and are told.
func TestConsumersOfDrainedTopics(t *testing.T) {
	settings, _, err := priority.Parse([]byte(`{"max_priority": 5, "Priority_boost": [
		{"topic_name": "a", "priority_boost_min_value": 4, "number_of_partitions": 1},
		{"topic_name": "b", "priority_boost_min_value": 5, "number_of_partitions": 1}]}`))
	if err != nil {
		t.Fatal(err)
	}
	d := &Daemon{config: &conf.File{
		Kafka:    kafkaio.Config{Group: "g"},
		Topics:   map[string]conf.Topic{"a": {Handler: "h"}, "b": {Handler: "h", Drain: true}},
		Handlers: map[string]conf.Handler{"h": {}},
	}}
	d.settings.put(newDocument(settings, nil, ""))
	d.drained = d.toDrain(map[string]int{"a": 1, "a_4": 1, "a_9": 1, "b": 1, "b_4": 1, "b_5": 1, "b_7": 1})
	got := ""
	for _, p := range d.planConsumers(settings) {
		got += fmt.Sprintf("%s %s level %d %v\n", p.name, p.group, p.level, p.topics)
	}
	want := `base g_base level 0 [a b]
4 g_priority_4 level 4 [a_4 b_4]
5 g_priority_5 level 5 [a_5 b_5]
7 g_priority_7 level 5 [b_7]
`
	if got != want {
		t.Errorf("consumers are\n%swant\n%s", got, want)
	}
	waiting := map[string]int64{"a_9": 3, "b_4": 2, "b_7": 1, "b_8": 1}
	for _, c := range []struct {
		base   string
		topics []priority.LevelTopic
		want   string
	}{
		{"a", []priority.LevelTopic{{Name: "a_9", Base: "a", Level: 9, Outside: true}},
			"3 messages wait in topics of levels that the settings don't have: a_9 (3): topics.a.drain: true and a restart have them handled"},
		{"b", d.drained, "3 messages wait in topics of levels that the settings don't have: b_4 (2), b_7 (1): they are being drained"},
		{"b", []priority.LevelTopic{{Name: "b_8", Base: "b", Level: 8, Outside: true}},
			"1 messages wait in topics of levels that the settings don't have: b_8 (1): those that were not there at start are drained after a restart"},
	} {
		if got := d.stranded(c.base, c.topics, waiting); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.base, got, c.want)
		}
	}
}
