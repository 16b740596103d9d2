package compat

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/test/rig"
)

// received is what boostd hands to a handler: values by place.
type received struct {
	mu     sync.Mutex
	values map[rig.Place]string
}

func (r *received) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	partition, errP := strconv.ParseInt(q.Header.Get("Boostd-Partition"), 10, 32)
	offset, errO := strconv.ParseInt(q.Header.Get("Boostd-Offset"), 10, 64)
	if err != nil || errP != nil || errO != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	at := rig.Place{TopicPartition: boostd.TopicPartition{Topic: q.Header.Get("Boostd-Topic"), Partition: int32(partition)}, Offset: offset}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.values[at] = string(body)
	w.WriteHeader(http.StatusNoContent)
}

func (r *received) at(p rig.Place) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.values[p]
}

// What KafkaBoost's producer sends, boostd handles once, at the level and with
// the value that KafkaBoost gave it, from the partition that boostd's producer
// would have chosen.
func TestBoostdHandlesWhatKafkaBoostSends(t *testing.T) {
	got := &received{values: map[rig.Place]string{}}
	service := httptest.NewServer(got)
	defer service.Close()
	s := setup(t, rig.Options{Handler: `http: "` + service.URL + `"`})
	cases := []struct {
		message message
		level   boostd.Level
		topic   string
		value   string
	}{
		{message{Value: map[string]any{"id": 1}}, 0, s.Base, `{"id": 1, "priority": 0}`},
		{message{Value: map[string]any{"id": 2}, Priority: new(10)}, 10, s.Topic(10), `{"id": 2, "priority": 10}`},
		{message{Value: map[string]any{"id": 3, "priority": 9}}, 9, s.Topic(9), `{"id": 3, "priority": 9}`},
		{message{Value: map[string]any{"id": 4}, Priority: new(4)}, 4, s.Base, `{"id": 4, "priority": 4}`},
		{message{Value: map[string]any{"id": 5, "priority": 2}, Priority: new(10)}, 2, s.Base, `{"id": 5, "priority": 2}`},
		{message{Value: "text", Priority: new(9)}, 9, s.Topic(9), `{"data": "text", "priority": 9}`},
		{message{Value: []int{1, 2}, Priority: new(3)}, 3, s.Base, `{"data": [1, 2], "priority": 3}`},
		{message{Value: 7, Priority: new(10)}, 10, s.Topic(10), `{"data": 7, "priority": 10}`},
		{message{Value: map[string]any{"name": "Jürgen ☂"}}, 0, s.Base, `{"name": "J\u00fcrgen \u2602", "priority": 0}`},
	}
	var messages []message
	for _, c := range cases {
		c.message.Topic = s.Base
		messages = append(messages, c.message)
	}
	const keyed = 20
	for n := range keyed {
		messages = append(messages, message{Topic: s.Base, Key: fmt.Sprintf("customer-%d", n), Value: map[string]any{}, Priority: new(10)})
	}
	sent := produce(t, s, settingsOf(t, s), messages)
	own := boostdProduces(t, s, messages[len(cases):])
	for n, at := range sent[len(cases):] {
		if own[n].Topic != at.Topic || own[n].Partition != at.Partition {
			t.Errorf("key %s: KafkaBoost chose %s/%d, boostd %s/%d", messages[len(cases)+n].Key, at.Topic, at.Partition, own[n].Topic, own[n].Partition)
		}
	}
	p := s.Spawn(t)
	rig.Eventually(t, "all are handled", func() bool { return rig.CountDone(s.Audit(t)) >= len(messages)+keyed })
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	levels, records := map[rig.Place]boostd.Level{}, s.Audit(t)
	for _, r := range records {
		levels[rig.PlaceOf(r)] = r.Level
	}
	if len(records) != len(messages)+keyed || len(levels) != len(records) {
		t.Errorf("%d attempts at %d messages, want %d of both", len(records), len(levels), len(messages)+keyed)
	}
	for n, c := range cases {
		at := sent[n]
		if at.Topic != c.topic || levels[at.place()] != c.level || got.at(at.place()) != c.value {
			t.Errorf("%v priority %v: %s, level %d, %s; want %s, level %d, %s", c.message.Value, c.message.Priority,
				at.Topic, levels[at.place()], got.at(at.place()), c.topic, c.level, c.value)
		}
	}
}

