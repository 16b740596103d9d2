package examples

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// soon is how long an answer may take that nothing holds back. It is generous: the
// machine may be busy.
const soon = 5 * time.Second

// conform tries a plugin that does what a message's value says.
func conform(t *testing.T, path string) {
	t.Helper()
	t.Run("refuses", func(t *testing.T) {
		if _, err := start(t, path, map[string]string{"refuse": "no such table"}); err == nil || !strings.Contains(err.Error(), "no such table") {
			t.Errorf("start with refuse: %v", err)
		}
	})
	p, err := start(t, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("verdicts", func(t *testing.T) { verdicts(t, p.work(t)) })
	t.Run("one after the other", func(t *testing.T) { oneAfterTheOther(t, p.work(t)) })
	t.Run("at the same time", func(t *testing.T) { atTheSameTime(t, p) })
	t.Run("cancel", func(t *testing.T) { cancels(t, p.work(t)) })
	t.Run("timeout", func(t *testing.T) { timesOut(t, p.work(t)) })
	t.Run("end", func(t *testing.T) { endsWithResults(t, p.work(t)) })
	t.Run("large", func(t *testing.T) { takesLarge(t, p.work(t)) })
	t.Run("stacks", func(t *testing.T) { stacks(t, p) })
}

func message(id uint64, value string) *wire.Message {
	return &wire.Message{Id: id, Topic: "orders", Partition: 3, Offset: 7, Level: 9, Attempt: 2, Key: []byte("k1"), Value: []byte(value),
		Headers:      []*wire.Header{{Key: "a", Value: []byte("1")}, {Key: "a", Value: []byte{}}, {Key: "b"}},
		ProducedAtNs: 1_700_000_000_000_999_999}
}

func verdicts(t *testing.T, s *stream) {
	dead := func(reason string) *wire.Failure { return &wire.Failure{Dead: true, Reason: reason} }
	cases := []struct {
		name string
		m    *wire.Message
		want *wire.Failure // reason: what it must contain
	}{
		{"done", message(0, `{"do":"done","unknown":[1]}`), nil},
		{"retry", message(0, `{"do":"retry","reason":"busy"}`), &wire.Failure{Reason: "busy"}},
		{"retry later", message(0, `{"do":"retry","reason":"busy","after_ms":1234}`), &wire.Failure{AfterMs: 1234, Reason: "busy"}},
		{"retry without a reason", message(0, `{"do":"retry"}`), &wire.Failure{}},
		{"dead", message(0, `{"do":"dead","reason":"no id"}`), dead("no id")},
		{"panic", message(0, `{"do":"panic","reason":"boom"}`), &wire.Failure{Reason: "boom"}},
		{"sleep", message(0, `{"do":"sleep","ms":1}`), nil},
		{"describe", message(0, `{"do":"describe"}`),
			dead("orders/3@7 level=9 attempt=2 key=6b31 headers=[a=31,a=,b=null] produced_ms=1700000000000")},
		{"describe little", &wire.Message{Value: []byte(`{"do":"describe"}`)},
			dead("/0@0 level=0 attempt=0 key=null headers=[] produced_ms=0")},
		{"describe an empty key", &wire.Message{Key: []byte{}, Offset: 1 << 60, Value: []byte(`{"do":"describe"}`)},
			dead("/0@1152921504606846976 level=0 attempt=0 key= headers=[]")},
		{"nothing known", message(0, `{"do":"dance"}`), dead("")},
		{"a list", message(0, `[1]`), dead("")},
		{"no JSON", message(0, "\xff"), dead("")},
		{"empty", message(0, ""), dead("")},
		{"tombstone", &wire.Message{}, dead("")},
	}
	batch := &wire.Batch{TimeoutMs: 30000}
	for i, c := range cases {
		c.m.Id = uint64(i)
		batch.Messages = append(batch.Messages, c.m)
	}
	s.batch(batch)
	for _, o := range s.results(len(cases)) {
		c, got := cases[o.id], o.failure
		if (got == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
			continue
		}
		if got == nil {
			continue
		}
		if got.GetDead() != c.want.GetDead() || got.GetAfterMs() != c.want.GetAfterMs() || got.GetCancelled() || !strings.Contains(got.GetReason(), c.want.GetReason()) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func sleeps(ms int, timeout uint32, ids ...uint64) *wire.Batch {
	b := &wire.Batch{TimeoutMs: timeout}
	for _, id := range ids {
		b.Messages = append(b.Messages, message(id, fmt.Sprintf(`{"do":"sleep","ms":%d}`, ms)))
	}
	return b
}

func oneAfterTheOther(t *testing.T, s *stream) {
	began := time.Now()
	s.batch(sleeps(50, 30000, 1, 2, 3, 4))
	var ids []uint64
	for i, o := range s.results(4) {
		ids = append(ids, o.id)
		// A hair less: clocks of two languages may count differently.
		if took, want := o.at.Sub(began), time.Duration(i+1)*49*time.Millisecond; took < want {
			t.Errorf("result %d after %v, want at least %v", i, took, want)
		}
	}
	if want := []uint64{1, 2, 3, 4}; !slices.Equal(ids, want) {
		t.Errorf("results of %v, want %v", ids, want)
	}
}

// Sixty-four that wait one after the other would take a minute.
func atTheSameTime(t *testing.T, p *running) {
	began := time.Now()
	var streams []*stream
	for range 8 {
		s := p.work(t)
		streams = append(streams, s)
		for id := range uint64(8) {
			s.batch(sleeps(1000, 30000, id))
		}
	}
	for _, s := range streams {
		s.results(8)
	}
	if took := time.Since(began); took > soon {
		t.Errorf("64 batches took %v", took)
	}
}

func cancels(t *testing.T, s *stream) {
	began := time.Now()
	s.batch(sleeps(30000, 60000, 1, 2, 3))
	s.cancel(2, 3, 99)
	first := s.results(2)
	s.cancel(1, 2)
	for _, o := range append(first, s.results(1)...) {
		if f := o.failure; f == nil || !f.GetCancelled() || f.GetDead() {
			t.Errorf("message %d: %v, want it cancelled", o.id, f)
		}
	}
	if first[0].id == 1 || first[1].id == 1 {
		t.Errorf("what ran had its result before it was cancelled")
	}
	if took := time.Since(began); took > soon {
		t.Errorf("it took %v", took)
	}
}

func timesOut(t *testing.T, s *stream) {
	began := time.Now()
	b := sleeps(10000, 100, 1)
	b.Messages = append(b.Messages, message(2, `{"do":"done"}`))
	s.batch(b)
	for _, o := range s.results(2) {
		if f := o.failure; (f == nil) != (o.id == 2) || f.GetDead() || f.GetCancelled() {
			t.Errorf("message %d: %v, want the first one to fail", o.id, f)
		}
	}
	if took := time.Since(began); took > soon {
		t.Errorf("it took %v", took)
	}
}

// What was begun when boostd closes its side has its result.
func endsWithResults(t *testing.T, s *stream) {
	s.batch(sleeps(100, 30000, 1, 2))
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	s.results(2)
	if r, err := s.Recv(); err == nil {
		t.Errorf("after the last result: %v", r)
	}
}

func takesLarge(t *testing.T, s *stream) {
	m := message(1, `{"do":"done","much":"`+strings.Repeat("x", 40<<20)+`"}`)
	if proto.Size(m) > wire.MaxFrame {
		t.Fatal("the message is larger than the protocol allows")
	}
	s.batch(&wire.Batch{Messages: []*wire.Message{m}, TimeoutMs: 30000})
	if o := s.results(1)[0]; o.failure != nil {
		t.Errorf("a message of 40 MiB: %v", o.failure)
	}
}

// A plugin need not say what it does; one that does says it within the bounds.
func stacks(t *testing.T, p *running) {
	r, err := p.Stacks(t.Context(), &wire.StacksRequest{})
	if err == nil && (r.GetText() == "" || len(r.GetText()) > wire.MaxStacks) {
		t.Errorf("stacks of %d bytes", len(r.GetText()))
	}
}
