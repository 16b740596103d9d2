package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/test/rig"
)

// standard replaces the setup's topics by two boosted ones and a standard one,
// all of them for one handler with one slot, and returns their names.
func standard(t *testing.T, c *rig.Cluster) (s *rig.Setup, boosted, other, plain string) {
	t.Helper()
	s = rig.Plan(t, c.Brokers(t), rig.Options{Min: 5, Max: 10})
	boosted, other, plain = s.Base, s.OtherBase, "plain-"+s.Group
	s.WriteFile(t, "settings.json", fmt.Sprintf(`{"max_priority": 10, "Priority_boost": [
		{"topic_name": %q, "priority_boost_min_value": 5, "number_of_partitions": 1},
		{"topic_name": %q, "priority_boost_min_value": 9, "number_of_partitions": 1}],
		"Topics_priority": [{"topic": %q, "priority": 2}]}`, boosted, other, plain))
	s.WriteFile(t, "boostd.yaml", fmt.Sprintf(`kafka: {brokers: [%s], group: %s}
settings: {source: "file:settings.json"}
topics:
  %s: {handler: work}
  %s: {handler: work}
  %s: {handler: work}
handlers:
  work: {noop: {}, slots: 1, audit: audit.jsonl}
control: %s
`, strings.Join(s.Config.Brokers, ", "), s.Group, boosted, other, plain, s.Control))
	makeTopics(t, s, kafkaio.TopicSpec{Name: boosted, Partitions: 1}, kafkaio.TopicSpec{Name: other, Partitions: 1},
		kafkaio.TopicSpec{Name: plain, Partitions: 1})
	topics(t, s, 0, "ensure")
	return s, boosted, other, plain
}

// The messages of a standard topic that are fetched are handled by level: of the
// value, the header, or the topic; beside them two boosted topics, whose levels
// come in between.
func TestStandardBesideBoosted(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s, boosted, other, plain := standard(t, c)
		load := s.Load(t)
		send := func(n int, topic string, level boostd.Level, value string, headers ...boostd.Header) {
			for i := range n {
				load.Send(rig.Message{Topic: topic, Level: level, Key: fmt.Append(nil, i), Value: []byte(value), Headers: headers})
			}
			load.Flush()
		}
		// Lowest first, so that only sorting makes the highest come first. Where the
		// rig's own header is to be avoided, the level is one that it adds none for.
		send(20, plain, 0, `{"priority": 0}`)
		send(20, plain, 2, `no object`)
		send(20, plain, 4, `{"priority": 7}`)
		send(20, plain, 8, `{"priority": 8}`)
		send(20, plain, 10, `{"priority": 1}`, boostd.Header{Key: "priority", Value: []byte("10")})
		send(20, other, 3, `{"priority": 9}`)
		send(20, other+"_9", 9, `{"priority": 0}`)
		send(20, boosted+"_6", 6, `{}`)
		_, stop := s.Start(t)
		load.AwaitHandled()
		stop()
		clean(t, load)
		records := s.Audit(t)
		got := map[string]int{}
		last := boostd.Level(10)
		for n, r := range records {
			got[fmt.Sprintf("%s %d", strings.TrimSuffix(r.Topic, s.Group), r.Level)]++
			if r.Level > last {
				t.Fatalf("message %d is of level %d, after one of level %d", n+1, r.Level, last)
			}
			last = r.Level
		}
		// The rig puts levels 1 to 4 into the header, which goes before the value.
		want := map[string]int{"plain- 0": 20, "plain- 2": 20, "plain- 4": 20, "plain- 8": 20, "plain- 10": 20,
			other + " 3": 20, other + "_9 9": 20, boosted + "_6 6": 20}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("by topic and level:\n got %v\nwant %v", got, want)
		}
	})
}
