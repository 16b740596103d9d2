package deadletter

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/kafkaboost/boostd"
)

var (
	first = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	last  = first.Add(time.Minute)
)

func headers(pairs ...string) (all []boostd.Header) {
	for n := 0; n < len(pairs); n += 2 {
		all = append(all, boostd.Header{Key: pairs[n], Value: []byte(pairs[n+1])})
	}
	return all
}

func text(all []boostd.Header) string {
	var b strings.Builder
	for _, h := range all {
		fmt.Fprintf(&b, "%s=%s\n", h.Key, h.Value)
	}
	return b.String()
}

// dead is the dead letter of a message as it is read from the topic.
func dead(m *boostd.Message, d Death, offset int64) *boostd.Message {
	k, v, h := Record(m, d)
	return &boostd.Message{Topic: "orders_dlq", Partition: 1, Offset: offset, Key: k, Value: v, Headers: h, ProducedAt: last}
}

func TestRecord(t *testing.T) {
	m := &boostd.Message{Topic: "orders_7", Partition: 3, Offset: 1042, Level: 7, Key: []byte{}, Value: []byte("v\x00\xff"),
		Headers: headers("a", "1", "boostd_dlq_reason", "old", "a", "2", "boostd_dlq_replays", "2"), ProducedAt: time.UnixMilli(1500).Add(999)}
	k, v, h := Record(m, Death{Reason: "no stock", Attempts: 5, Handler: "orders", FirstFailed: first, LastFailed: last.In(time.FixedZone("x", 3600))})
	want := `a=1
a=2
boostd_dlq_reason=no stock
boostd_dlq_attempts=5
boostd_dlq_handler=orders
boostd_dlq_topic=orders_7
boostd_dlq_partition=3
boostd_dlq_offset=1042
boostd_dlq_timestamp=1500
boostd_dlq_level=7
boostd_dlq_first_failed=2026-01-02T03:04:05.000000006Z
boostd_dlq_last_failed=2026-01-02T03:05:05.000000006Z
boostd_dlq_replays=2
`
	if text(h) != want || k == nil || len(k) != 0 || !bytes.Equal(v, m.Value) {
		t.Errorf("got %q %q\n%s\nwant\n%s", k, v, text(h), want)
	}
	if len(m.Headers) != 4 {
		t.Error("the message's own headers have changed")
	}
	k, v, h = Record(&boostd.Message{Topic: "t"}, Death{})
	if want := "reason=\nattempts=0\nhandler=\ntopic=t\npartition=0\noffset=0\nlevel=0\n"; k != nil || v != nil || strings.ReplaceAll(text(h), "boostd_dlq_", "") != want {
		t.Errorf("of nothing known: %q %q\n%s", k, v, text(h))
	}
}

func TestReasonIsBounded(t *testing.T) {
	for _, reason := range []string{strings.Repeat("ä", 5000), "a\xffb", strings.Repeat("x", maxReason-1) + "ä"} {
		_, _, h := Record(&boostd.Message{}, Death{Reason: reason})
		if got := string(h[0].Value); len(got) > maxReason || !utf8.ValidString(got) || len(got) == 0 {
			t.Errorf("%d bytes of reason", len(got))
		}
	}
}

