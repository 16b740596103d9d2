package priority

import (
	"fmt"
	"testing"
)

func parsed(t *testing.T, document string) *Settings {
	t.Helper()
	s, _, err := Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestChanges(t *testing.T) {
	s := parsed(t, `{"max_priority": 2, "Priority_boost": [
		{"topic_name": "orders", "priority_boost_min_value": 1, "number_of_partitions": 4, "partitions_by_level": {"2": 8}},
		{"topic_name": "a.b", "priority_boost_min_value": 2, "number_of_partitions": 1}]}`)
	for name, c := range map[string]struct {
		bases   []string
		have    map[string]int
		letters []string
		want    string
	}{
		"no bases":          {nil, map[string]int{"orders_1": 1}, nil, "[]"},
		"nothing exists":    {[]string{"orders"}, nil, nil, "[{orders orders -1 0 -1 create } {orders_1 orders 1 0 4 create } {orders_2 orders 2 0 8 create }]"},
		"all is there":      {[]string{"orders"}, map[string]int{"orders": 1, "orders_1": 4, "orders_2": 8}, nil, "[{orders orders -1 1 -1 nothing } {orders_1 orders 1 4 4 nothing } {orders_2 orders 2 8 8 nothing }]"},
		"fewer and more":    {[]string{"orders"}, map[string]int{"orders": 99, "orders_1": 3, "orders_2": 9}, nil, "[{orders orders -1 99 -1 nothing } {orders_1 orders 1 3 4 grow } {orders_2 orders 2 9 8 note }]"},
		"a base twice":      {[]string{"x", "x"}, nil, nil, "[{x x -1 0 -1 create }]"},
		"not boosted":       {[]string{"x"}, map[string]int{"x": 2, "x_1": 7}, nil, "[{x x -1 2 -1 nothing }]"},
		"conflict":          {[]string{"a.b"}, map[string]int{"a_b": 1, "a_b_2": 5}, nil, "[{a.b a.b -1 0 -1 conflict a_b} {a.b_2 a.b 2 0 1 conflict a_b_2}]"},
		"conflict in plan":  {[]string{"x.y", "x_y"}, nil, nil, "[{x.y x.y -1 0 -1 create } {x_y x_y -1 0 -1 conflict x.y}]"},
		"dots as they are":  {[]string{"a.b"}, map[string]int{"a.b": 1, "a.b_2": 1}, nil, "[{a.b a.b -1 1 -1 nothing } {a.b_2 a.b 2 1 1 nothing }]"},
		"others don't harm": {[]string{"x"}, map[string]int{"orders": 1, "a_b": 1}, nil, "[{x x -1 0 -1 create }]"},
		"dead letters": {[]string{"orders", "x"}, map[string]int{"orders": 6, "orders_1": 4, "orders_2": 8}, []string{"x", "orders", "y"},
			"[{orders orders -1 6 -1 nothing } {orders_1 orders 1 4 4 nothing } {orders_2 orders 2 8 8 nothing } {orders_dlq orders -2 0 6 create } {x x -1 0 -1 create } {x_dlq x -2 0 -1 create }]"},
		"dead letters stay":     {[]string{"x"}, map[string]int{"x": 6, "x_dlq": 2}, []string{"x"}, "[{x x -1 6 -1 nothing } {x_dlq x -2 2 2 nothing }]"},
		"dead letters conflict": {[]string{"x"}, map[string]int{"x": 6, "x.dlq": 2}, []string{"x"}, "[{x x -1 6 -1 nothing } {x_dlq x -2 0 6 conflict x.dlq}]"},
	} {
		if got := fmt.Sprint(s.Changes(c.bases, c.letters, c.have)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

func TestLevelTopics(t *testing.T) {
	s := parsed(t, `{"max_priority": 10, "Priority_boost": [
		{"topic_name": "orders", "priority_boost_min_value": 5, "number_of_partitions": 1}],
		"Topics_priority": [{"topic": "orders_3", "priority": 1}]}`)
	have := map[string]int{"orders": 1, "orders_4": 1, "orders_5": 1, "orders_10": 1, "orders_11": 1, "orders_3": 1,
		"orders_04": 1, "orders_x": 1, "orders_dlq": 1, "plain": 1, "plain_7": 1, "orders_12": 1, "other_1": 1}
	bases := []string{"plain", "orders", "orders_12"}
	if got, want := fmt.Sprint(s.LevelTopics(bases, have)), "[{plain_7 plain 7 true} {orders_4 orders 4 true} "+
		"{orders_5 orders 5 false} {orders_10 orders 10 false} {orders_11 orders 11 true}]"; got != want {
		t.Errorf("level topics:\n got %s\nwant %s", got, want)
	}
	if got, want := fmt.Sprint(s.Leftovers(bases, have)), "[{orders_4 orders 4 true} {orders_11 orders 11 true}]"; got != want {
		t.Errorf("leftovers:\n got %s\nwant %s", got, want)
	}
	if s.Clamp(4) != 4 || s.Clamp(11) != 10 || s.Clamp(-1) != 0 {
		t.Error("levels are not clamped to 0 … max_priority")
	}
}
