package deadletter

import (
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

func TestFilter(t *testing.T) {
	now := last.Add(time.Hour)
	at := func(topic string, partition int32, offset int64) *boostd.Coordinates {
		return &boostd.Coordinates{TopicPartition: boostd.TopicPartition{Topic: topic, Partition: partition}, Offset: offset}
	}
	letter := Letter{Known: true, Reason: "timeout: no answer in 5s", LastFailed: last, WrittenAt: first, Level: 7, Key: []byte("k"), Origin: *at("orders_7", 3, 42)}
	stranger := Letter{WrittenAt: last, Key: nil}
	for name, c := range map[string]struct {
		f                Filter
		letter, stranger bool
	}{
		"all":                 {Filter{}, true, true},
		"part of the reason":  {Filter{Reason: "no answer"}, true, false},
		"another reason":      {Filter{Reason: "No answer"}, false, false},
		"pattern":             {Filter{Reason: "timeout:*5?"}, true, false},
		"pattern of a part":   {Filter{Reason: "*answer"}, false, false},
		"any reason":          {Filter{Reason: "*"}, true, true},
		"old enough":          {Filter{Older: time.Hour}, true, true},
		"not old enough":      {Filter{Older: time.Hour + 1}, false, false},
		"young enough":        {Filter{Newer: time.Hour}, true, true},
		"too old":             {Filter{Newer: time.Hour - 1}, false, false},
		"key":                 {Filter{Key: []byte("k")}, true, false},
		"another key":         {Filter{Key: []byte("K")}, false, false},
		"empty key":           {Filter{Key: []byte{}}, false, false},
		"level":               {Filter{Level: new(boostd.Level(7))}, true, false},
		"level 0":             {Filter{Level: new(boostd.Level)}, false, false},
		"origin":              {Filter{Origin: at("orders_7", 3, 42)}, true, false},
		"origin's partition":  {Filter{Origin: at("", 3, -1)}, true, false},
		"another partition":   {Filter{Origin: at("", 2, -1)}, false, false},
		"another offset":      {Filter{Origin: at("orders_7", -1, 41)}, false, false},
		"another topic":       {Filter{Origin: at("orders", -1, -1)}, false, false},
		"one of two is wrong": {Filter{Reason: "timeout", Level: new(boostd.Level(6))}, false, false},
	} {
		if got := c.f.Matches(&letter, now); got != c.letter {
			t.Errorf("%s: the letter: %v", name, got)
		}
		if got := c.f.Matches(&stranger, now); got != c.stranger {
			t.Errorf("%s: the stranger's: %v", name, got)
		}
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"*", "", true}, {"**", "x", true}, {"?", "", false}, {"?", "x", true}, {"a*c", "abbc", true}, {"a*c", "abcd", false},
		{"*ab", "aab", true}, {"*ab*", "xxabyy", true}, {"a?c*", "abc", true}, {"a*b*c", "aXbYbZc", true}, {"a*b*c", "aXbYbZ", false},
		{strings.Repeat("*a", 50), strings.Repeat("a", 5000) + "b", false},
	} {
		if got := glob(c.pattern, c.text); got != c.want {
			t.Errorf("%.20q of %.20q: %v", c.pattern, c.text, got)
		}
	}
}
