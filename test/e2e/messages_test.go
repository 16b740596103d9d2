package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/test/rig"
)

// odd is a message that isn't like the others, the level that it must get, and
// what of it the service must see.
type odd struct {
	name    string
	message rig.Message
	level   boostd.Level
	sees    http.Header
}

func headers(pairs ...string) []boostd.Header {
	var hs []boostd.Header
	for n := 0; n < len(pairs); n += 2 {
		hs = append(hs, boostd.Header{Key: pairs[n], Value: []byte(pairs[n+1])})
	}
	return hs
}

// oddOnes go to a base topic that is boosted from level 5 of 0…10; the default
// is 0.
var oddOnes = []odd{
	{"tombstone", rig.Message{Key: []byte("k")}, 0, http.Header{"Boostd-Tombstone": {"true"}, "Boostd-Key": {"k"}}},
	{"nothing at all", rig.Message{}, 0, http.Header{"Boostd-Tombstone": {"true"}, "Boostd-Key": nil}},
	{"empty value", rig.Message{Value: []byte{}}, 0, http.Header{"Boostd-Tombstone": nil}},
	{"empty key", rig.Message{Key: []byte{}, Value: []byte("v")}, 0, http.Header{"Boostd-Key": {""}}},
	{"binary key", rig.Message{Key: []byte("\xff\x00\n\"k"), Value: []byte("v")}, 0,
		http.Header{"Boostd-Key-B64": {base64.StdEncoding.EncodeToString([]byte("\xff\x00\n\"k"))}}},
	{"1 MB", rig.Message{Value: bytes.Repeat([]byte("0123456789"), 100_000)}, 0, nil},
	{"binary value", rig.Message{Value: []byte("\x00\xff\xfe{")}, 0, http.Header{"Content-Type": {"application/octet-stream"}}},
	{"priority in a header", rig.Message{Headers: headers("priority", "3"), Value: []byte("v")}, 3, nil},
	{"priority in the value", rig.Message{Value: []byte(`{"priority": 4, "id": 1}`)}, 4, http.Header{"Content-Type": {"application/json"}}},
	{"header before value", rig.Message{Headers: headers("priority", "2"), Value: []byte(`{"priority": 4}`)}, 2, nil},
	{"malformed header", rig.Message{Headers: headers("priority", "high"), Value: []byte("v")}, 0, http.Header{"Boostd-Header-Priority": {"high"}}},
	{"malformed header, good value", rig.Message{Headers: headers("priority", "\xff"), Value: []byte(`{"priority": 4}`)}, 4, nil},
	{"empty header", rig.Message{Headers: headers("priority", ""), Value: []byte(`{"priority": 1}`)}, 1, nil},
	{"header without a value", rig.Message{Headers: []boostd.Header{{Key: "priority"}}, Value: []byte("v")}, 0, nil},
	{"malformed value", rig.Message{Value: []byte(`{"priority": `)}, 0, nil},
	{"mistyped value", rig.Message{Value: []byte(`{"priority": "urgent"}`)}, 0, nil},
	{"not an object", rig.Message{Value: []byte(`[4]`)}, 0, nil},
	{"deeply nested", rig.Message{Value: bytes.Repeat([]byte("["), 100_000)}, 0, nil},
	{"above the highest", rig.Message{Headers: headers("priority", "99999999999999999999"), Value: []byte("v")}, 10, nil},
	{"below the lowest", rig.Message{Headers: headers("priority", "-1"), Value: []byte("v")}, 0, nil},
	{"boosted level in the base topic", rig.Message{Headers: headers("priority", "7"), Value: []byte("v")}, 7, nil},
	{"repeated headers", rig.Message{Headers: headers("priority", "2", "tag", "a", "priority", "4", "tag", "b"), Value: []byte("v")}, 4,
		http.Header{"Boostd-Header-Tag": {"a", "b"}, "Boostd-Header-Priority": {"2", "4"}}},
	{"odd header names", rig.Message{Headers: headers("", "x", "a b", "y", "line\nbreak", "z"), Value: []byte("v")}, 0,
		http.Header{"Boostd-Header-B64": {".eA==", "YSBi.eQ==", "bGluZQpicmVhaw==.eg=="}}},
	{"forged production time", rig.Message{Headers: headers("produced_at_ns", "-5", "produced_at_ns", "soon"), Value: []byte("v")}, 0, nil},
}

// Every odd message is delivered as it is, once, at its level, and leaves its
// trace in the audit.
func TestOddMessages(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		svc := serve(t, nil)
		s := rig.New(t, c, rig.Options{Min: 5, Partitions: 1, Handler: `http: "` + svc.URL + `", slots: 4`})
		s.Config.ProducerProperties = map[string]string{"message.max.bytes": "1048500"}
		load := s.Load(t)
		for _, o := range oddOnes {
			load.Send(o.message)
		}
		derived := s.Topic(8)
		load.Send(rig.Message{Topic: derived, Headers: headers("priority", "1"), Value: []byte(`{"priority": 2}`)})
		load.Flush()
		_, stop := s.Start(t)
		load.AwaitHandled()
		stop()
		clean(t, load)
		requests := svc.requests()
		for _, r := range s.Audit(t) {
			if r.Topic == derived {
				if r.Level != 8 {
					t.Errorf("a message of level 8's topic got level %d", r.Level)
				}
				continue
			}
			o := oddOnes[r.Offset]
			if r.Level != o.level || r.Attempt != 1 || !bytes.Equal(r.Key, o.message.Key) || (r.Key == nil) != (o.message.Key == nil) {
				t.Errorf("%s: the audit has level %d, attempt %d, key %q; want level %d, attempt 1, key %q",
					o.name, r.Level, r.Attempt, r.Key, o.level, o.message.Key)
			}
			o.check(t, requests[fmt.Sprintf("%s/0@%d", r.Topic, r.Offset)])
		}
		text, err := os.ReadFile(s.AuditPath())
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`"key":""`, `"key":null`, `"key_b64":"/wAKIms="`} {
			if !bytes.Contains(text, []byte(want)) {
				t.Errorf("the audit has no %s", want)
			}
		}
	})
}

func (o odd) check(t *testing.T, got request) {
	t.Helper()
	if sha256.Sum256(got.body) != sha256.Sum256(o.message.Value) {
		t.Errorf("%s: %d bytes arrived, other than the %d sent", o.name, len(got.body), len(o.message.Value))
	}
	for name, want := range o.sees {
		if have := got.Values(name); fmt.Sprintf("%q", have) != fmt.Sprintf("%q", want) {
			t.Errorf("%s: the service saw %s %q, want %q", o.name, name, have, want)
		}
	}
	if level := got.Get("Boostd-Level"); level != fmt.Sprint(o.level) {
		t.Errorf("%s: the service saw level %s, want %d", o.name, level, o.level)
	}
}
