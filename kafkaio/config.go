package kafkaio

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	// Fails by name where there is no C compiler.
	_ "github.com/kafkaboost/boostd/kafkaio/internal/ccompiler"
	"github.com/kafkaboost/boostd/priority"
)

// Config is the section `kafka:` of boostd.yaml.
type Config struct {
	// Brokers are bootstrap addresses, host:port.
	Brokers []string `yaml:"brokers" schema:"required"`
	// Group is the prefix of the consumer groups: {group}_base, {group}_priority_{n}.
	Group string `yaml:"group" schema:"required"`
	// CreateTopics, true unless said otherwise, creates missing topics at start:
	// base topics with the broker's default partitions, derived ones as the
	// settings ask. Derived topics that have fewer partitions are given more.
	CreateTopics *bool `yaml:"create_topics"`
	// NewTopics is what the topics are like that boostd creates.
	NewTopics NewTopics `yaml:"new_topics"`
	// Start is where a group without a committed offset begins: earliest
	// (default), latest, or none, which refuses to start there.
	Start string `yaml:"start" schema:"earliest|latest|none"`
	// Assignor is cooperative-sticky (default), or range while KafkaBoost
	// consumers share the groups: Kafka refuses to mix the two.
	Assignor string `yaml:"assignor" schema:"cooperative-sticky|range"`
	// Instance makes this daemon's consumers static members of their groups,
	// named {instance}-{level}, with -{handler} where there are several: a restart
	// within the session moves no partition. Each daemon has its own: letters,
	// digits, dots, - and _, at most 200. Default: none.
	Instance string `yaml:"instance"`
	// Properties are librdkafka properties for every client, SASL and TLS
	// included; they win over boostd's own tuning.
	Properties map[string]string `yaml:"properties"`
	// ProducerProperties are for producers alone and win over Properties.
	ProducerProperties map[string]string `yaml:"producer_properties"`
	// OnlyLevels restricts this instance to some levels, by number, range or base for
	// the base topics, such as [0, 5, 8-10]: other instances have to consume the rest.
	// Topics are seen to for all levels. Default: all.
	OnlyLevels []Levels `yaml:"only_levels" schema:"levels"`
	// Levels are settings for the consumers of one level, by number or "base". Levels
	// alone, such as 8-10, mean only_levels.
	Levels map[string]LevelConfig `yaml:"levels" schema:"levels"`
}

// LevelConfig is what one level's consumers have of their own.
type LevelConfig struct {
	// Properties win over those of all levels.
	Properties map[string]string `yaml:"properties"`
}

// SetDefaults fills what is absent.
func (c *Config) SetDefaults() {
	if c.CreateTopics == nil {
		yes := true
		c.CreateTopics = &yes
	}
	if c.Start == "" {
		c.Start = "earliest"
	}
	if c.Assignor == "" {
		c.Assignor = "cooperative-sticky"
	}
}

// owned are the properties that boostd sets itself, and what to use instead.
var owned = map[string]string{
	"bootstrap.servers":                     "use kafka.brokers",
	"metadata.broker.list":                  "use kafka.brokers",
	"group.id":                              "use kafka.group",
	"group.instance.id":                     "use kafka.instance",
	"auto.offset.reset":                     "use kafka.start",
	"partition.assignment.strategy":         "use kafka.assignor",
	"group.protocol":                        "boostd runs on the classic protocol: use kafka.assignor",
	"enable.auto.commit":                    "boostd commits what a handler has finished",
	"auto.commit.interval.ms":               "boostd commits what a handler has finished",
	"auto.commit.enable":                    "boostd commits what a handler has finished",
	"enable.auto.offset.store":              "boostd commits what a handler has finished",
	"enable.partition.eof":                  "boostd needs it to know when a level has caught up",
	"log.queue":                             "boostd reads the client's log",
	"log_level":                             "boostd reads the client's log",
	"enable.idempotence":                    "boostd's producers are always idempotent",
	"max.in.flight":                         oneInFlight,
	"max.in.flight.requests.per.connection": oneInFlight,
	"delivery.report.only.error":            "boostd needs every delivery report",
	"acks":                                  "boostd's producers always wait for all replicas",
	"request.required.acks":                 "boostd's producers always wait for all replicas",
	"partitioner":                           "boostd partitions as KafkaBoost does",
	"client.id":                             "boostd names its clients after what they do",
}

