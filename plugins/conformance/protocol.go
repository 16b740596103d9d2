package conformance

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// protocol are the cases that every plugin passes, whatever it makes of the messages.
func protocol() []testCase {
	return []testCase{
		{"a message is answered", tryMessages(many(1)...)},
		{"2 messages in a batch are answered", tryMessages(many(2)...)},
		{"256 messages in a batch are answered", tryMessages(many(256)...)},
		{"messages that belong together are answered", tryTogether},
		{"64 batches on 8 streams are answered", tryStreams},
		{"no key and no value", tryMessages(&wire.Message{})},
		{"an empty key and an empty value", tryMessages(&wire.Message{Key: []byte{}, Value: []byte{}})},
		{"headers twice, empty, and without a value", tryMessages(&wire.Message{Value: []byte("{}"), Headers: []*wire.Header{
			{Key: "a", Value: []byte("1")}, {Key: "a", Value: []byte{}}, {Key: "a"}, {Key: "", Value: []byte("2")},
		}})},
		{"bytes of all values, and no valid UTF-8", tryMessages(&wire.Message{Key: everyByte(), Value: everyByte(), Headers: []*wire.Header{{Key: "b", Value: everyByte()}}})},
		{"the largest numbers", tryMessages(&wire.Message{Partition: 1<<31 - 1, Offset: 1<<63 - 1, Level: 1<<31 - 1, Attempt: 1<<32 - 1, ProducedAtNs: 1<<63 - 1})},
		{"a value of 4 MiB", tryMessages(&wire.Message{Value: bytes.Repeat([]byte("x"), 4<<20)})},
		{"a batch of 16 MiB", tryMessages(large(4, 4<<20)...)},
		{"Cancel of ids that it doesn't know is ignored", tryCancelUnknown},
		{"messages that are cancelled are answered once", tryCancel},
		{"when boostd closes its side, the results come and the stream ends", tryCloseSend},
		{"a stream that breaks off harms no other", tryBreakOff},
		{"Stacks is answered, or isn't there", tryStacks},
		{"a second Start does no harm", trySecondStart},
	}
}

func many(n int) []*wire.Message {
	all := make([]*wire.Message, n)
	for i := range all {
		all[i] = &wire.Message{Value: []byte(`{"do": "done"}`)}
	}
	return all
}

func large(n, size int) []*wire.Message {
	all := many(n)
	for _, m := range all {
		m.Value = bytes.Repeat([]byte("x"), size)
	}
	return all
}

func everyByte() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}

// newBatch gives copies of messages ids, and a place where they have none.
func (s *suite) newBatch(messages ...*wire.Message) *wire.Batch {
	b := &wire.Batch{TimeoutMs: uint32(s.Patience.Milliseconds())}
	for _, m := range messages {
		s.nextID++
		c := &wire.Message{
			Id: s.nextID, Topic: "orders", Partition: m.GetPartition(), Offset: m.GetOffset(), Level: m.GetLevel(), Attempt: max(m.GetAttempt(), 1),
			Key: m.Key, Value: m.Value, Headers: m.GetHeaders(), ProducedAtNs: m.GetProducedAtNs(),
		}
		if c.GetOffset() == 0 {
			c.Offset = int64(s.nextID)
		}
		b.Messages = append(b.Messages, c)
	}
	return b
}

// with opens a stream for a case, and closes it the good way when the case was well.
func (s *suite) with(ctx context.Context, try func(w *stream) error) error {
	w, err := s.t.open(ctx)
	if err != nil {
		return err
	}
	defer w.stop()
	if err := try(w); err != nil {
		return err
	}
	return w.finish(ctx)
}

// settle waits for results as long as a handler may take, and gives up then what is
// left: that must be answered soon.
func (s *suite) settle(ctx context.Context, w *stream, ids ...uint64) error {
	patient, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	_, err := w.wait(patient, ids...)
	if err == nil || patient.Err() == nil || ctx.Err() != nil {
		return err
	}
	if err := w.cancel(ids...); err != nil {
		return err
	}
	impatient, cancel := context.WithTimeout(ctx, s.grace)
	defer cancel()
	_, err = w.wait(impatient, ids...)
	return err
}

