package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/status"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// tries is how often a case may miss its time, for a machine that is busy.
const tries = 3

// behaviour are the cases for a handler that does what values say.
func behaviour() []testCase {
	const line = "orders/3@7 level=9 attempt=2 key=6b31 headers=[a=31,a=,b=null] produced_ms=1700000000000"
	const bare = "orders/0@1 level=0 attempt=1 key=null headers=[] produced_ms=0"
	full := &wire.Message{
		Partition: 3, Offset: 7, Level: 9, Attempt: 2, Key: []byte("k1"), ProducedAtNs: 1700000000000123456,
		Headers: []*wire.Header{{Key: "a", Value: []byte("1")}, {Key: "a", Value: []byte{}}, {Key: "b"}},
	}
	plain, none := &wire.Message{}, &wire.Message{Offset: 1}
	empty := &wire.Message{Offset: 1, Key: []byte{}}
	return []testCase{
		{"done", tryResult(plain, `{"do": "done"}`, nil)},
		{"retry", tryResult(plain, `{"do": "retry", "reason": "busy"}`, &wire.Failure{Reason: "busy"})},
		{"retry after a time", tryResult(plain, `{"do": "retry", "reason": "busy", "after_ms": 1500}`, &wire.Failure{Reason: "busy", AfterMs: 1500})},
		{"dead", tryResult(plain, `{"do": "dead", "reason": "no id"}`, &wire.Failure{Reason: "no id", Dead: true})},
		{"a panic is a retry", tryResult(plain, `{"do": "panic", "reason": "oh dear"}`, &wire.Failure{Reason: "oh dear"})},
		{"no JSON is dead", tryResult(plain, "hello", &wire.Failure{Dead: true})},
		{"a JSON list is dead", tryResult(plain, "[1]", &wire.Failure{Dead: true})},
		{"a message arrives as it was", tryResult(full, `{"do": "describe"}`, &wire.Failure{Reason: line, Dead: true})},
		{"a message without anything", tryResult(none, `{"do": "describe"}`, &wire.Failure{Reason: bare, Dead: true})},
		{"an empty key isn't none", tryResult(empty, `{"do": "describe"}`, &wire.Failure{Reason: strings.Replace(bare, "null", "", 1), Dead: true})},
		{"a tombstone", tryTombstone},
		{"messages of a batch one after the other", trySequence},
		{"64 batches at the same time", tryParallel},
		{"Cancel ends the one that runs, and answers those that wait", tryCancelRunning},
		{"the timeout ends a message", tryTimeout},
		{"Start refuses the work", tryRefuse},
	}
}

// tryResult wants a result for a message with that value; nil is done. Of the reason it wants a part.
func tryResult(m *wire.Message, value string, want *wire.Failure) func(context.Context, *suite) error {
	return func(ctx context.Context, s *suite) error {
		return s.with(ctx, func(w *stream) error {
			b := s.newBatch(m)
			b.GetMessages()[0].Value = []byte(value)
			return s.expect(ctx, w, b, want)
		})
	}
}

func tryTombstone(ctx context.Context, s *suite) error {
	return s.with(ctx, func(w *stream) error {
		return s.expect(ctx, w, s.newBatch(&wire.Message{Key: []byte("k")}), &wire.Failure{Dead: true})
	})
}

// expect sends a batch of one message.
func (s *suite) expect(ctx context.Context, w *stream, b *wire.Batch, want *wire.Failure) error {
	if err := w.batch(b); err != nil {
		return err
	}
	got, err := w.wait(ctx, ids(b)...)
	if err != nil {
		return err
	}
	return compare(got[0].failure, want)
}

func compare(got, want *wire.Failure) error {
	if show(got) == show(want) && strings.Contains(got.GetReason(), want.GetReason()) {
		return nil
	}
	return wrong("the format is in docs/PLUGINS.md, and in the package plugins/conformance", "the result is %s with the reason %q, want %s with %q",
		show(got), got.GetReason(), show(want), want.GetReason())
}

func show(f *wire.Failure) string {
	if f == nil {
		return "done"
	}
	kind := "retry"
	if f.GetDead() {
		kind = "dead"
	}
	if f.GetCancelled() {
		kind += ", cancelled,"
	}
	return fmt.Sprintf("%s after %d ms", kind, f.GetAfterMs())
}

func sleeps(n, ms int) []*wire.Message {
	all := many(n)
	for _, m := range all {
		m.Value = fmt.Appendf(nil, `{"do": "sleep", "ms": %d}`, ms)
	}
	return all
}

