package priority

import (
	"strings"
	"testing"

	"github.com/kafkaboost/boostd"
)

const document = `{"max_priority": 10, "default_priority": 1,
	"Priority_boost": [{"topic_name": "orders", "priority_boost_min_value": 5, "number_of_partitions": 2},
		{"topic_name": "pages", "number_of_partitions": 1}],
	"Topics_priority": [{"topic": "mail", "priority": 3}, {"topic": "orders", "priority": 6}]}`

func resolver(t testing.TB) *Resolver {
	t.Helper()
	s, _, err := Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return NewResolver(s)
}

func TestConsumed(t *testing.T) {
	r := resolver(t)
	header := func(values ...string) (hs []boostd.Header) {
		for _, v := range values {
			hs = append(hs, boostd.Header{Key: "priority", Value: []byte(v)})
		}
		return hs
	}
	for _, c := range []struct {
		name, topic string
		headers     []boostd.Header
		value       string
		want        Resolution
	}{
		{"derived", "orders_7", header("2"), `{"priority": 3}`, Resolution{Level: 7, By: ByDerived}},
		{"derived, malformed header", "orders_7", header("x"), `{"priority": true}`, Resolution{Level: 7, By: ByDerived}},
		{"derived from 0", "pages_0", nil, "", Resolution{Level: 0, By: ByDerived}},
		{"below the boost", "orders_4", nil, "", Resolution{Level: 4, By: ByDerived}},
		{"above max", "orders_11", nil, `{"priority": 2}`, Resolution{Level: 10, By: ByDerived, Clamped: true}},
		{"header", "orders", header("2"), `{"priority": 3}`, Resolution{Level: 2, By: ByExplicit}},
		{"last header", "orders", header("2", "4"), "", Resolution{Level: 4, By: ByExplicit}},
		{"header as 7.0", "orders", header(" 7.0 "), "", Resolution{Level: 7, By: ByExplicit}},
		{"header too high", "orders", header("11"), "", Resolution{Level: 10, By: ByExplicit, Clamped: true}},
		{"header negative", "orders", header("-1"), "", Resolution{Level: 0, By: ByExplicit, Clamped: true}},
		{"malformed header", "orders", header("high"), `{"priority": 3}`, Resolution{Level: 3, By: ByValue, Mistyped: true}},
		{"malformed header alone", "orders", header("1.5"), "", Resolution{Level: 6, By: ByTopic, Mistyped: true}},
		{"malformed last header", "orders", header("2", ""), "", Resolution{Level: 6, By: ByTopic, Mistyped: true}},
		{"header without value", "mail", []boostd.Header{{Key: "priority"}}, "", Resolution{Level: 3, By: ByTopic, Mistyped: true}},
		{"another header", "mail", []boostd.Header{{Key: "Priority", Value: []byte("9")}}, "", Resolution{Level: 3, By: ByTopic}},
		{"value", "orders", nil, `{"priority": 4}`, Resolution{Level: 4, By: ByValue}},
		{"value too high", "orders", nil, `{"priority": 11}`, Resolution{Level: 10, By: ByValue, Clamped: true}},
		{"value negative", "orders", nil, `{"priority": -1}`, Resolution{Level: 0, By: ByValue, Clamped: true}},
		{"value of the wrong type", "orders", nil, `{"priority": [4]}`, Resolution{Level: 6, By: ByTopic, Mistyped: true}},
		{"value null", "orders", nil, `{"priority": null}`, Resolution{Level: 6, By: ByTopic}},
		{"value without", "mail", nil, `{"data": {"priority": 9}}`, Resolution{Level: 3, By: ByTopic}},
		{"topic", "mail", nil, "hello", Resolution{Level: 3, By: ByTopic}},
		{"default", "other", nil, "hello", Resolution{Level: 1, By: ByDefault}},
		{"default, mistyped", "other", nil, `{"priority": "x"}`, Resolution{Level: 1, By: ByDefault, Mistyped: true}},
	} {
		got := r.Consumed(&boostd.Message{Topic: c.topic, Headers: c.headers, Value: []byte(c.value)})
		if got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

func TestProduced(t *testing.T) {
	r := resolver(t)
	for _, c := range []struct {
		name, topic string
		explicit    *int
		value       string
		want        Resolution
		to          string
	}{
		{"argument", "orders", new(7), `{"priority": 3}`, Resolution{Level: 7, By: ByExplicit}, "orders_7"},
		{"argument 0", "orders", new(0), `{"priority": 9}`, Resolution{Level: 0, By: ByExplicit}, "orders"},
		{"argument too high", "orders", new(11), "", Resolution{Level: 10, By: ByExplicit, Clamped: true}, "orders_10"},
		{"argument negative", "pages", new(-1), "", Resolution{Level: 0, By: ByExplicit, Clamped: true}, "pages_0"},
		{"value", "orders", nil, `{"priority": 5}`, Resolution{Level: 5, By: ByValue}, "orders_5"},
		{"value below the boost", "orders", nil, `{"priority": 4}`, Resolution{Level: 4, By: ByValue}, "orders"},
		{"mistyped", "orders", nil, `{"priority": true}`, Resolution{Level: 6, By: ByTopic, Mistyped: true}, "orders_6"},
		{"topic", "orders", nil, "", Resolution{Level: 6, By: ByTopic}, "orders_6"},
		{"standard topic", "mail", nil, `{"priority": 9}`, Resolution{Level: 9, By: ByValue}, "mail"},
		{"default", "pages", nil, "", Resolution{Level: 1, By: ByDefault}, "pages_1"},
		{"derived", "orders_7", new(9), `{"priority": 3}`, Resolution{Level: 7, By: ByDerived}, "orders_7"},
	} {
		got, to := r.Produced(&boostd.Message{Topic: c.topic, Value: []byte(c.value)}, c.explicit)
		if got != c.want || to != c.to {
			t.Errorf("%s:\n got %+v to %s\nwant %+v to %s", c.name, got, to, c.want, c.to)
		}
		if again := r.Consumed(&boostd.Message{Topic: to, Value: []byte(c.value)}); to != c.topic && again.Level != got.Level {
			t.Errorf("%s: produced at level %d to %s, consumed at %d", c.name, got.Level, to, again.Level)
		}
	}
}

func TestBy(t *testing.T) {
	for by, want := range map[By]string{ByDerived: "topic", ByExplicit: "explicit", ByValue: "value", ByRule: "rule", ByTopic: "topic", ByDefault: "default"} {
		if by.String() != want {
			t.Errorf("%d is %s, want %s", by, by, want)
		}
	}
}

func TestResolutionDoesNotAllocate(t *testing.T) {
	r := resolver(t)
	for name, m := range largeMessages() {
		if n := testing.AllocsPerRun(100, func() { r.Consumed(m) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// largeMessages have values of 1 KB.
func largeMessages() map[string]*boostd.Message {
	text := strings.Repeat("x", 450)
	value := []byte(`{"a": "` + text + `", "priority": 7, "b": [{"c": "` + text + `\n", "d": -1.5e3, "e": null}]}`)
	return map[string]*boostd.Message{
		"value":    {Topic: "orders", Value: value},
		"header":   {Topic: "orders", Value: value, Headers: []boostd.Header{{Key: "priority", Value: []byte("7")}}},
		"derived":  {Topic: "orders_7", Value: value},
		"not JSON": {Topic: "orders", Value: append([]byte("{"), value...)},
	}
}

func BenchmarkConsumed(b *testing.B) {
	r := resolver(b)
	m := largeMessages()["value"]
	b.ReportAllocs()
	b.SetBytes(int64(len(m.Value)))
	for b.Loop() {
		r.Consumed(m)
	}
}
