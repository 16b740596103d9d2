package plugins

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kafkaboost/boostd"
)

func TestLogShowsCoordinatesAndNoPayload(t *testing.T) {
	var log output
	h := newHandler(t, Config{Log: &LogConfig{}}, log.logger())
	r := attempt(t, t.Context(), h, boostd.Message{
		Topic: "orders_7", Partition: 3, Offset: 1042, Level: 7, Attempt: 2,
		Key: []byte("canary-key"), Value: []byte("canary-value!"),
		Headers: []boostd.Header{{Key: "canary-header", Value: []byte("canary")}},
	})
	if r.Outcome != boostd.Done {
		t.Errorf("result %+v, want done", r)
	}
	want := "boostd.orders: message: topic=orders_7 partition=3 offset=1042 level=7 attempt=2 key_bytes=10 value_bytes=13"
	if text := log.String(); !strings.Contains(text, want) || strings.Contains(text, "canary") {
		t.Errorf("log is %q, want %q and no payload", text, want)
	}
}

func TestNoopTakesAllMessages(t *testing.T) {
	h := newHandler(t, Config{Noop: &NoopConfig{}}, nil)
	w := &work{messages: []*boostd.Message{{}, {Value: []byte("v")}, {}}}
	h.Handle(t.Context(), w)
	if len(w.results) != 3 || w.results[2].Outcome != boostd.Done {
		t.Errorf("results %+v, want three done", w.results)
	}
}

func TestSleepIsDrawnFromItsRange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const low, high = 2 * time.Millisecond, 6 * time.Millisecond
		h := newHandler(t, Config{Sleep: &SleepConfig{Min: boostd.Duration(low), Max: boostd.Duration(high)}}, nil)
		shortest, longest := time.Hour, time.Duration(0)
		for range 1000 {
			began := time.Now()
			if r := attempt(t, t.Context(), h, boostd.Message{}); r.Outcome != boostd.Done {
				t.Fatalf("result %+v", r)
			}
			took := time.Since(began)
			shortest, longest = min(shortest, took), max(longest, took)
		}
		if shortest < low || longest > high || longest-shortest < 3*time.Millisecond {
			t.Errorf("slept %v to %v, want about all of %v to %v", shortest, longest, low, high)
		}
	})
}

func TestSleepHonoursItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHandler(t, Config{Sleep: &SleepConfig{Min: boostd.Duration(time.Hour)}}, nil)
		stop, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		overrun, cancelOverrun := context.WithCancelCause(t.Context())
		time.AfterFunc(2*time.Second, func() { cancelOverrun(errors.New("handler overran its timeout")) })
		for reason, ctx := range map[string]context.Context{"cancelled": stop, "timed out": overrun} {
			if r := attempt(t, ctx, h, boostd.Message{}); r.Outcome != boostd.Retry || r.Reason != reason {
				t.Errorf("result %+v, want retry, %s", r, reason)
			}
		}
	})
}

func TestZeroSleepDoesNotWait(t *testing.T) {
	h := newHandler(t, Config{Sleep: &SleepConfig{}}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := attempt(t, ctx, h, boostd.Message{}); r.Outcome != boostd.Done {
		t.Errorf("result %+v, want done", r)
	}
}

func TestPrintable(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"plain", "plain"},
		{"two\r\nlines\tand  spaces ", "two lines and spaces"},
		{"\x1b[2Jred\x00\x7f", "[2Jred"},
		{"gr\u00fc\u00dfe \u65e5\u672c", "gr\u00fc\u00dfe \u65e5\u672c"},
		{"hidden\u202etext", "hidden text"},
		{"bad \xff\xfe", "bad ??"},
		{strings.Repeat("x", 25), strings.Repeat("x", 24) + "…"},
	} {
		if got := printable([]byte(c.text), 24); got != c.want {
			t.Errorf("printable(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func BenchmarkNoop(b *testing.B) {
	h := newHandler(b, Config{Noop: &NoopConfig{}}, nil)
	h.Handle(b.Context(), &endless{left: b.N})
}

// endless hands out one message again and again.
type endless struct {
	message boostd.Message
	left    int
	failed  int
}

func (e *endless) Next() (*boostd.Message, bool) {
	e.left--
	return &e.message, e.left >= 0
}

func (e *endless) Report(_ *boostd.Message, r boostd.Result) {
	if r.Outcome != boostd.Done {
		e.failed++
	}
}