func tryMessages(messages ...*wire.Message) func(context.Context, *suite) error {
	return func(ctx context.Context, s *suite) error {
		return s.with(ctx, func(w *stream) error {
			b := s.newBatch(messages...)
			if err := w.batch(b); err != nil {
				return err
			}
			return s.settle(ctx, w, ids(b)...)
		})
	}
}

func tryTogether(ctx context.Context, s *suite) error {
	return s.with(ctx, func(w *stream) error {
		b := s.newBatch(many(16)...)
		b.Together = true
		if err := w.batch(b); err != nil {
			return err
		}
		return s.settle(ctx, w, ids(b)...)
	})
}

// tryStreams keeps as many batches under way as there are slots, on as many streams as
// boostd would open.
func tryStreams(ctx context.Context, s *suite) error {
	var wg sync.WaitGroup
	failed := make(chan error, streams)
	for range streams {
		var all []*wire.Batch
		for range slots / streams {
			all = append(all, s.newBatch(many(16)...))
		}
		wg.Go(func() {
			failed <- s.with(ctx, func(w *stream) error {
				var which []uint64
				for _, b := range all {
					which = append(which, ids(b)...)
					if err := w.batch(b); err != nil {
						return err
					}
				}
				return s.settle(ctx, w, which...)
			})
		})
	}
	wg.Wait()
	close(failed)
	for err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

const streams = 8

func tryCancelUnknown(ctx context.Context, s *suite) error {
	return s.with(ctx, func(w *stream) error {
		if err := w.cancel(1<<63, 1<<63+1); err != nil {
			return err
		}
		b := s.newBatch(many(1)...)
		if err := w.batch(b); err != nil {
			return err
		}
		if err := s.settle(ctx, w, ids(b)...); err != nil {
			return err
		}
		return w.cancel(ids(b)...) // it is answered
	})
}

func tryCancel(ctx context.Context, s *suite) error {
	return s.with(ctx, func(w *stream) error {
		var which []uint64
		for range 4 {
			b := s.newBatch(many(16)...)
			which = append(which, ids(b)...)
			if err := w.batch(b); err != nil {
				return err
			}
		}
		if err := w.cancel(which...); err != nil {
			return err
		}
		if err := w.cancel(which...); err != nil {
			return err
		}
		return s.settle(ctx, w, which...)
	})
}

// tryCloseSend closes our side at once, with everything under way.
func tryCloseSend(ctx context.Context, s *suite) error {
	return s.with(ctx, func(w *stream) error { return w.batch(s.newBatch(many(32)...)) })
}

func tryBreakOff(ctx context.Context, s *suite) error {
	return s.with(ctx, func(w *stream) error {
		other, err := s.t.open(ctx)
		if err != nil {
			return err
		}
		err = other.batch(s.newBatch(many(32)...))
		other.stop()
		if err != nil {
			return err
		}
		b := s.newBatch(many(32)...)
		if err := w.batch(b); err != nil {
			return err
		}
		return s.settle(ctx, w, ids(b)...)
	})
}

func tryStacks(ctx context.Context, s *suite) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := s.t.handler.Stacks(ctx, &wire.StacksRequest{})
	switch {
	case status.Code(err) == codes.Unimplemented:
		return nil
	case err != nil:
		return wrong("answer it within 5 s, or leave it unimplemented", "Stacks isn't answered: %v", err)
	case r.GetText() == "":
		return wrong("leave it unimplemented if there is nothing to say", "Stacks says nothing")
	case len(r.GetText()) > wire.MaxStacks:
		return wrong("cut the text to 256 KiB", "Stacks says %d bytes", len(r.GetText()))
	}
	return nil
}

// trySecondStart doesn't mind the answer, which may be an error.
func trySecondStart(ctx context.Context, s *suite) error {
	if _, err := s.t.handler.Start(ctx, &wire.StartRequest{Handler: "check", Slots: slots, Settings: s.Settings}); interrupted(err) {
		return wrong("answer it, if need be with an error", "a second Start isn't answered: %v", err)
	}
	if err := tryMessages(&wire.Message{})(ctx, s); err != nil {
		return fmt.Errorf("after a second Start: %w", err)
	}
	return nil
}
