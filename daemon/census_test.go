package daemon

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/scheduler"
)

const ofTwoHandlers = `kafka: {brokers: [a:1], group: g, only_levels: [base, 9]}
settings: {source: file:s}
topics: {a: {handler: h}, b: {handler: i}}
handlers: {h: {noop: {}}, i: {noop: {}}}
gate: {scope: group}
`

func withGroups(t *testing.T, file string) *Daemon {
	t.Helper()
	config, err := conf.Parse("f", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	d := withConfig(&Daemon{}, config)
	d.fleet.set(nil, d.partsOfGroups(d.allConsumers(parsed(t, `{"max_priority": 2, "Priority_boost": [
		{"topic_name": "a", "priority_boost_min_value": 0, "number_of_partitions": 1},
		{"topic_name": "b", "priority_boost_min_value": 2, "number_of_partitions": 1}]}`), nil)))
	return d
}

// Every level of each handler is asked for, whoever consumes it, but for the lowest.
func TestWhoseGroupsAreAskedFor(t *testing.T) {
	d := withGroups(t, ofTwoHandlers)
	var got []string
	for _, p := range d.fleet.groupParts() {
		got = append(got, fmt.Sprint(p.pool, ":", p.level, " ", p.group, " ", p.topics))
	}
	if text, want := strings.Join(got, ", "), "0:1 g_priority_1 [a_1], 0:2 g_priority_2 [a_2], 1:2 g_priority_2 [b_2]"; text != want {
		t.Errorf("got %s, want %s", text, want)
	}
	if got := fmt.Sprint(poolLevels(d.fleet.groupParts())); got != "[{0 2} {0 1} {1 2}]" {
		t.Errorf("levels are %s", got)
	}
	if d = withGroups(t, strings.Replace(ofTwoHandlers, "scope: group", "scope: instance", 1)); d.fleet.groupParts() != nil {
		t.Errorf("without the scope it asks for %v", d.fleet.groupParts())
	}
}

// A level's topics are added up, and nothing is said where one of them is unknown.
func TestSumOfAGroup(t *testing.T) {
	top := poolLevel{0, 2}
	list := []groupPart{{top, "g2", []string{"a", "b"}}, {top, "g3", []string{"old"}}, {poolLevel{1, 2}, "g2", []string{"c"}}}
	answer := map[string]map[string]kafkaio.GroupWork{"g2": {"a": {Outstanding: 1, Done: 10}, "b": {Outstanding: 2, Done: 20}}, "g3": {"old": {Outstanding: 4, Done: 40}}}
	if got, known := sum(list, top, answer); !known || got != (scheduler.GroupWork{Outstanding: 7, Done: 70}) {
		t.Errorf("got %+v, %v", got, known)
	}
	if got, known := sum(list, poolLevel{1, 2}, answer); known {
		t.Errorf("what nobody told is %+v", got)
	}
	delete(answer, "g3")
	if got, known := sum(list, top, answer); known {
		t.Errorf("with a part unknown it is %+v", got)
	}
}

// What nobody has told for as long as the scheduler waits is an alarm, with why.
func TestUnheardOf(t *testing.T) {
	began := time.Unix(1000, 0)
	c := census{levels: []poolLevel{{0, 9}, {0, 8}, {1, 9}}, heard: map[poolLevel]time.Time{{0, 9}: began, {0, 8}: began.Add(5 * time.Second), {1, 9}: began}}
	why := errors.New("no broker answers\nnone")
	for after, want := range map[time.Duration]string{
		9 * time.Second:  "",
		10 * time.Second: "what the groups of levels 9 have to do has not been known for 10s, so nobody waits for them: no broker answers",
		15 * time.Second: "what the groups of levels 9, 8 have to do has not been known for 15s, so nobody waits for them: no broker answers",
	} {
		if got := c.unheard(began.Add(after), why); got != want {
			t.Errorf("after %v: %q, want %q", after, got, want)
		}
	}
}
