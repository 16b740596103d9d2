package priority

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		DerivedTopic("orders", 10): "orders_10", DerivedTopic("My.Orders", 0): "My.Orders_0",
		DeadLetterTopic("orders"): "orders_dlq",
		BaseGroup("workers"):      "workers_base", BaseGroup("None"): "None_base",
		LevelGroup("workers", 7): "workers_priority_7",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestCutDeadLetter(t *testing.T) {
	for topic, want := range map[string]string{"orders_dlq": "orders", "orders_7_dlq": "orders_7", "a_dlq_dlq": "a_dlq", "_dlq": "", "orders": "", "orders_DLQ": "", "": ""} {
		if base, ok := CutDeadLetter(topic); ok != (want != "") || ok && (base != want || DeadLetterTopic(base) != topic) {
			t.Errorf("%q: %q, %v", topic, base, ok)
		}
	}
}

func TestCheckTopic(t *testing.T) {
	long := strings.Repeat("x", maxTopicName)
	for name, want := range map[string]string{
		"orders": "", "My.Orders_7-x": "", "_a": "", "...": "", "7": "", long: "",
		"":         "topic name is empty",
		".":        `topic name "." is not allowed`,
		"..":       `topic name ".." is not allowed`,
		long + "x": `topic name "xxxxxxxxxxxxxxxxxxxx"… has 250 characters, Kafka allows 249`,
		"__offset": `topic name "__offset" begins with __, which is Kafka's own`,
		"a b":      `topic name "a b" contains ' ': allowed are letters, digits, '.', '_' and '-'`,
		"a/b":      `topic name "a/b" contains '/': allowed are letters, digits, '.', '_' and '-'`,
		"größe":    `topic name "größe" contains 'ö': allowed are letters, digits, '.', '_' and '-'`,
		"a\xff":    `topic name "a\xff" contains '�': allowed are letters, digits, '.', '_' and '-'`,
		"a\x1b[2J": `topic name "a\x1b[2J" contains '\x1b': allowed are letters, digits, '.', '_' and '-'`,
	} {
		got := ""
		if err := CheckTopic(name); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%.20q:\n got %s\nwant %s", name, got, want)
		}
	}
}

func TestPlan(t *testing.T) {
	s, _, err := Parse([]byte(`{"max_priority": 3, "Priority_boost": [
		{"topic_name": "orders", "priority_boost_min_value": 2, "number_of_partitions": 9},
		{"topic_name": "pages", "priority_boost_min_value": 3, "number_of_partitions": 1},
		{"topic_name": "all"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		bases []string
		want  string
	}{
		{nil, "[]"},
		{[]string{"unknown", "orders_2"}, "[]"},
		{[]string{"pages", "other", "orders"}, "[{pages_3 pages 3 1} {orders_2 orders 2 9} {orders_3 orders 3 9}]"},
		{[]string{"all"}, "[{all_0 all 0 1} {all_1 all 1 1} {all_2 all 2 1} {all_3 all 3 1}]"},
	} {
		if got := fmt.Sprint(s.Plan(c.bases)); got != c.want {
			t.Errorf("%v:\n got %s\nwant %s", c.bases, got, c.want)
		}
	}
	if b, ok := s.Boost("orders"); !ok || !reflect.DeepEqual(b, Boost{Topic: "orders", Min: 2, Partitions: 9}) {
		t.Errorf("orders is boosted as %+v, %v", b, ok)
	}
	if b, ok := s.Boost("orders_2"); ok {
		t.Errorf("orders_2 is boosted as %+v", b)
	}
}
