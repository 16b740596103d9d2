package demo

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/plugins"
	"github.com/kafkaboost/boostd/priority"
)

// Partitions of the topics. The base topic has one: its levels are told apart
// only once they are fetched, so its order is the one of production.
const (
	basePartitions  = 1
	levelPartitions = 3
)

// setup is what a run is made of.
type setup struct {
	base     string
	config   *conf.File
	settings *priority.Settings
	audit    string
}

// newPrefix is what all topics and groups on somebody's cluster begin with.
func newPrefix() string {
	var random [5]byte
	_, _ = rand.Read(random[:]) // never fails
	return "boostd-demo-" + hex.EncodeToString(random[:]) + "-"
}

// newSetup builds configuration and settings; dir takes the audit.
func newSetup(prefix, dir string, brokers []string, handler plugins.Config) (*setup, error) {
	s := &setup{base: prefix + "orders", audit: filepath.Join(dir, "audit.jsonl")}
	handler.Audit, handler.AuditRequired = s.audit, true
	s.config = &conf.File{
		Kafka:    kafkaio.Config{Brokers: brokers, Group: prefix + "workers"},
		Topics:   map[string]conf.Topic{s.base: {Handler: "demo", Order: "key"}},
		Handlers: map[string]conf.Handler{"demo": {Config: handler}},
		// A level whose start were not awaited would be overtaken: the demo
		// waits longer than a daemon does.
		StartWait: boostd.Duration(10 * time.Second),
		Drain:     boostd.Duration(2 * time.Second),
		Path:      filepath.Join(dir, "boostd.yaml"),
	}
	s.config.Kafka.SetDefaults()
	s.config.Policy.SetDefaults()
	s.config.Gate.SetDefaults()
	document := fmt.Sprintf(`{"user_id": "demo", "max_priority": %d, "default_priority": 0,
		"Topics_priority": [], "Rule_Base_priority": [],
		"Priority_boost": [{"topic_name": %q, "priority_boost_min_value": %d, "number_of_partitions": %d}]}`,
		maxLevel, s.base, boostMin, levelPartitions)
	var err error
	s.settings, _, err = priority.Parse([]byte(document))
	if err != nil {
		return nil, fmt.Errorf("make settings: %w", err)
	}
	return s, nil
}

// topics are all that the run uses, the base first.
func (s *setup) topics() []kafkaio.TopicSpec {
	specs := []kafkaio.TopicSpec{{Name: s.base, Partitions: basePartitions}}
	for _, p := range s.settings.Plan([]string{s.base}) {
		specs = append(specs, kafkaio.TopicSpec{Name: p.Name, Partitions: p.Partitions})
	}
	return specs
}

// groups are all that the daemon joins.
func (s *setup) groups() []string {
	groups := []string{priority.BaseGroup(s.config.Kafka.Group)}
	for level := boostMin; level <= maxLevel; level++ {
		groups = append(groups, priority.LevelGroup(s.config.Kafka.Group, level))
	}
	return groups
}

// topicOf is where a level's messages live.
func (s *setup) topicOf(level boostd.Level) string {
	if level < boostMin {
		return s.base
	}
	return priority.DerivedTopic(s.base, level)
}
