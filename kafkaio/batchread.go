//go:build linux && !pollread

package kafkaio

/*
#include "batchread.h"

#include <stdlib.h>
#include <string.h>

enum { most_messages = 256, kept_headers = 4096 };

typedef struct {
	const char *name;
	const void *value;
	size_t name_len, size;
} header;

// A message and the event that owns its memory.
typedef struct {
	rd_kafka_event_t *event;
	const rd_kafka_message_t *message;
	const char *topic; // the same pointer for messages in a row of one topic
	size_t topic_len;
	int64_t timestamp; // in ms, -1 unknown
	int32_t leader_epoch;
	int32_t first_header, headers;
	int64_t header_bytes; // of the headers' values
} fetched;

typedef struct {
	rd_kafka_queue_t *queue;
	int64_t message_cost, header_cost; // of a message and a header beside their content
	rd_kafka_event_t *other;           // what came behind the messages and is none
	header *headers;
	int used_headers, room_for_headers;
	int count;
	fetched all[most_messages];
} batch;

// Appends a message's headers and returns what they cost.
static int64_t add_headers(batch *b, fetched *f) {
	rd_kafka_headers_t *list;
	int64_t bytes = 0;
	if (rd_kafka_message_headers(f->message, &list))
		return 0;
	int n = (int)rd_kafka_header_cnt(list);
	if (b->used_headers + n > b->room_for_headers) {
		b->room_for_headers = 2 * (b->used_headers + n);
		b->headers = realloc(b->headers, b->room_for_headers * sizeof(header));
		if (!b->headers)
			abort(); // as the library does
	}
	for (int i = 0; i < n; i++) {
		header *h = &b->headers[b->used_headers + i];
		rd_kafka_header_get_all(list, i, &h->name, &h->value, &h->size);
		h->name_len = strlen(h->name);
		bytes += b->header_cost + h->name_len + h->size;
		f->header_bytes += h->size;
	}
	b->used_headers += n;
	f->headers = n;
	return bytes;
}

// Takes at most n messages of about as many bytes, waiting for the first event. It
// ends at an event that isn't a message.
static void batch_read(batch *b, int wait_ms, int n, int64_t bytes) {
	while (b->count < n && b->count < most_messages && bytes > 0) {
		rd_kafka_event_t *event = rd_kafka_queue_poll(b->queue, wait_ms);
		if (!event)
			return;
		wait_ms = 0;
		const rd_kafka_message_t *m = NULL;
		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_FETCH)
			m = rd_kafka_event_message_next(event);
		if (!m || m->err) {
			b->other = event;
			return;
		}
		fetched *f = &b->all[b->count++];
		rd_kafka_timestamp_type_t kind;
		f->event = event;
		f->message = m;
		if (f > b->all && f[-1].message->rkt == m->rkt) {
			f->topic = f[-1].topic;
			f->topic_len = f[-1].topic_len;
		} else {
			f->topic = rd_kafka_topic_name(m->rkt);
			f->topic_len = strlen(f->topic);
		}
		f->timestamp = rd_kafka_message_timestamp(m, &kind);
		if (kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE)
			f->timestamp = -1;
		f->leader_epoch = rd_kafka_message_leader_epoch(m);
		f->first_header = b->used_headers;
		f->headers = 0;
		f->header_bytes = 0;
		bytes -= b->message_cost + (int64_t)m->len + (int64_t)m->key_len + add_headers(b, f);
	}
}

// Gives what was read back to the library.
static void batch_clear(batch *b) {
	for (int i = 0; i < b->count; i++)
		rd_kafka_event_destroy(b->all[i].event);
	if (b->other)
		rd_kafka_event_destroy(b->other);
	b->count = b->used_headers = 0;
	b->other = NULL;
	if (b->room_for_headers > kept_headers) {
		free(b->headers);
		b->headers = NULL;
		b->room_for_headers = 0;
	}
}
*/
import "C"

import (
	"errors"
	"os"
	"time"
	"unsafe"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
)

// batchReader takes several events from the client's queue in one call. It makes the
// calls that the client's own Poll makes, on the same queue and in the same order, so
// that what holds for Poll holds for it (DESIGN.md). It belongs to the poll loop's
// goroutine, but for await.
type batchReader struct {
	batch    *C.batch
	events   *os.File // an eventfd: the client writes to it when its queue has something
	topics   interned
	headers  interned
	payloads payloads
}

// newBatchReader finds the client's queue. The error says why it can't.
func newBatchReader(client *kafka.Consumer) (*batchReader, error) {
	rk, err := reach(client)
	if err != nil {
		return nil, err
	}
	queue := C.rd_kafka_queue_get_consumer(rk)
	if queue == nil {
		return nil, errors.New("the Kafka client has no queue")
	}
	events, err := announce(queue)
	if err != nil {
		C.rd_kafka_queue_destroy(queue)
		return nil, err
	}
	b := (*C.batch)(C.calloc(1, C.sizeof_batch))
	var empty boostd.Message
	b.queue, b.message_cost = queue, C.int64_t(empty.Size())
	empty.Headers = make([]boostd.Header, 1)
	b.header_cost = C.int64_t(empty.Size()) - b.message_cost
	return &batchReader{batch: b, events: events}, nil
}

