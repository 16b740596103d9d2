package kafkaio

import (
	"fmt"
	"testing"
)

func TestBatches(t *testing.T) {
	for name, c := range map[string]struct {
		specs []TopicSpec
		want  string
	}{
		"none":           {nil, "[]"},
		"one":            {[]TopicSpec{{Name: "a", Partitions: 1}}, "[[{a 1 false}]]"},
		"a name twice":   {[]TopicSpec{{Name: "a", Partitions: 1}, {Name: "b", Partitions: 2}, {Name: "a", Partitions: 3}}, "[[{a 1 false} {b 2 false}]]"},
		"just full":      {[]TopicSpec{{Name: "a", Partitions: 9999}, {Name: "b", Partitions: 1}}, "[[{a 9999 false} {b 1 false}]]"},
		"too many":       {[]TopicSpec{{Name: "a", Partitions: 9999}, {Name: "b", Partitions: 2}, {Name: "c", Partitions: 1}}, "[[{a 9999 false}] [{b 2 false} {c 1 false}]]"},
		"largest alone":  {[]TopicSpec{{Name: "a", Partitions: 10000}, {Name: "b", Partitions: 10000}}, "[[{a 10000 false}] [{b 10000 false}]]"},
		"broker default": {[]TopicSpec{{Name: "a", Partitions: 9001}, {Name: "b", Partitions: BrokerDefault}}, "[[{a 9001 false}] [{b -1 false}]]"},
	} {
		if got := fmt.Sprint(batches(c.specs)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

func TestNewTopicsValidate(t *testing.T) {
	for factor, want := range map[int]string{
		BrokerDefault: "[]", 1: "[]", 32767: "[]",
		-2:    "[replication_factor: -2: want 1 to 32767]",
		32768: "[replication_factor: 32768: want 1 to 32767]",
	} {
		if got := fmt.Sprint(NewTopics{ReplicationFactor: factor}.Validate()); got != want {
			t.Errorf("%d: got %s, want %s", factor, got, want)
		}
	}
}
