package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/test/kafkatest"
	"github.com/kafkaboost/boostd/test/rig"
)

// topics runs `boostd topics` and checks its exit code.
func topics(t *testing.T, s *rig.Setup, want int, args ...string) *rig.Process {
	t.Helper()
	p, code := rig.Boostd(t, append(append([]string{"topics"}, args...), "-c", s.Path())...)
	exits(t, p, code, want)
	return p
}

// partitions are the partition counts of all topics.
func partitions(t *testing.T, s *rig.Setup) map[string]int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	have, err := s.Admin(t).Topics(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return have
}

// makeTopics creates topics with so many partitions.
func makeTopics(t *testing.T, s *rig.Setup, specs ...kafkaio.TopicSpec) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	if _, err := s.Admin(t).EnsureTopics(ctx, specs); err != nil {
		t.Fatal(err)
	}
}

// ensure creates and grows, once; plan says before what it will do; list shows
// all, also what the settings don't have.
func TestTopicsCommands(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.Plan(t, c.Brokers(t), rig.Options{Min: 8, Partitions: 4})
		makeTopics(t, s, kafkaio.TopicSpec{Name: s.Topic(8), Partitions: 2}, kafkaio.TopicSpec{Name: s.Topic(9), Partitions: 6},
			kafkaio.TopicSpec{Name: s.Base + "_12", Partitions: 1}, kafkaio.TopicSpec{Name: s.Base + "_3", Partitions: 1})
		plan := topics(t, s, 1, "plan")
		says(t, plan, "broker's default", "2 → 4", "grow", "order of a key's messages", "more than the 4", "3 of 4 topics are not as the settings ask")
		actions := ""
		for line := range strings.Lines(topics(t, s, 1, "plan", "--json").Stdout()) {
			var l struct{ Topic, Action string }
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatalf("%v in %s", err, line)
			}
			actions += l.Action + " "
		}
		if actions != "create grow note create " {
			t.Errorf("plan's actions are %s", actions)
		}
		first := topics(t, s, 0, "ensure")
		says(t, first, "created "+s.Base+" with the broker's partitions", "created "+s.Topic(10)+" with 4 partitions",
			"grown "+s.Topic(8)+" from 2 to 4 partitions", "note: "+s.Topic(9)+" has 6 partitions")
		have := partitions(t, s)
		if have[s.Base] < 1 || have[s.Topic(8)] != 4 || have[s.Topic(9)] != 6 || have[s.Topic(10)] != 4 {
			t.Errorf("topics have %d, %d, %d and %d partitions", have[s.Base], have[s.Topic(8)], have[s.Topic(9)], have[s.Topic(10)])
		}
		says(t, topics(t, s, 0, "ensure"), "nothing to do: all 4 topics are there")
		if p := topics(t, s, 0, "ensure", "--json"); p.Stdout() != "" {
			t.Errorf("the second ensure changes %s", p.Stdout())
		}
		topics(t, s, 0, "plan")
		s.Load(t).Fill(10, 7, 100)
		listed := topics(t, s, 0, "list", "--json").Stdout()
		for _, want := range []string{
			fmt.Sprintf(`{"topic":"%s","base":"%s","level":10,"partitions":4,"messages":7,"outside":false}`, s.Topic(10), s.Base),
			fmt.Sprintf(`{"topic":"%s_12","base":"%s","level":12,"partitions":1,"messages":0,"outside":true}`, s.Base, s.Base),
			fmt.Sprintf(`{"topic":"%s_3","base":"%s","level":3,"partitions":1,"messages":0,"outside":true}`, s.Base, s.Base),
		} {
			if !strings.Contains(listed, want+"\n") {
				t.Errorf("list doesn't say %s but\n%s", want, listed)
			}
		}
		says(t, topics(t, s, 0, "list", s.Base), "outside", "MESSAGES")
	})
}

// Kafka refuses a name that differs only in '.' and '_'; the rest is done.
func TestTopicsConflict(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.Plan(t, c.Brokers(t), rig.Options{Min: 9})
		other := strings.ReplaceAll(s.Topic(10), "_", ".")
		makeTopics(t, s, kafkaio.TopicSpec{Name: other, Partitions: 1})
		says(t, topics(t, s, 1, "plan"), "conflict", other, "rename")
		says(t, topics(t, s, 1, "ensure"), "created "+s.Topic(9), fmt.Sprintf("create topic %q: topic %q exists", s.Topic(10), other))
	})
}

