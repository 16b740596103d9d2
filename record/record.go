// Package record is the JSON form of a message to produce: one object, in a file
// or a request, with what the producer is told beside it.
//
// It owns reading that form. Where the message goes and what priority it has is
// none of its business.
//
//	{"topic": "orders", "priority": 7, "key": "k", "value": {"order_id": 1},
//	 "headers": [{"key": "tenant", "value": "gold"}]}
//
// All keys are optional. value is the payload: a text is its characters, null is
// a tombstone, and any other JSON stands for its own text. key and the headers'
// values are texts or null. Bytes that aren't text stand in base64 under key_b64
// and value_b64. What boostd's own commands print beside that (partition, offset,
// level, attempt, timestamp, id, and of a dead letter dlq) is passed over; any
// other key is refused.
package record

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/kafkaboost/boostd"
)

// Record is a message to produce. Its slices are its own.
type Record struct {
	Topic string
	// Priority is nil unless one is given; it may be outside all levels.
	Priority *int
	// Key and Value are nil when there is none.
	Key, Value []byte
	Headers    []boostd.Header
}

// Parse reads one object. The error names the key that is wrong and shows
// nothing of the payload.
func Parse(text []byte) (Record, error) {
	if !utf8.Valid(text) {
		return Record{}, errors.New("not UTF-8: bytes that aren't text belong in value_b64 or key_b64")
	}
	if !json.Valid(text) { // bounds the depth as well
		return Record{}, errors.New("not JSON: want an object such as {\"key\": \"k\", \"value\": \"text\"}")
	}
	object := gjson.ParseBytes(text)
	if !object.IsObject() {
		return Record{}, errors.New("want an object such as {\"key\": \"k\", \"value\": \"text\"}")
	}
	r := &reader{}
	err := r.members(object, func(name string, v gjson.Result) error { return r.member(name, v) })
	return r.Record, err
}

type reader struct{ Record }

// members visits an object's members and refuses names that stand twice.
func (r *reader) members(object gjson.Result, visit func(string, gjson.Result) error) (err error) {
	seen := map[string]bool{}
	object.ForEach(func(name, v gjson.Result) bool {
		plain := name.Str
		if len(plain) > 4 && plain[len(plain)-4:] == "_b64" {
			plain = plain[:len(plain)-4]
		}
		if seen[plain] {
			err = fmt.Errorf("%.40q stands here twice", plain)
			return false
		}
		seen[plain] = true
		err = visit(name.Str, v)
		return err == nil
	})
	return err
}

func (r *reader) member(name string, v gjson.Result) (err error) {
	switch name {
	case "topic":
		r.Topic, err = text(v)
	case "priority":
		r.Priority, err = whole(v)
	case "key", "key_b64":
		r.Key, err = payload(name, v, false)
	case "value", "value_b64":
		r.Value, err = payload(name, v, true)
	case "headers":
		return r.headers(v)
	case "partition", "offset", "level", "attempt", "timestamp", "id", "dlq":
	default:
		return fmt.Errorf("unknown key %.40q: want topic, priority, key, value, headers", name)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (r *reader) headers(v gjson.Result) error {
	if v.Type == gjson.Null {
		return nil
	}
	if !v.IsArray() {
		return errors.New("headers: want a list such as [{\"key\": \"tenant\", \"value\": \"gold\"}]")
	}
	for n, item := range v.Array() {
		if !item.IsObject() {
			return fmt.Errorf("headers[%d]: want an object with key and value", n)
		}
		h := boostd.Header{}
		err := r.members(item, func(name string, v gjson.Result) (err error) {
			switch name {
			case "key":
				h.Key, err = text(v)
			case "value", "value_b64":
				h.Value, err = payload(name, v, false)
			default:
				return fmt.Errorf("unknown key %.40q: want key and value", name)
			}
			return err
		})
		if err == nil && h.Key == "" {
			err = errors.New("key is missing")
		}
		if err != nil {
			return fmt.Errorf("headers[%d]: %w", n, err)
		}
		r.Headers = append(r.Headers, h)
	}
	return nil
}

func text(v gjson.Result) (string, error) {
	if v.Type != gjson.String {
		return "", errors.New("want a text")
	}
	return v.Str, nil
}

// whole is a whole number; null is none.
func whole(v gjson.Result) (*int, error) {
	if v.Type == gjson.Null {
		return nil, nil
	}
	n := int(v.Num)
	if v.Type != gjson.Number || float64(n) != v.Num || n > 1e9 || n < -1e9 {
		return nil, errors.New("want a whole number")
	}
	return &n, nil
}

// payload is bytes: a text's, those of base64, or, of a value, any JSON's text.
func payload(name string, v gjson.Result, anything bool) ([]byte, error) {
	encoded := name[len(name)-1] == '4'
	switch {
	case v.Type == gjson.Null:
		return nil, nil
	case v.Type == gjson.String && encoded:
		b, err := base64.StdEncoding.DecodeString(v.Str)
		if err != nil {
			return nil, errors.New("want base64")
		}
		return b, nil
	case v.Type == gjson.String:
		return []byte(v.Str), nil
	case encoded || !anything:
		return nil, errors.New("want a text or null")
	}
	return []byte(v.Raw), nil
}