// close is called behind the last read, before the client is closed.
func (r *batchReader) close() {
	letGo(r.batch.queue, r.events)
	C.free(unsafe.Pointer(r.batch.headers))
	C.free(unsafe.Pointer(r.batch))
	r.batch = nil
}

// await returns when the queue has something that wasn't there at the last read;
// false: it is closed. From a goroutine of its own.
func (r *batchReader) await() bool { return announced(r.events) }

// read is what Source.read does, in one call.
func (r *batchReader) read(in *intake, l limits) (events int, other kafka.Event) {
	b := r.batch
	C.batch_read(b, C.int(l.wait.Milliseconds()), C.int(l.messages), C.int64_t(l.bytes-in.bytes))
	in.now = time.Now()
	all := b.all[:b.count]
	for n := range all {
		f := &all[n]
		if n == 0 || f.topic != all[n-1].topic {
			in.topic = r.topics.name(unsafe.Slice((*byte)(unsafe.Pointer(f.topic)), f.topic_len))
		}
		r.take(in, f)
	}
	events = len(all)
	if b.other != nil {
		events++
		other = decode(b.other)
	}
	C.batch_clear(b)
	return events, other
}

// reuse takes memory that is free for messages, and returns where to collect more.
func (r *batchReader) reuse(spent [][]byte) [][]byte {
	if len(r.payloads.spare) > 0 {
		return spent
	}
	empty := r.payloads.spare
	r.payloads.spare = spent
	return empty
}

// take copies a message of the topic that in has.
func (r *batchReader) take(in *intake, f *C.fetched) {
	k := f.message
	m := in.add(int32(f.leader_epoch))
	m.Topic, m.Partition, m.Offset, m.FetchedAt = in.topic, int32(k.partition), int64(k.offset), in.now
	room, kept := r.payloads.room(int(k.key_len) + int(k.len) + int(f.header_bytes))
	m.Key = copyTo(&room, k.key, int(k.key_len))
	m.Value = copyTo(&room, k.payload, int(k.len))
	if f.timestamp >= 0 {
		m.ProducedAt = time.UnixMilli(int64(f.timestamp))
	}
	if f.headers > 0 {
		list := unsafe.Slice(r.batch.headers, r.batch.used_headers)[f.first_header : f.first_header+f.headers]
		m.Headers = r.payloads.list(len(list))
		for n, h := range list {
			name := r.headers.name(unsafe.Slice((*byte)(unsafe.Pointer(h.name)), h.name_len))
			m.Headers[n] = boostd.Header{Key: name, Value: copyTo(&room, h.value, int(h.size))}
		}
		stamp(m)
	}
	if kept {
		m.Memory = room
	}
	in.bytes += int64(m.Size())
}

// decode is an event that isn't a message as the client's Poll has it; nil for one
// that nobody here asks for.
func decode(e *C.rd_kafka_event_t) kafka.Event {
	code := kafka.ErrorCode(C.rd_kafka_event_error(e))
	switch C.rd_kafka_event_type(e) {
	case C.RD_KAFKA_EVENT_FETCH: // a message that stands for an error
		if code != kafka.ErrNoError {
			return kafka.NewError(code, "", false)
		}
	case C.RD_KAFKA_EVENT_ERROR:
		if code == kafka.ErrPartitionEOF {
			if tp := C.rd_kafka_event_topic_partition(e); tp != nil {
				defer C.rd_kafka_topic_partition_destroy(tp)
				return kafka.PartitionEOF(partition(tp))
			}
			return nil
		}
		return kafka.NewError(code, C.GoString(C.rd_kafka_event_error_string(e)), C.rd_kafka_event_error_is_fatal(e) != 0)
	case C.RD_KAFKA_EVENT_STATS:
		return statsText(C.GoString(C.rd_kafka_event_stats(e)))
	case C.RD_KAFKA_EVENT_REBALANCE:
		var partitions []kafka.TopicPartition
		if list := C.rd_kafka_event_topic_partition_list(e); list != nil {
			for n := range unsafe.Slice(list.elems, list.cnt) {
				partitions = append(partitions, partition(&unsafe.Slice(list.elems, list.cnt)[n]))
			}
		}
		if code == kafka.ErrAssignPartitions {
			return kafka.AssignedPartitions{Partitions: partitions}
		}
		return kafka.RevokedPartitions{Partitions: partitions}
	}
	return nil
}

func partition(tp *C.rd_kafka_topic_partition_t) kafka.TopicPartition {
	topic := C.GoString(tp.topic)
	return kafka.TopicPartition{Topic: &topic, Partition: int32(tp.partition), Offset: kafka.Offset(tp.offset)}
}
