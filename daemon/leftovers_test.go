package daemon

import (
	"fmt"
	"testing"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
)

// Retired topics join the consumers: in their own level's group, at the nearest
// level; those that never were a level's, of a base that isn't to be drained, stay
// unread and are told.
func TestConsumersOfRetiredTopics(t *testing.T) {
	settings, _, err := priority.Parse([]byte(`{"max_priority": 5, "Priority_boost": [
		{"topic_name": "a", "priority_boost_min_value": 4, "number_of_partitions": 1},
		{"topic_name": "b", "priority_boost_min_value": 5, "number_of_partitions": 1}]}`))
	if err != nil {
		t.Fatal(err)
	}
	d := withConfig(&Daemon{}, &conf.File{
		Kafka:    kafkaio.Config{Group: "g"},
		Topics:   map[string]conf.Topic{"a": {Handler: "h"}, "b": {Handler: "h", Drain: true}},
		Handlers: map[string]conf.Handler{"h": {}},
	})
	d.settings.put(newDocument(settings, nil, ""))
	d.retired.remember([]string{"a_3"})
	left := d.oursOf(d.leftovers(settings, map[string]int{"a": 1, "a_3": 1, "a_4": 1, "a_9": 1, "b": 1, "b_4": 1, "b_5": 1, "b_7": 1}))
	d.retired.set(left)
	got := ""
	for _, p := range d.planConsumers(settings) {
		got += fmt.Sprintf("%s %s level %d %v\n", p.name, p.group, p.level, p.topics)
	}
	want := `base g_base level 0 [a b]
3 g_priority_3 level 3 [a_3]
4 g_priority_4 level 4 [a_4 b_4]
5 g_priority_5 level 5 [a_5 b_5]
7 g_priority_7 level 5 [b_7]
`
	if got != want {
		t.Errorf("consumers are\n%swant\n%s", got, want)
	}
	waiting := map[string]int64{"a_3": 1, "a_9": 3, "b_4": 2, "b_7": 1, "b_8": 1}
	for _, c := range []struct {
		topics []priority.LevelTopic
		want   string
	}{
		{[]priority.LevelTopic{{Name: "a_3", Base: "a", Level: 3}, {Name: "a_9", Base: "a", Level: 9}},
			"4 messages wait in topics of levels that the settings don't have: a_3 (1), a_9 (3): nobody reads a_9, since the settings had no such level as far as this instance knows: topics.a.drain: true and a reload have them handled"},
		{left[1:], "3 messages wait in topics of levels that the settings don't have: b_4 (2), b_7 (1): they are being read"},
	} {
		if got := d.stranded(c.topics, waiting); got != c.want {
			t.Errorf("\n got %s\nwant %s", got, c.want)
		}
	}
}

// TestRetire: what the old settings had is read on; what the next have again isn't
// retired.
func TestRetire(t *testing.T) {
	planned := func(names ...string) (all []priority.PlannedTopic) {
		for _, n := range names {
			all = append(all, priority.PlannedTopic{Name: n})
		}
		return all
	}
	reading := []priority.LevelTopic{{Name: "a_1"}, {Name: "a_2"}}
	if got := namesOf(retire(reading, planned("a_3", "a_4", "a_2"), planned("a_1", "a_4"))); got != "a_2, a_3" {
		t.Errorf("got %s", got)
	}
	if got := retire(nil, planned("a_3"), planned("a_3")); got != nil {
		t.Errorf("got %v", got)
	}
}

// TestStillRead: a retired topic is read while something waits in it or nobody
// knows, and again when new messages have come.
func TestStillRead(t *testing.T) {
	left := []priority.LevelTopic{{Name: "empty"}, {Name: "more"}, {Name: "new"}, {Name: "unknown"}, {Name: "unknown and unread"}, {Name: "another's"}}
	reading := []priority.LevelTopic{{Name: "empty"}, {Name: "more"}, {Name: "unknown"}, {Name: "deleted"}}
	waiting := map[string]int64{"empty": 0, "more": 3, "new": 1, "another's": 9}
	got := namesOf(stillRead(reading, left, waiting, func(t priority.LevelTopic) bool { return t.Name != "another's" }))
	if want := "more, new, unknown"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
