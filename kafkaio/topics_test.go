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
		"one":            {[]TopicSpec{{"a", 1}}, "[[{a 1}]]"},
		"a name twice":   {[]TopicSpec{{"a", 1}, {"b", 2}, {"a", 3}}, "[[{a 1} {b 2}]]"},
		"just full":      {[]TopicSpec{{"a", 9999}, {"b", 1}}, "[[{a 9999} {b 1}]]"},
		"too many":       {[]TopicSpec{{"a", 9999}, {"b", 2}, {"c", 1}}, "[[{a 9999}] [{b 2} {c 1}]]"},
		"largest alone":  {[]TopicSpec{{"a", 10000}, {"b", 10000}}, "[[{a 10000}] [{b 10000}]]"},
		"broker default": {[]TopicSpec{{"a", 9001}, {"b", BrokerDefault}}, "[[{a 9001}] [{b -1}]]"},
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
