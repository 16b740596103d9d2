package kafkaio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/priority"
)

// Range is a part of a partition: the offsets from From up to, and without, To.
type Range struct {
	boostd.TopicPartition
	From, To int64
}

// Ranges are what is in topics now, by topic and partition; topics has their
// partitions. A part of which nothing is known is an error.
func (a *Admin) Ranges(ctx context.Context, topics map[string]int) ([]Range, error) {
	tps := partitionsOf(topics)
	slices.SortFunc(tps, func(x, y boostd.TopicPartition) int {
		return cmp.Or(strings.Compare(x.Topic, y.Topic), int(x.Partition)-int(y.Partition))
	})
	first, err := listOffsets(ctx, a.client, a.config.isolation(), tps, kafka.EarliestOffsetSpec)
	if err != nil {
		return nil, err
	}
	last, err := listOffsets(ctx, a.client, a.config.isolation(), tps, kafka.LatestOffsetSpec)
	if err != nil {
		return nil, err
	}
	ranges := make([]Range, 0, len(tps))
	for _, tp := range tps {
		from, known := first[tp]
		to, knownEnd := last[tp]
		if !known || !knownEnd {
			return nil, fmt.Errorf("find the beginning and end of %s: no answer: its leader is away, or the permission is missing, then allow Describe on the topic", tp)
		}
		ranges = append(ranges, Range{tp, from, to})
	}
	return ranges, nil
}

const (
	// readStall is how long Read waits for a next message.
	readStall = 30 * time.Second
	// readPoll bounds one look, so that ctx's end is noticed.
	readPoll = 100 * time.Millisecond
)

// readerTuning is what a reader's client differs in: it comes to what is there,
// so it needn't wait for more. The wait would delay the next range by as much.
var readerTuning = map[string]string{
	"fetch.wait.max.ms": "5", "fetch.error.backoff.ms": "20", "statistics.interval.ms": "0",
	"auto.offset.reset": "earliest", "max.poll.interval.ms": "86400000",
}

// Read hands over the messages of the ranges, one range after the other, in the
// order of their offsets. It joins no group and commits nothing. Each message is
// the callee's own; it may take its time. Offsets that don't exist any more are
// passed over. It ends at the ranges' end, with each's error, or with ctx.
func (a *Admin) Read(ctx context.Context, ranges []Range, each func(*boostd.Message) error) (err error) {
	return read(ctx, a.config, ranges, each)
}

func read(ctx context.Context, c Config, ranges []Range, each func(*boostd.Message) error) (err error) {
	group := "boostd-reader"
	if c.Group != "" {
		group = priority.BaseGroup(c.Group) // that name is allowed, if any is
	}
	config := configMap(merge(c.ConsumerProperties(group, "reader"), readerTuning))
	delete(*config, "go.logs.channel.enable")
	(*config)["log_level"] = "2"
	client, err := kafka.NewConsumer(config)
	if err != nil {
		return fmt.Errorf("make reader: %w", c.connection("").explainNew(err))
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		closeInTime(closing, client)
	}()
	r := reader{client: client, each: each}
	for _, part := range ranges {
		if part.From >= part.To {
			continue
		}
		if err := r.read(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// reader reads one range at a time.
type reader struct {
	client *kafka.Consumer
	each   func(*boostd.Message) error
	said   string // the client's last complaint, as an end of a sentence
}

func (r *reader) read(ctx context.Context, part Range) error {
	at := []kafka.TopicPartition{{Topic: &part.Topic, Partition: part.Partition, Offset: kafka.Offset(part.From)}}
	if err := r.client.Assign(at); err != nil {
		return fmt.Errorf("read %s: %w", part.TopicPartition, err)
	}
	for heard := time.Now(); ; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		event := r.client.Poll(int(readPoll.Milliseconds()))
		if done, err := r.take(part, event); done || err != nil {
			return err
		}
		if _, ok := event.(*kafka.Message); ok {
			heard = time.Now() // not before each has returned
		}
		if time.Since(heard) > readStall {
			return fmt.Errorf("read %s: nothing came for %v: %w%s", part.TopicPartition, readStall, ErrUnreachable, r.said)
		}
	}
}

// take handles one event; done: the range is read.
func (r *reader) take(part Range, event kafka.Event) (done bool, err error) {
	switch e := event.(type) {
	case *kafka.Message:
		if e.TopicPartition.Partition != part.Partition || *e.TopicPartition.Topic != part.Topic {
			return false, nil // left over from the last range
		}
		if e.TopicPartition.Error != nil {
			return false, fmt.Errorf("read %s: %w", part.TopicPartition, e.TopicPartition.Error)
		}
		offset := int64(e.TopicPartition.Offset)
		if offset >= part.To {
			return true, nil
		}
		m := &boostd.Message{Topic: part.Topic}
		fill(m, e, time.Now())
		if err := r.each(m); err != nil {
			return false, err
		}
		return offset == part.To-1, nil
	case kafka.PartitionEOF: // what is before the end may be no message
		return e.Partition == part.Partition && *e.Topic == part.Topic && int64(e.Offset) >= part.To, nil
	case kafka.Error:
		if refused(e) {
			return false, fmt.Errorf("read %s: %w: %w: allow Read on the topic", part.TopicPartition, ErrDenied, e)
		}
		if e.IsFatal() {
			return false, fmt.Errorf("read %s: %w", part.TopicPartition, e)
		}
		r.said = ", the client says: " + e.Error()
	}
	return false, nil
}

// DeleteRecords removes what is before the given offsets; a partition's offset is
// its first one from then on. Its error names every partition where that failed.
func (a *Admin) DeleteRecords(ctx context.Context, before map[boostd.TopicPartition]int64) error {
	if len(before) == 0 {
		return nil
	}
	request := make([]kafka.TopicPartition, 0, len(before))
	for tp, offset := range before {
		request = append(request, kafka.TopicPartition{Topic: &tp.Topic, Partition: tp.Partition, Offset: kafka.Offset(offset)})
	}
	answer, err := a.client.DeleteRecords(ctx, request, kafka.SetAdminRequestTimeout(untilDeadline(ctx)))
	if err != nil {
		return fmt.Errorf("delete records of %d partitions: %w", len(before), err)
	}
	var errs []error
	for _, r := range answer.DeleteRecordsResults {
		tp := boostd.TopicPartition{Topic: *r.TopicPartition.Topic, Partition: r.TopicPartition.Partition}
		if k, ok := errors.AsType[kafka.Error](r.TopicPartition.Error); ok && refused(k) {
			errs = append(errs, fmt.Errorf("delete records of %s: %w: allow Delete on the topic", tp, ErrDenied))
		} else if r.TopicPartition.Error != nil {
			errs = append(errs, fmt.Errorf("delete records of %s: %w", tp, r.TopicPartition.Error))
		}
	}
	return errors.Join(errs...)
}
