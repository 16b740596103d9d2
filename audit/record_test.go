package audit

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// sample is a record of which every field differs from every other.
func sample() Record {
	at := func(n int64) time.Time { return time.Unix(0, 1_790_000_000_000_000_000+n) }
	return Record{
		Topic: "orders_7", Partition: 3, Offset: 4711, Key: []byte("customer-1"), Level: 7, Handler: "orders",
		ProducedAt: at(1), FetchedAt: at(2), ReadyAt: at(3), DispatchedAt: at(4), StartedAt: at(5), FinishedAt: at(6),
		Attempt: 2, Result: boostd.Done, Worker: 12,
	}
}

// TestLineHasTheDesignsKeys holds the line against design.md's list, and each
// key against its value.
func TestLineHasTheDesignsKeys(t *testing.T) {
	const listed = "topic partition offset key level handler produced_at ready_at dispatched_at started_at finished_at attempt result worker fetched_at"
	want := map[string]string{
		"topic": `"orders_7"`, "partition": "3", "offset": "4711", "key": `"customer-1"`, "level": "7", "handler": `"orders"`,
		"produced_at": "1790000000000000001", "fetched_at": "1790000000000000002", "ready_at": "1790000000000000003",
		"dispatched_at": "1790000000000000004", "started_at": "1790000000000000005", "finished_at": "1790000000000000006",
		"attempt": "2", "result": `"done"`, "worker": "12",
	}
	r := sample()
	got := fields(t, r)
	keys := strings.Fields(listed)
	for _, key := range keys {
		if got[key] != want[key] {
			t.Errorf("%s is %s, want %s", key, got[key], want[key])
		}
	}
	for key := range got {
		if !slices.Contains(keys, key) {
			t.Errorf("line has %s, which design.md doesn't list", key)
		}
	}
}

func TestLineOfSpecialFields(t *testing.T) {
	for _, c := range []struct {
		name        string
		change      func(*Record)
		key, absent string
		value       string
	}{
		{"no key", func(r *Record) { r.Key = nil }, "key", "key_b64", "null"},
		{"empty key", func(r *Record) { r.Key = []byte{} }, "key", "key_b64", `""`},
		{"key with quotes", func(r *Record) { r.Key = []byte(`a"b\`) }, "key", "key_b64", `"a\"b\\"`},
		{"key with a newline", func(r *Record) { r.Key = []byte("a\nb") }, "key", "key_b64", `"a\nb"`},
		{"key in UTF-8", func(r *Record) { r.Key = []byte("größe") }, "key", "key_b64", `"größe"`},
		{"binary key", func(r *Record) { r.Key = []byte{0xff, 0x00, 0x80} }, "key_b64", "key", `"/wCA"`},
		{"not known when produced", func(r *Record) { r.ProducedAt = time.Time{} }, "produced_at", "", "null"},
		{"retry", func(r *Record) { r.Result = boostd.Retry }, "result", "", `"retry"`},
		{"dead", func(r *Record) { r.Result = boostd.Dead }, "result", "", `"dead"`},
		{"held", func(r *Record) { r.Result = boostd.Held }, "result", "", `"held"`},
		{"released", func(r *Record) { r.Result = boostd.Released }, "result", "", `"released"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := sample()
			c.change(&r)
			got := fields(t, r)
			if got[c.key] != c.value {
				t.Errorf("%s is %s, want %s", c.key, got[c.key], c.value)
			}
			if _, there := got[c.absent]; there {
				t.Errorf("%s is there beside %s", c.absent, c.key)
			}
		})
	}
}

// fields are the raw values of the record's line, which must be exactly one.
func fields(t *testing.T, r Record) map[string]string {
	t.Helper()
	line := string(r.AppendJSON(nil))
	if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
		t.Fatalf("not one line: %q", line)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal([]byte(line), &raw); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	got := map[string]string{}
	for key, value := range raw {
		got[key] = string(value)
	}
	return got
}

func TestAppendJSONAppends(t *testing.T) {
	r := sample()
	alone := string(r.AppendJSON(nil))
	if got := string(r.AppendJSON([]byte("before\n"))); got != "before\n"+alone {
		t.Errorf("got %q", got)
	}
}

func TestAppendJSONAllocatesNothing(t *testing.T) {
	for _, key := range [][]byte{nil, {}, []byte("customer-1"), []byte(strings.Repeat("long", 100)), {0xff, 0xfe}} {
		r := sample()
		r.Key = key
		buffer := make([]byte, 0, 2048)
		if n := testing.AllocsPerRun(100, func() { buffer = r.AppendJSON(buffer[:0]) }); n != 0 {
			t.Errorf("key %q: %v allocations", key, n)
		}
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	r := sample()
	buffer := make([]byte, 0, 2048)
	b.ReportAllocs()
	for b.Loop() {
		buffer = r.AppendJSON(buffer[:0])
	}
}
