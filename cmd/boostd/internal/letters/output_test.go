package letters

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/deadletter"
	"github.com/kafkaboost/boostd/record"
)

// full is a letter with all that can be in one.
func full() deadletter.Letter {
	return deadletter.Letter{
		At: at(3, 17), Known: true, Origin: boostd.Coordinates{TopicPartition: boostd.TopicPartition{Topic: "orders_7", Partition: 1}, Offset: 42},
		ProducedAt: time.UnixMilli(1500), Level: 7, Reason: "no <stock>\x1b[2J", Attempts: 5, Handler: "work", Replays: 1,
		FirstFailed: time.Unix(1000, 1), LastFailed: time.Unix(2000, 0), WrittenAt: time.Unix(2001, 0),
		Key: []byte("k"), Value: []byte(`{"a": "<ä>"}`), Headers: []boostd.Header{{Key: "h", Value: []byte{0xff}}, {Key: "none"}},
	}
}

func TestLine(t *testing.T) {
	l := full()
	var out bytes.Buffer
	if err := Lines(&out)(&l); err != nil {
		t.Fatal(err)
	}
	want := `{"topic":"orders_7","partition":1,"offset":42,"level":7,"timestamp":"1970-01-01T00:00:01.5Z","key":"k","value":"{\"a\": \"<ä>\"}",` +
		`"headers":[{"key":"h","value_b64":"/w=="},{"key":"none","value":null}],"dlq":{"topic":"orders_dlq","partition":3,"offset":17,` +
		`"reason":"no <stock>\u001b[2J","attempts":5,"handler":"work","first_failed":"1970-01-01T00:16:40.000000001Z",` +
		`"last_failed":"1970-01-01T00:33:20Z","written_at":"1970-01-01T00:33:21Z","replays":1}}` + "\n"
	if out.String() != want {
		t.Errorf("got  %swant %s", &out, want)
	}
	text, err := json.Marshal(NewLine(&deadletter.Letter{At: at(0, 1), Value: []byte{}}, deadletter.Purged))
	want = `{"key":null,"value":"","headers":[],"dlq":{"topic":"orders_dlq","partition":0,"offset":1,"reason":"","attempts":0,"handler":"","replays":0,"resolution":"purged"}}`
	if err != nil || string(text) != want {
		t.Errorf("a stranger's: %s, %v", text, err)
	}
}

// What is printed is read by the room record as the same message.
func FuzzLine(f *testing.F) {
	f.Add([]byte("k"), []byte("v"), "h", []byte("x"))
	f.Add([]byte(nil), []byte{0xff}, "\u2028", []byte(nil))
	f.Fuzz(func(t *testing.T, key, value []byte, name string, header []byte) {
		if name == "" || strings.ToValidUTF8(name, "") != name {
			return // not a header's name
		}
		l := deadletter.Letter{At: at(0, 1), Known: true, Key: key, Value: value, Headers: []boostd.Header{{Key: name, Value: header}}}
		l.Origin.Topic = "orders"
		var out bytes.Buffer
		if err := Lines(&out)(&l); err != nil || bytes.Count(out.Bytes(), []byte("\n")) != 1 {
			t.Fatalf("%v: %q", err, &out)
		}
		got, err := record.Parse(bytes.TrimSuffix(out.Bytes(), []byte("\n")))
		if want := (record.Record{Topic: "orders", Key: key, Value: value, Headers: l.Headers}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %s became %+v, want %+v", err, &out, got, want)
		}
	})
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	table := NewTable(&out)
	l, stranger := full(), deadletter.Letter{At: at(0, 1)}
	for range tableRows {
		_ = table.Add(&l) // the writer below has no errors
	}
	if err := table.Add(&stranger); err != nil {
		t.Fatal(err)
	}
	if rows, err := table.Close(); err != nil || rows != tableRows+1 {
		t.Errorf("%d rows, %v", rows, err)
	}
	lines := strings.Split(out.String(), "\n")
	if got := strings.Fields(lines[1]); lines[1] != lines[tableRows] || strings.Join(append(got[:1], got[3:]...), " ") != `orders_dlq/3@17 orders_7/1@42 7 5 1 work "k" "no <stock>\x1b[2J"` {
		t.Errorf("a row is %q", lines[1])
	}
	if got := strings.Join(strings.Fields(lines[tableRows+2]), " "); got != `orders_dlq/0@1 unknown unknown - - 0 - - ""` {
		t.Errorf("a stranger's row is %q", got)
	}
}

func TestHistogram(t *testing.T) {
	var h Histogram
	add := func(reason string, died int64) {
		l := deadletter.Letter{Reason: reason}
		if died > 0 {
			l.LastFailed = time.Unix(died, 0)
		}
		_ = h.Add(&l) // never fails
	}
	for n := range maxReasons + 5 {
		add(fmt.Sprint("r", n%(maxReasons+2)), 0)
	}
	add("r7", 9)
	add("r7", 5)
	all := h.Reasons()
	if len(all) != maxReasons+1 || all[0].Reason != "r7" || all[0].Letters != 3 || all[0].Oldest != time.Unix(5, 0) || all[0].Newest != time.Unix(9, 0) ||
		all[1].Reason != "r0" || all[1].Letters != 2 || all[maxReasons].Letters != 2 || all[maxReasons].Reason != "others than these 10000" {
		t.Errorf("%d lines: %+v, %+v, %+v", len(all), all[0], all[1], all[len(all)-1])
	}
	var out bytes.Buffer
	if err := h.Print(&out); err != nil || !strings.Contains(out.String(), `"r7"`) || !strings.Contains(out.String(), "unknown") {
		t.Errorf("%v: %.200s", err, &out)
	}
}

func TestShow(t *testing.T) {
	l := full()
	var out bytes.Buffer
	if err := Show(&out, &l, ""); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"orders_dlq/3@17\n", "open\n", `"no <stock>\x1b[2J"`, "orders_7/1@42\n", `header h      "\xff"`, "header none   none\n", "key           k\n", "value, 13 bytes:\n{\"a\": \"<ä>\"}\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q isn't in\n%s", want, &out)
		}
	}
	for value, want := range map[string]string{"a\tb\r\nc": "a\tb\nc", "\x1b[2J": `"\x1b[2J"`, "\u202eevil": `"\u202eevil"`, "": `""`, "\xff": `"\xff"`} {
		out.Reset()
		if err := Show(&out, &deadletter.Letter{Value: []byte(value)}, deadletter.Replayed); err != nil || !strings.HasSuffix(out.String(), "bytes:\n"+want+"\n") || !strings.Contains(out.String(), "replayed") {
			t.Errorf("%q: %v\n%s", value, err, &out)
		}
	}
	out.Reset()
	if err := Show(&out, &deadletter.Letter{}, ""); err != nil || !strings.Contains(out.String(), "somebody else") || !strings.HasSuffix(out.String(), "no value\n") {
		t.Errorf("%v\n%s", err, &out)
	}
}