const oneInFlight = "boostd's producers have one request under way, with more the client loses records when a partition's leader changes"

// Validate returns everything that is wrong. Each error's text begins with the
// path of its key inside the section.
func (c Config) Validate() []error {
	var errs []error
	wrong := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	if len(c.Brokers) == 0 {
		wrong("brokers", "is missing: name at least one broker as host:port")
	}
	for n, b := range c.Brokers {
		if strings.TrimSpace(b) == "" || strings.ContainsAny(b, ", \t\r\n") {
			wrong(fmt.Sprintf("brokers[%d]", n), "%q is not an address: want host:port", b)
		}
	}
	if c.Group == "" {
		wrong("group", "is missing: it is the prefix of the consumer groups (KafkaBoost without a group id used \"None\")")
	}
	if !slices.Contains([]string{"earliest", "latest", "none"}, c.Start) {
		wrong("start", "%q: want earliest, latest or none", c.Start)
	}
	if c.Assignor != "cooperative-sticky" && c.Assignor != "range" {
		wrong("assignor", "%q: want cooperative-sticky, or range while KafkaBoost consumers share the groups", c.Assignor)
	}
	if err := checkInstance(c.Instance); err != nil {
		wrong("instance", "%v", err)
	}
	if c.OnlyLevels != nil && len(c.OnlyLevels) == 0 {
		wrong("only_levels", "names no level: leave it out to consume all")
	}
	for _, level := range slices.Sorted(maps.Keys(c.Levels)) {
		key := "levels." + level
		if n, err := strconv.Atoi(level); level != "base" && (err != nil || n < 0 || n > priority.MaxLevel) {
			wrong(key, "want a level's number or base")
		}
	}
	for _, l := range c.layers() {
		checkProperties(wrong, l.section, l.own)
		l.securityErrors(wrong)
	}
	return errs
}

func checkProperties(wrong func(string, string, ...any), section string, properties map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		key := section + "." + name
		switch instead, mine := owned[name]; {
		case mine:
			wrong(key, "is boostd's own: %s", instead)
		case strings.HasPrefix(name, "go."):
			wrong(key, "is boostd's own: it belongs to the Go client, not to librdkafka")
		case strings.HasSuffix(name, "_cb") || name == "opaque" || name == "default_topic_conf":
			wrong(key, "is a callback of the C library and has no value in a file")
		}
	}
}

// tuning is what was measured to be best for one level's consumer (facts in
// DESIGN.md). A user's property wins.
var tuning = map[string]string{
	"queued.max.messages.kbytes": "8192",
	"queued.min.messages":        "1000",
	"fetch.message.max.bytes":    "131072",
	"fetch.queue.backoff.ms":     "10",
	"fetch.min.bytes":            "1",
	"fetch.wait.max.ms":          "500",
	"heartbeat.interval.ms":      "500",
	"session.timeout.ms":         "10000",
	"socket.timeout.ms":          "10000",
	// Less than a session: after a broker's restart its client must be back
	// before the group has given its partitions away. The default is 10 s.
	"reconnect.backoff.max.ms": "1000",
	// The client waits for half of it before it connects to one more broker. The default
	// is 100 ms, and every start pays for it.
	"reconnect.backoff.ms":               "20",
	"topic.metadata.refresh.interval.ms": "5000",
	"max.poll.interval.ms":               "300000",
	"enable.metrics.push":                "false",
	"statistics.interval.ms":             statisticsIntervalMs,
}

