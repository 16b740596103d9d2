package main

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/kafkaboost/boostd/conf"
)

// A check asks for the groups that this instance joins, and wants to read no topic
// that kafka.only_levels leaves to others.
func TestWhatACheckWants(t *testing.T) {
	path := write(t, "settings.json", `{"max_priority": 9, "Priority_boost": [{"topic_name": "a", "priority_boost_min_value": 8, "number_of_partitions": 3}]}`)
	for _, c := range []struct{ only, groups, unread string }{
		{"", "map[g_base:[a b] g_priority_8:[a_8] g_priority_9:[a_9]]", "[]"},
		{"only_levels: [9]", "map[g_priority_9:[a_9]]", "[a b a_8]"},
		{"only_levels: [base, 8]", "map[g_base:[a b] g_priority_8:[a_8]]", "[a_9]"},
	} {
		file, err := conf.Parse(filepath.Join(filepath.Dir(path), "boostd.yaml"), fmt.Appendf(nil,
			"kafka: {brokers: [x:1], group: g, %s}\nsettings: {source: file:settings.json}\ntopics: {a: {handler: h}, b: {handler: h}}\nhandlers: {h: {noop: {}}}\n", c.only))
		if err != nil {
			t.Fatal(err)
		}
		topics, groups, _, err := wanted(t.Context(), file)
		if err != nil || len(topics) != 4 {
			t.Errorf("%s: topics are %v, %v", c.only, topics, err)
		}
		if got := fmt.Sprint(groups); got != c.groups {
			t.Errorf("%s: groups are %s, want %s", c.only, got, c.groups)
		}
		if got := fmt.Sprint(unread(topics, groups)); got != c.unread {
			t.Errorf("%s: unread are %s, want %s", c.only, got, c.unread)
		}
	}
}
