package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/conf"
)

func TestParseOrigin(t *testing.T) {
	for text, want := range map[string]string{
		"orders": "orders/-1@-1", "orders/3": "orders/3@-1", "orders/3@7": "orders/3@7", "a.b-c_1/0": "a.b-c_1/0@-1",
		"": "", "/3": "", "orders/": "", "orders@7": "", "orders/x": "", "orders/3@": "", "orders/-1": "",
	} {
		c, err := parseOrigin(text)
		if (err == nil) != (want != "") || err == nil && c.String() != want {
			t.Errorf("%q: %v, %v", text, c, err)
		}
	}
}

func TestParseLetters(t *testing.T) {
	for args, want := range map[string]string{
		"":                                "0 0 ",
		"orders payments":                 "2 0 ",
		"orders_dlq/3@17 orders_dlq/3@18": "0 2 ",
		"orders orders_dlq/3@17":          "0 0 topics and single letters together",
		"orders/3@17":                     "0 0 orders is no dead-letter topic",
		"orders_dlq@17":                   `0 0 "orders_dlq@17": want TOPIC/PARTITION@OFFSET`,
		"a/b":                             `0 0 topic name "a/b" contains '/'`,
	} {
		bases, places, err := parseLetters(strings.Fields(args))
		if got := fmt.Sprint(len(bases), len(places), " ", err); !strings.HasPrefix(strings.Replace(got, "<nil>", "", 1), want) {
			t.Errorf("%q: %s, want %s", args, got, want)
		}
	}
}

func TestLetterTopics(t *testing.T) {
	have := map[string]int{"orders": 3, "orders_dlq": 3, "payments": 1, "payments_dlq": 1, "_dlq": 1, "x_dlq_dlq": 2}
	file := &place{file: &conf.File{Topics: map[string]conf.Topic{"orders": {}, "others": {}}}}
	for _, c := range []struct {
		place *place
		args  string
		want  string
	}{
		{&place{}, "", "map[orders_dlq:3 payments_dlq:1 x_dlq_dlq:2] <nil>"},
		{file, "", "map[orders_dlq:3] <nil>"},
		{file, "payments", "map[payments_dlq:1] <nil>"},
		{file, "payments_dlq orders", "map[orders_dlq:3 payments_dlq:1] <nil>"},
		{file, "x_dlq", "map[x_dlq_dlq:2] <nil>"},
		{file, "others", "map[] there is no topic others_dlq, or it can't be seen: then allow Describe on it"},
		{file, "others_dlq", "map[] there is no topic others_dlq, or it can't be seen: then allow Describe on it"},
		{file, "payments_dlq/0@7", "map[payments_dlq:1] <nil>"},
		{file, "payments_dlq/1@7", "map[] payments_dlq/1@7: the topic has 1 partitions"},
	} {
		bases, places, err := parseLetters(strings.Fields(c.args))
		if err != nil {
			t.Fatal(err)
		}
		topics, err := c.place.letterTopics(have, bases, places)
		if got := fmt.Sprint(topics, err); got != c.want && fmt.Sprint(topics, " ", err) != c.want {
			t.Errorf("%q: %s, want %s", c.args, got, c.want)
		}
	}
}
