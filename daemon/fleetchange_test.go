package daemon

import (
	"fmt"
	"testing"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/priority"
)

const twoBases = `kafka: {brokers: [a:1], group: g}
settings: {source: file:s}
topics: {a: {handler: h}, b: {handler: h, tenant: {header: customer}}}
handlers: {h: {noop: {}}}
`

// TestCompare: from the first settings to the second, only what is concerned changes.
func TestCompare(t *testing.T) {
	boost := func(most int, mins map[string]int) string {
		text := ""
		for _, base := range []string{"a", "b"} {
			if n, ok := mins[base]; ok {
				text += fmt.Sprintf(`,{"topic_name": %q, "priority_boost_min_value": %d, "number_of_partitions": 1}`, base, n)
			}
		}
		return fmt.Sprintf(`{"max_priority": %d, "Priority_boost": [%s]}`, most, text[1:])
	}
	type mins = map[string]int
	for _, c := range []struct {
		name, from, to, want string
		retired              []priority.LevelTopic
	}{
		{"nothing", boost(5, mins{"a": 3}), boost(5, mins{"a": 3}), "", nil},
		{"rules", boost(5, mins{"a": 3}), `{"default_priority": 2,` + boost(5, mins{"a": 3})[1:], "", nil},
		{"minimum lowered", boost(5, mins{"a": 4}), boost(5, mins{"a": 3}), "+3[a_3] ", nil},
		{"minimum raised", boost(5, mins{"a": 3}), boost(5, mins{"a": 5}), "-3 -4 ", nil},
		{"minimum raised, with messages left", boost(5, mins{"a": 3}), boost(5, mins{"a": 5}), "-3 ", []priority.LevelTopic{{Name: "a_4", Base: "a", Level: 4}}},
		{"maximum raised", boost(5, mins{"a": 5}), boost(6, mins{"a": 5}), "+6[a_6] ", nil},
		{"maximum lowered, with messages left", boost(6, mins{"a": 5}), boost(5, mins{"a": 5}), "6[a_6]@5 ", []priority.LevelTopic{{Name: "a_6", Base: "a", Level: 6}}},
		{"topic added", boost(5, mins{"a": 4}), boost(5, mins{"a": 4, "b": 5}), "5[a_5 b_5]@5 ", nil},
		{"topic removed", boost(5, mins{"a": 4, "b": 5}), boost(5, mins{"a": 4}), "5[a_5]@5 ", nil},
		{"topic of one removed, with messages left", boost(5, mins{"a": 4, "b": 5}), boost(5, mins{"a": 4}), "", []priority.LevelTopic{{Name: "b_5", Base: "b", Level: 5}}},
	} {
		config, err := conf.Parse("f", []byte(twoBases))
		if err != nil {
			t.Fatal(err)
		}
		d := withConfig(&Daemon{}, config)
		var running []member
		for _, p := range d.allConsumers(parsed(t, c.from), nil) {
			running = append(running, member{plan: p})
		}
		change := compare(running, d.allConsumers(parsed(t, c.to), c.retired))
		got := ""
		for _, p := range change.added {
			got += fmt.Sprintf("+%s%v ", p.name, p.topics)
		}
		for _, p := range change.changed {
			got += fmt.Sprintf("%s%v@%d ", p.name, p.topics, p.level)
		}
		for _, m := range change.gone {
			got += "-" + m.plan.name + " "
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		if change.nothing() != (c.want == "") {
			t.Errorf("%s: nothing is %v", c.name, change.nothing())
		}
	}
}