func TestParse(t *testing.T) {
	m := &boostd.Message{Topic: "orders_7", Partition: 3, Offset: 1042, Level: 7, Key: []byte("k"), Headers: headers("a", "1", "a", "2"), ProducedAt: time.UnixMilli(1500)}
	got := Parse(dead(m, Death{"no stock", 5, "orders", first, last}, 9))
	want := Letter{
		At:    boostd.Coordinates{TopicPartition: boostd.TopicPartition{Topic: "orders_dlq", Partition: 1}, Offset: 9},
		Known: true, Origin: boostd.Coordinates{TopicPartition: m.TopicPartition(), Offset: 1042},
		ProducedAt: time.UnixMilli(1500).UTC(), Level: 7, Reason: "no stock", Attempts: 5, Handler: "orders",
		FirstFailed: first, LastFailed: last, WrittenAt: last, Key: []byte("k"), Headers: m.Headers,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestStrangersAreLetters(t *testing.T) {
	origin := []string{"boostd_dlq_topic", "t", "boostd_dlq_partition", "1", "boostd_dlq_offset", "2"}
	for name, c := range map[string]struct {
		headers []boostd.Header
		known   bool
	}{
		"none":                {nil, false},
		"others":              {headers("__connect.errors.topic", "t"), false},
		"no topic":            {headers(origin[2:]...), false},
		"no offset":           {headers(origin[:4]...), false},
		"partition too large": {headers("boostd_dlq_topic", "t", "boostd_dlq_partition", "2147483648", "boostd_dlq_offset", "2"), false},
		"negative offset":     {headers("boostd_dlq_topic", "t", "boostd_dlq_partition", "1", "boostd_dlq_offset", "-2"), false},
		"the rest is wrong": {headers(append([]string{"boostd_dlq_level", "high", "boostd_dlq_attempts", "-1", "boostd_dlq_replays", "-7",
			"boostd_dlq_timestamp", "9223372036854775807", "boostd_dlq_first_failed", "today"}, origin...)...), true},
	} {
		l := Parse(&boostd.Message{Topic: "orders_dlq", Offset: 5, Value: []byte("v"), Headers: c.headers, ProducedAt: last})
		if l.Known != c.known || l.Level != 0 || l.Attempts != 0 || l.Replays != 0 || string(l.Value) != "v" || !l.ProducedAt.IsZero() || !l.FirstFailed.IsZero() || l.DiedAt() != last {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

func TestMark(t *testing.T) {
	for _, r := range []Resolution{Replayed, Purged} {
		want := Mark{Letter: 41, Resolution: r}
		if got, ok := ParseMark(&boostd.Message{Offset: 42, Headers: want.Headers()}); !ok || got != want {
			t.Errorf("got %+v, %v", got, ok)
		}
	}
	good := Mark{Letter: 41, Resolution: Replayed}.Headers()
	for name, m := range map[string]*boostd.Message{
		"a letter":          {Offset: 42, Value: []byte("v")},
		"with a value":      {Offset: 42, Value: []byte{}, Headers: good},
		"with a key":        {Offset: 42, Key: []byte{}, Headers: good},
		"of itself":         {Offset: 41, Headers: good},
		"of a later record": {Offset: 4, Headers: good},
		"of nothing":        {Offset: 42},
		"of no number":      {Offset: 42, Headers: headers("boostd_dlq_resolved", "x", "boostd_dlq_resolution", "purged")},
		"below 0":           {Offset: 42, Headers: headers("boostd_dlq_resolved", "-1", "boostd_dlq_resolution", "purged")},
		"of unknown kind":   {Offset: 42, Headers: headers("boostd_dlq_resolved", "1", "boostd_dlq_resolution", "eaten")},
	} {
		if mark, ok := ParseMark(m); ok {
			t.Errorf("%s is %+v", name, mark)
		}
	}
}

func TestReplay(t *testing.T) {
	m := &boostd.Message{Topic: "orders_7", Partition: 3, Offset: 1042, Level: 7, Key: []byte("k"), Value: []byte("v"), Headers: headers("a", "1")}
	for round := range 5 {
		l := Parse(dead(m, Death{Reason: "again"}, int64(round)))
		back, err := l.Replay(MaxReplays)
		if round >= MaxReplays {
			if !errors.Is(err, ErrReplays) {
				t.Errorf("round %d: %v", round, err)
			}
			if back, err = l.Replay(100); err != nil {
				t.Fatal(err)
			}
		}
		if want := fmt.Sprintf("a=1\nboostd_dlq_replays=%d\n", round+1); text(back.Headers) != want || back.Topic != "orders_7" || back.Partition != 3 || string(back.Key) != "k" || string(back.Value) != "v" {
			t.Errorf("round %d: %+v", round, back)
		}
		back.Level = 7
		m = &back
	}
}

func TestWhereReplaysMayGo(t *testing.T) {
	at := func(topic string) boostd.Coordinates {
		return boostd.Coordinates{TopicPartition: boostd.TopicPartition{Topic: topic}}
	}
	for _, c := range []struct {
		letters, origin string
		want            error
	}{
		{"orders_dlq", "orders", nil}, {"orders_dlq", "orders_12", nil}, {"orders_5_dlq", "orders_5", nil},
		{"orders_dlq", "payments", ErrForeignOrigin}, {"orders_dlq", "orders_dlq", ErrForeignOrigin}, {"orders_dlq", "orders_x", ErrForeignOrigin},
		{"orders_dlq", "orders_5_5", ErrForeignOrigin}, {"orders_5_dlq", "orders_6", ErrForeignOrigin}, {"orders_dlq", "orders_07", ErrForeignOrigin},
		{"letters", "letters", ErrForeignOrigin}, {"_dlq", "_1", ErrForeignOrigin}, {"orders_dlq", "", ErrUnknownOrigin},
	} {
		l := Letter{At: at(c.letters), Known: c.origin != "", Origin: at(c.origin)}
		if _, err := l.Replay(MaxReplays); !errors.Is(err, c.want) {
			t.Errorf("%s from %s: %v", c.origin, c.letters, err)
		}
	}
}

// Whatever stands in the topic is a letter or a mark, and what is sent back has
// nothing of boostd's but the count, which grows.
func FuzzParse(f *testing.F) {
	f.Add([]byte("v"), "boostd_dlq_topic", []byte("orders"), "boostd_dlq_replays", []byte("2"), int64(9))
	f.Add([]byte(nil), "boostd_dlq_resolved", []byte("1"), "boostd_dlq_resolution", []byte("purged"), int64(9))
	f.Add([]byte("v"), "boostd_dlq_level", []byte("9999999999"), "boostd_dlq_first_failed", []byte("2026-01-02T03:04:05Z"), int64(0))
	f.Fuzz(func(t *testing.T, value []byte, h1 string, v1 []byte, h2 string, v2 []byte, offset int64) {
		m := &boostd.Message{Topic: "orders_dlq", Offset: offset, Value: value, Headers: []boostd.Header{{Key: h1, Value: v1}, {Key: h2, Value: v2},
			{Key: headerTopic, Value: []byte("orders")}, {Key: headerPartition, Value: []byte("1")}, {Key: headerOffset, Value: []byte("1")}}}
		if mark, ok := ParseMark(m); ok && (mark.Letter < 0 || mark.Letter >= offset || m.Value != nil) {
			t.Errorf("%+v at %d", mark, offset)
		}
		l := Parse(m)
		if !l.Known || l.Attempts < 0 || l.Replays < 0 || l.Level < 0 || !bytes.Equal(l.Value, value) {
			t.Errorf("%+v", l)
		}
		back, err := l.Replay(1 << 40)
		if err != nil {
			t.Fatal(err)
		}
		back.Headers = append([]boostd.Header{}, back.Headers...)
		again := Parse(dead(&back, Death{}, offset))
		if again.Replays != l.Replays+1 && l.Replays < 1<<31-1 || len(again.Headers) != len(l.Headers) {
			t.Errorf("%+v became %+v", l, again)
		}
		for _, h := range again.Headers {
			if strings.HasPrefix(h.Key, prefix) {
				t.Errorf("header %q is left", h.Key)
			}
		}
	})
}
