package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/test/bench/task"
)

func TestLevelOfEachTopic(t *testing.T) {
	o := &task.Task{Base: "or_7-ders_3", Lowest: 0, Highest: 1000}
	for level, topic := range topics(o) {
		if got := levelOf(topic); got != level {
			t.Errorf("%s has level %d", topic, got)
		}
	}
}

// boostd's files are valid, and say what the task does.
func TestConfigOfBoostd(t *testing.T) {
	for _, reserve := range []int{0, 2} {
		o := &task.Task{Brokers: []string{"a:1", "b:2"}, Base: "b", Lowest: 1, Highest: 10, Partitions: 6, Group: "g", Slots: 64, Order: "partition", Reserve: reserve, Dir: t.TempDir()}
		path, err := writeConfig(o)
		if err != nil {
			t.Fatal(err)
		}
		f, err := conf.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		h := f.Handlers["work"]
		if !slices.Equal(f.Kafka.Brokers, o.Brokers) || f.Kafka.Group != "g" || f.Topics["b"].Order != "partition" || h.Slots != 64 || h.Kind() != "noop" {
			t.Errorf("boostd.yaml is %+v", f)
		}
		if (h.Policy != nil) != (reserve > 0) {
			t.Errorf("with reserve %d the policy is %+v", reserve, h.Policy)
		}
		text, err := os.ReadFile(filepath.Join(o.Dir, "settings.json"))
		if err != nil {
			t.Fatal(err)
		}
		settings, warnings, err := priority.Parse(text)
		if err != nil || len(warnings) > 0 {
			t.Fatalf("%v, %v", warnings, err)
		}
		plan := settings.Plan([]string{"b"})
		if len(plan) != 10 || plan[0].Name != "b_1" || plan[9].Name != "b_10" || plan[0].Partitions != 6 {
			t.Errorf("the topics are %+v", plan)
		}
	}
}