// What boostd's producer sends, KafkaBoost's consumer finds in the topic where it
// looks, with the priority where it looks.
func TestKafkaBoostHandlesWhatBoostdSends(t *testing.T) {
	s := setup(t, rig.Options{})
	consumer := consume(t, s, settingsOf(t, s), "0")
	consumer.awaitReady() // its base consumer begins at the end
	cases := []struct {
		message message
		level   float64
		topic   string
	}{
		{message{Value: map[string]any{"id": 1}}, 0, s.Base},
		{message{Value: map[string]any{"id": 2}, Priority: new(10)}, 10, s.Topic(10)},
		{message{Value: map[string]any{"id": 3, "priority": 9}}, 9, s.Topic(9)},
		{message{Value: map[string]any{"id": 4, "priority": 2}, Priority: new(10)}, 10, s.Topic(10)},
		{message{Value: map[string]any{"id": 5}, Priority: new(4)}, 4, s.Base},
		{message{Value: map[string]any{"id": 6}, Priority: new(99)}, 10, s.Topic(10)},
	}
	var messages []message
	for _, c := range cases {
		c.message.Topic = s.Base
		messages = append(messages, c.message)
	}
	sent := boostdProduces(t, s, messages)
	rig.Eventually(t, "KafkaBoost has handled them", func() bool { return len(consumer.messages()) >= len(cases) || consumer.ended() })
	consumer.finish()
	values := map[rig.Place]json.RawMessage{}
	for _, m := range consumer.messages() {
		values[m.place()] = m.Value
	}
	for n, c := range cases {
		var value struct{ ID, Priority any }
		if err := json.Unmarshal(values[sent[n].place()], &value); err != nil {
			t.Errorf("%v: %v: %s", c.message.Value, err, values[sent[n].place()])
			continue
		}
		if sent[n].Topic != c.topic || value.Priority != c.level || value.ID != float64(n+1) {
			t.Errorf("%v: topic %s, handled as %v; want topic %s, priority %v", c.message.Value, sent[n].Topic, value, c.topic, c.level)
		}
	}
}

// A document with all that boostd adds to it is one that KafkaBoost reads as if
// it weren't there; both read the one that is wrapped.
func TestKafkaBoostReadsExtendedSettings(t *testing.T) {
	s := setup(t, rig.Options{})
	document := fmt.Sprintf(`{"config": {
		"user_id": "user123", "max_priority": 10, "default_priority": 1, "comment": "kept",
		"Priority_boost": [{"topic_name": %q, "priority_boost_min_value": 9, "number_of_partitions": 3, "partitions_by_level": {"10": 3}}],
		"Topics_priority": [], "Rule_Base_priority": [{"role_name": "customer.plan", "value": "gold", "priority": 9}],
		"boostd": {"value_priority": "unless_default", "rules": [{"expr": "value.amount > 1000", "priority": 10}]}}}`, s.Base)
	s.WriteFile(t, "settings.json", document)
	consumer := consume(t, s, document, "0")
	consumer.awaitReady()
	sent := produce(t, s, document, []message{
		{Topic: s.Base, Value: map[string]any{"id": 1, "amount": 2000}},
		{Topic: s.Base, Value: map[string]any{"id": 2}, Priority: new(9)},
	})
	rig.Eventually(t, "KafkaBoost has handled them", func() bool { return len(consumer.messages()) == 2 || consumer.ended() })
	consumer.finish()
	if sent[0].Topic != s.Base || sent[1].Topic != s.Topic(9) {
		t.Errorf("KafkaBoost sent to %s and %s", sent[0].Topic, sent[1].Topic)
	}
	summary := consumer.said(func(l said) bool { return l.Ready })[0].Summary
	for key, want := range map[string]any{"max_priority": 10.0, "default_priority": 1.0, "boost_configs_count": 1.0, "rules_count": 1.0} {
		if summary[key] != want {
			t.Errorf("KafkaBoost says %s is %v, want %v", key, summary[key], want)
		}
	}
	// The same message, whose stamp is the default: boostd's own rule counts.
	p := s.Spawn(t, "--rewind", "100")
	rig.Eventually(t, "boostd has handled them", func() bool { return rig.CountDone(s.Audit(t)) == 2 })
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, r := range s.Audit(t) {
		if want := map[string]boostd.Level{s.Base: 10, s.Topic(9): 9}[r.Topic]; r.Level != want {
			t.Errorf("boostd handled the message in %s at level %d, want %d", r.Topic, r.Level, want)
		}
	}
}