func trySequence(ctx context.Context, s *suite) error {
	return s.with(ctx, func(w *stream) error {
		b := s.newBatch(sleeps(4, 50)...)
		began := time.Now()
		if err := w.batch(b); err != nil {
			return err
		}
		got, err := w.wait(ctx, ids(b)...)
		if err != nil {
			return err
		}
		const advice = "handle the messages of a batch one after the other: they may have the same key"
		if took := got[3].at.Sub(began); took < 200*time.Millisecond {
			return wrong(advice, "4 sleeps of 50 ms in one batch took %v", took)
		}
		for i, o := range got {
			if o.order != i {
				return wrong(advice, "the results of one batch came in another order than its messages")
			}
			if err := compare(o.failure, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

func tryParallel(ctx context.Context, s *suite) error {
	var took time.Duration
	for range tries {
		began := time.Now()
		if err := s.sleepAll(ctx); err != nil {
			return err
		}
		if took = time.Since(began); took < 100*time.Millisecond {
			return wrong("wait for as many milliseconds as ms says", "sleeps of 100 ms took %v", took)
		}
		if took < soon {
			return nil
		}
	}
	return wrong("handle as many batches at the same time as StartRequest.slots says, without a limit for each stream",
		"64 batches of one sleep of 100 ms took %v, want less than %v", took.Round(time.Millisecond), soon)
}

func (s *suite) sleepAll(ctx context.Context) error {
	var open []*stream
	for range streams {
		w, err := s.t.open(ctx)
		if err != nil {
			return err
		}
		defer w.stop()
		open = append(open, w)
	}
	for i := range slots {
		if err := open[i%streams].batch(s.newBatch(sleeps(1, 100)...)); err != nil {
			return err
		}
	}
	for _, w := range open {
		if err := w.finish(ctx); err != nil {
			return err
		}
		for id, o := range w.got {
			if err := compare(o.failure, nil); err != nil {
				return fmt.Errorf("message %d: %w", id, err)
			}
		}
	}
	return nil
}

func tryCancelRunning(ctx context.Context, s *suite) error {
	return s.within(ctx, "Cancel", func(w *stream) ([]uint64, func() error, error) {
		first := s.newBatch(many(1)...)
		b := s.newBatch(sleeps(3, 60000)...)
		b.Messages = append(first.GetMessages(), b.GetMessages()...)
		if err := w.batch(b); err != nil {
			return nil, nil, err
		}
		// When the first one is done, the second one runs or is about to.
		if _, err := w.wait(ctx, ids(first)...); err != nil {
			return nil, nil, err
		}
		which := ids(b)[1:]
		return which, func() error { return w.cancel(which...) }, nil
	}, &wire.Failure{Cancelled: true})
}

func tryTimeout(ctx context.Context, s *suite) error {
	return s.within(ctx, "the timeout of 100 ms", func(w *stream) ([]uint64, func() error, error) {
		b := s.newBatch(sleeps(1, 60000)...)
		b.TimeoutMs = 100
		return ids(b), func() error { return w.batch(b) }, nil
	}, &wire.Failure{})
}

// within wants the result want for messages within a second after what begin returns
// was done.
func (s *suite) within(ctx context.Context, what string, begin func(*stream) ([]uint64, func() error, error), want *wire.Failure) error {
	var late error
	for range tries {
		late = nil
		err := s.with(ctx, func(w *stream) error {
			which, act, err := begin(w)
			if err != nil {
				return err
			}
			from := time.Now()
			if err := act(); err != nil {
				return err
			}
			got, err := w.wait(ctx, which...)
			if err != nil {
				return err
			}
			for _, o := range got {
				if took := o.at.Sub(from); took > soon {
					late = wrong("let the handler know, and answer what hasn't begun at once", "%v passed from %s to the result, want at most %v",
						took.Round(time.Millisecond), what, soon)
				}
				if err := compare(o.failure, want); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || late == nil {
			return err
		}
	}
	return late
}

// tryRefuse leaves the next cases a plugin that has started.
func tryRefuse(ctx context.Context, s *suite) error {
	s.end()
	t, err := start(ctx, s.Path, s.Args)
	s.t = t
	if err != nil {
		return err
	}
	_, err = t.handler.Start(ctx, &wire.StartRequest{Handler: "check", Slots: slots, Settings: map[string]string{"refuse": "no url in settings"}})
	if err == nil || interrupted(err) || !strings.Contains(status.Convert(err).Message(), "no url in settings") {
		return errors.Join(wrong("let Start fail with the text of the setting refuse", "Start with refuse=… is answered with: %v", err), s.restart(ctx, s.Settings))
	}
	return s.restart(ctx, s.Settings)
}
