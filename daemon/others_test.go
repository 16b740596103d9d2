package daemon

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/alarms"
	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/console"
)

// kafka.only_levels divides the consumers: some are this instance's, the rest is
// shown as left to others, a level of several handlers once.
func TestOnlyLevels(t *testing.T) {
	settings := parsed(t, `{"max_priority": 5, "Priority_boost": [
		{"topic_name": "a", "priority_boost_min_value": 3, "number_of_partitions": 1},
		{"topic_name": "b", "priority_boost_min_value": 5, "number_of_partitions": 1}]}`)
	for _, c := range []struct{ only, mine, left, warning, err string }{
		{"", "base/h 3/h 4/h 5/h base/i 5/i", "", "", ""},
		{"[4-5]", "4/h 5/h 5/i", "base of g_base [a b] 3 of g_priority_3 [a_3]", "", ""},
		{"[base]", "base/h base/i", "3 of g_priority_3 [a_3] 4 of g_priority_4 [a_4] 5 of g_priority_5 [a_5 b_5]", "", ""},
		{"0, 5, 9-10", "5/h 5/i", "base of g_base [a b] 3 of g_priority_3 [a_3] 4 of g_priority_4 [a_4]", "0, 9, 10", ""},
		{"[7]", "", "base of g_base [a b] 3 of g_priority_3 [a_3] 4 of g_priority_4 [a_4] 5 of g_priority_5 [a_5 b_5]", "7",
			"kafka.only_levels: nothing would be consumed: topics and settings have base, 3, 4, 5"},
	} {
		file := "kafka: {brokers: [a:1], group: g}\n"
		if c.only != "" {
			file = fmt.Sprintf("kafka:\n  brokers: [a:1]\n  group: g\n  levels: %s\n", c.only)
		}
		config, err := conf.Parse("f", []byte(file+"settings: {source: file:s}\ntopics: {a: {handler: h}, b: {handler: i}}\nhandlers: {h: {noop: {}}, i: {noop: {}}}\n"))
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		d := withConfig(&Daemon{logger: hclog.New(&hclog.LoggerOptions{Output: &log})}, config)
		all := d.allConsumers(settings, nil)
		own, others, err := d.divide(all)
		d.others.set(others)
		d.tellUnknownLevels(all)
		var mine, left []string
		for _, p := range own {
			mine = append(mine, p.name)
		}
		for _, l := range d.others.status() {
			name := "base"
			if l.Level != nil {
				name = fmt.Sprint(*l.Level)
			}
			left = append(left, fmt.Sprint(name, " of ", l.Group, " ", l.Topics))
		}
		if got := strings.Join(mine, " "); got != c.mine {
			t.Errorf("%s: consumes %s, want %s", c.only, got, c.mine)
		}
		if got := strings.Join(left, " "); got != c.left {
			t.Errorf("%s: leaves %s, want %s", c.only, got, c.left)
		}
		if got := log.String(); (got == "") != (c.warning == "") || !strings.Contains(got, c.warning) {
			t.Errorf("%s: logs %q, want a warning of %q", c.only, got, c.warning)
		}
		if fmt.Sprint(err) != c.err && (err != nil || c.err != "") {
			t.Errorf("%s: %v, want %s", c.only, err, c.err)
		}
	}
}

// What others should serve doesn't make this instance unready.
func TestReadyWithoutTheOthers(t *testing.T) {
	unserved := func(subject string) *console.Status {
		return &console.Status{Phase: running, Consumers: []console.Consumer{{Name: "5", Joined: true}},
			Alarms: []console.Alarm{{Kind: string(alarms.Unserved), Subject: subject, Text: "it is"}}}
	}
	for subject, ready := range map[string]bool{"5": false, subjectOf("5"): true, subjectOf("base"): true} {
		if err := notReady(unserved(subject)); (err == nil) != ready {
			t.Errorf("with %s unserved it says %v", subject, err)
		}
	}
}