// clientTuning is what all clients have of it.
var clientTuning = map[string]string{
	"socket.timeout.ms": tuning["socket.timeout.ms"], "reconnect.backoff.ms": tuning["reconnect.backoff.ms"], "enable.metrics.push": "false",
}

// producerTuning is what producers have unless the user says otherwise.
var producerTuning = map[string]string{
	"linger.ms": "1",
	// What waits for the brokers; the default is 1 GiB.
	"queue.buffering.max.kbytes": "65536",
	// A topic that isn't there is waited for this long, the default is 30 s: a new
	// one is known within some tens of milliseconds.
	"topic.metadata.propagation.max.ms": "3000",
}

// admin is the configuration of a client without a group.
func (c Config) admin(name string) *kafka.ConfigMap {
	return configMap(merge(
		clientTuning, c.Properties,
		map[string]string{"bootstrap.servers": strings.Join(c.Brokers, ","), "client.id": "boostd-" + name}))
}

// OfProducer are librdkafka's properties of a producer, the user's laid
// over boostd's tuning and boostd's own over both. The partitioner is KafkaBoost's.
func (c Config) OfProducer(name string) map[string]string {
	return merge(
		clientTuning, producerTuning, c.Properties, c.ProducerProperties,
		map[string]string{
			"bootstrap.servers": strings.Join(c.Brokers, ","), "client.id": "boostd-" + name,
			"enable.idempotence": "true", "acks": "all", "partitioner": "murmur2_random",
			// With more, the success of a later one makes the client call an earlier one written,
			// also where a leader has refused it and knows nothing of its producer yet: DESIGN.md.
			"max.in.flight": "1",
		})
}

// ConsumerProperties are librdkafka's properties of one level's consumer, the
// user's laid over boostd's tuning and boostd's own over both. level is a number
// or "base".
func (c Config) ConsumerProperties(group, level string) map[string]string {
	return c.sharedProperties(group, level, 0)
}

// sharedProperties are those of one of so many consumers of a process; 0: many.
func (c Config) sharedProperties(group, level string, consumers int) map[string]string {
	reset := map[string]string{"earliest": "earliest", "latest": "latest", "none": "error"}[c.Start]
	return merge(tuning, prefetch(consumers), c.Properties, c.Levels[level].Properties, map[string]string{
		"bootstrap.servers": strings.Join(c.Brokers, ","), "client.id": "boostd-" + level,
		"group.id": group, "auto.offset.reset": reset, "partition.assignment.strategy": c.Assignor,
		"enable.auto.commit": "false", "enable.auto.offset.store": "false", "enable.partition.eof": "true",
	})
}

// prefetch divides what may wait in the clients of a process among them, and how often
// they ask brokers that have nothing for them: DESIGN.md. From a dozen on each has what
// tuning says.
func prefetch(consumers int) map[string]string {
	if consumers < 1 {
		return nil
	}
	return map[string]string{
		"queued.min.messages": strconv.Itoa(max(1000, min(36_000/consumers-500, 10_000))),
		"fetch.wait.max.ms":   strconv.Itoa(min(42*consumers, 500)),
	}
}

// isolation is what the consumers read, so that a backlog is counted the same
// way: an open transaction's end is never reached by a committed reader.
func (c Config) isolation() kafka.IsolationLevel {
	if c.Properties["isolation.level"] == "read_uncommitted" {
		return kafka.IsolationLevelReadUncommitted
	}
	return kafka.IsolationLevelReadCommitted
}

// merge lays maps over each other, the last one on top.
func merge(layers ...map[string]string) map[string]string {
	m := map[string]string{}
	for _, layer := range layers {
		maps.Copy(m, layer)
	}
	return m
}

// configMap is properties as the client wants them, its log read by us.
func configMap(properties map[string]string) *kafka.ConfigMap {
	m := kafka.ConfigMap{"go.logs.channel.enable": true}
	for k, v := range properties {
		m[k] = v
	}
	return &m
}