// Two at once do no harm, commands and daemons alike.
func TestTopicsTwiceAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.Plan(t, c.Brokers(t), rig.Options{Min: 3, Partitions: 4})
		makeTopics(t, s, kafkaio.TopicSpec{Name: s.Topic(5), Partitions: 1})
		both := []*rig.Process{rig.Spawn(t, "topics", "ensure", "-c", s.Path()), rig.Spawn(t, "topics", "ensure", "-c", s.Path())}
		for _, p := range both {
			exits(t, p, p.Wait(rig.Patience), 0)
		}
		topics(t, s, 0, "plan")
		d := rig.Plan(t, c.Brokers(t), rig.Options{Min: 3, Partitions: 4})
		makeTopics(t, d, kafkaio.TopicSpec{Name: d.Topic(5), Partitions: 1})
		one, two := d.Spawn(t), d.Spawn(t)
		for _, p := range []*rig.Process{one, two} {
			rig.Eventually(t, "it runs", func() bool { return p.Says(`"running"`) })
		}
		topics(t, d, 0, "plan")
		for _, p := range []*rig.Process{one, two} {
			exits(t, p, p.Terminate(), 0)
			if p.Says("not all topics are as the settings ask") {
				t.Error("it couldn't have its topics")
			}
		}
	})
}

// New topics have the replicas and configuration of boostd.yaml; more replicas
// than brokers are refused in plain words.
func TestNewTopicsConfiguration(t *testing.T) {
	t.Parallel()
	brokers := clusters[1].Brokers(t)
	s := rig.Plan(t, brokers, rig.Options{Min: 10, Kafka: "  new_topics: {replication_factor: 1, config: {retention.ms: \"12345678\"}}"})
	topics(t, s, 0, "ensure")
	admin, err := kafka.NewAdminClient(&kafka.ConfigMap{"bootstrap.servers": strings.Join(brokers, ",")})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	answer, err := admin.DescribeConfigs(t.Context(), []kafka.ConfigResource{{Type: kafka.ResourceTopic, Name: s.Topic(10)}})
	if err != nil {
		t.Fatal(err)
	}
	if got := answer[0].Config["retention.ms"].Value; got != "12345678" {
		t.Errorf("retention.ms is %q", got)
	}
	for kafka, text := range map[string]string{
		"  new_topics: {replication_factor: 3}":           "lower kafka.new_topics.replication_factor",
		"  new_topics: {config: {retention.ms: forever}}": "correct kafka.new_topics.config",
	} {
		refused := rig.Plan(t, brokers, rig.Options{Min: 10, Kafka: kafka})
		says(t, topics(t, refused, 1, "ensure"), text, fmt.Sprintf("%q", refused.Topic(10)))
	}
}

// Without a permission the error names it and the topic.
func TestTopicsWithoutPermission(t *testing.T) {
	t.Parallel()
	cluster := kafkatest.New(t, kafkatest.Options{Security: true, Authorizer: true})
	secure := cluster.Secure()
	u := secure.Scram512
	s := rig.Plan(t, secure.SASLSSL, rig.Options{Min: 9, Partitions: 3, Kafka: fmt.Sprintf(
		"  properties: {security.protocol: sasl_ssl, sasl.mechanism: %s, sasl.username: %s, sasl.password: %q, ssl.ca.location: %s}",
		u.Mechanism, u.Name, u.Password, secure.CAFile)})
	ensure(t, kafkaio.Config{Brokers: cluster.Brokers()}, s.Base, s.Topic(9)) // with two partitions
	allow := grants(t, cluster.Brokers(), u.Name)
	allow("topic", s.Base, true)
	allow("topic", s.Topic(9), true)
	p := topics(t, s, 1, "ensure")
	says(t, p, fmt.Sprintf("create topic %q: the permission is missing: allow Create on the topic or on the cluster", s.Topic(10)),
		fmt.Sprintf("add partitions to topic %q: the permission is missing: allow Alter on the topic", s.Topic(9)))
	if p.Says("goroutine") || p.Says(u.Password) {
		t.Error("its output shows a stack or a password")
	}
}
