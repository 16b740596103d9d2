package record

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Record{
		`{}`: {},
		`{"topic": "orders", "priority": 7, "key": "k", "value": {"order_id": 1}, "headers": [{"key": "tenant", "value": "gold"}]}`: {
			Topic: "orders", Priority: new(7), Key: []byte("k"), Value: []byte(`{"order_id": 1}`), Headers: []boostd.Header{{Key: "tenant", Value: []byte("gold")}}},
		`{"value": "a \"text\" \u00e9"}`: {Value: []byte(`a "text" é`)},
		`{"value": ""}`:                  {Value: []byte{}},
		`{"value": null, "key": null, "priority": null, "headers": null}`: {},
		` {"value" : [1,  2.50] } `:                                       {Value: []byte(`[1,  2.50]`)},
		`{"value": true}`:                                                 {Value: []byte(`true`)},
		`{"value": 1e400}`:                                                {Value: []byte(`1e400`)},
		`{"value_b64": "/wA=", "key_b64": ""}`:                            {Value: []byte{0xff, 0}, Key: []byte{}},
		`{"priority": -3}`:                                                {Priority: new(-3)},
		`{"priority": 7.0}`:                                               {Priority: new(7)},
		`{"headers": [{"key": "a", "value_b64": "/w=="}, {"key": "a", "value": null}, {"key": "b"}]}`: {
			Headers: []boostd.Header{{Key: "a", Value: []byte{0xff}}, {Key: "a"}, {Key: "b"}}},
		`{"id": 1, "topic": "t_7", "partition": 3, "offset": 1042, "level": 7, "attempt": 1, "value": "x", "timestamp": "2026-01-02T03:04:05.678Z"}`: {Topic: "t_7", Value: []byte("x")},
		`{"value": "x", "dlq": {"topic": "t_dlq", "reason": "none", "value": 1}}`:                                                                    {Value: []byte("x")},
	} {
		got, err := Parse([]byte(text))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %+v, %v\nwant %+v", text, got, err, want)
		}
	}
}

func TestProblems(t *testing.T) {
	for text, want := range map[string]string{
		``:                                     `not JSON: want an object such as {"key": "k", "value": "text"}`,
		`hello`:                                `not JSON: want an object such as {"key": "k", "value": "text"}`,
		`{"value": 1} {"value": 2}`:            `not JSON: want an object such as {"key": "k", "value": "text"}`,
		strings.Repeat(`{"value":`, 1_000_000): `not JSON: want an object such as {"key": "k", "value": "text"}`,
		`[1]`:                                  `want an object such as {"key": "k", "value": "text"}`,
		"{\"value\": \"\xff\"}":                "not UTF-8: bytes that aren't text belong in value_b64 or key_b64",
		`{"valeu": 1}`:                         `unknown key "valeu": want topic, priority, key, value, headers`,
		`{"Value": 1}`:                         `unknown key "Value": want topic, priority, key, value, headers`,
		`{"value": 1, "value": 2}`:             `"value" stands here twice`,
		`{"value": 1, "value_b64": "eA=="}`:    `"value" stands here twice`,
		`{"key": 1}`:                           "key: want a text or null",
		`{"key": {}}`:                          "key: want a text or null",
		`{"key_b64": "k"}`:                     "key_b64: want base64",
		`{"value_b64": 1}`:                     "value_b64: want a text or null",
		`{"topic": 1}`:                         "topic: want a text",
		`{"topic": null}`:                      "topic: want a text",
		`{"priority": "7"}`:                    "priority: want a whole number",
		`{"priority": 7.5}`:                    "priority: want a whole number",
		`{"priority": 1e300}`:                  "priority: want a whole number",
		`{"headers": {"a": "b"}}`:              `headers: want a list such as [{"key": "tenant", "value": "gold"}]`,
		`{"headers": ["a"]}`:                   "headers[0]: want an object with key and value",
		`{"headers": [{"value": "b"}]}`:        "headers[0]: key is missing",
		`{"headers": [{"key": "a"}, {"key": "a", "x": 1}]}`:              `headers[1]: unknown key "x": want key and value`,
		`{"headers": [{"key": "a", "value": 1}]}`:                        "headers[0]: want a text or null",
		`{"headers": [{"key": "a", "value": "b", "value_b64": "eA=="}]}`: `headers[0]: "value" stands here twice`,
	} {
		if r, err := Parse([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%.80s\n got %v, %+v\nwant %s", text, err, r, want)
		}
	}
}

// What is read is what the standard library reads.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"topic": "orders", "priority": 7, "key": "k", "value": {"order_id": 1}, "headers": [{"key": "tenant", "value": "gold"}]}`,
		`{"value": "a\ud83d\ude00\u0000", "key_b64": "/wA="}`, `{"headers": [{"key": "\u0061", "value_b64": "eA=="}], "value": [[], {"a": null}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		var want struct {
			Topic   string
			Value   json.RawMessage
			Headers []json.RawMessage
		}
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("%q is accepted: %v", text, err)
		}
		if r.Topic != want.Topic || len(r.Headers) != len(want.Headers) {
			t.Errorf("%q\n got %+v\nwant %+v", text, r, want)
		}
		var s string
		if len(want.Value) > 0 && want.Value[0] == '"' && json.Unmarshal(want.Value, &s) == nil && s != string(r.Value) {
			t.Errorf("%q\n got %q\nwant %q", text, r.Value, s)
		}
	})
}
