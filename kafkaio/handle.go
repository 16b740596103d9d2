//go:build linux && !pollread

package kafkaio

/*
#include "batchread.h"

static int missing_symbols(void) {
	return !(rd_kafka_version && rd_kafka_name && rd_kafka_queue_new && rd_kafka_set_log_queue && rd_kafka_event_log && rd_kafka_queue_get_consumer && rd_kafka_queue_destroy &&
		rd_kafka_queue_poll && rd_kafka_queue_io_event_enable && rd_kafka_event_type && rd_kafka_event_destroy && rd_kafka_event_message_next &&
		rd_kafka_event_error && rd_kafka_event_error_string && rd_kafka_event_error_is_fatal && rd_kafka_event_stats &&
		rd_kafka_event_topic_partition && rd_kafka_topic_partition_destroy && rd_kafka_event_topic_partition_list &&
		rd_kafka_topic_name && rd_kafka_message_timestamp && rd_kafka_message_leader_epoch &&
		rd_kafka_message_headers && rd_kafka_header_cnt && rd_kafka_header_get_all);
}
*/
import "C"

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"reflect"
	"unsafe"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"golang.org/x/sys/unix"
)

// triedVersion is the librdkafka that this was tried with; the client that brings it
// has its handle where reach looks for it.
const triedVersion = 0x020f00ff

// reachable says why the library's own handles can't be had from the client, if so.
func reachable() error {
	if C.missing_symbols() != 0 {
		return errors.New("the Kafka library lacks functions")
	}
	if v := int(C.rd_kafka_version()); v != triedVersion {
		return fmt.Errorf("the Kafka library has version %#x, tried was %#x", v, triedVersion)
	}
	_, err := handleField(new(kafka.Consumer))
	return err
}

// reach finds the library's handle of a client.
func reach(client *kafka.Consumer) (*C.rd_kafka_t, error) {
	if err := reachable(); err != nil {
		return nil, err
	}
	handle, err := handleOf(client)
	if err != nil {
		return nil, err
	}
	rk := (*C.rd_kafka_t)(handle)
	if name := C.GoString(C.rd_kafka_name(rk)); name != client.String() {
		return nil, fmt.Errorf("the Kafka client is %q and its handle %q", client, name)
	}
	return rk, nil
}

var errElsewhere = errors.New("the Kafka client keeps its handle elsewhere")

// handleOf is the library's handle, which the client keeps to itself.
func handleOf(client any) (unsafe.Pointer, error) {
	field, err := handleField(client)
	if err != nil {
		return nil, err
	}
	if field.IsNil() {
		return nil, errElsewhere
	}
	return field.UnsafePointer(), nil
}

func handleField(client any) (reflect.Value, error) {
	field := reflect.ValueOf(client).Elem().FieldByName("handle")
	if field.Kind() == reflect.Struct {
		field = field.FieldByName("rk")
	}
	if !field.IsValid() || field.Type().String() != "*kafka._Ctype_struct_rd_kafka_s" {
		return field, errElsewhere
	}
	return field, nil
}

// announce has the client write to a file when its queue has something, once until
// that was looked at.
func announce(queue *C.rd_kafka_queue_t) (*os.File, error) {
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make file for the Kafka client's events: %w", err)
	}
	one := binary.NativeEndian.AppendUint64(nil, 1)
	C.rd_kafka_queue_io_event_enable(queue, C.int(fd), unsafe.Pointer(&one[0]), C.size_t(len(one))) // copies it
	return os.NewFile(uintptr(fd), "events of the Kafka client"), nil
}

// letGo ends what announce began, and our part in the queue: behind the last look at
// it, before the client is closed.
func letGo(queue *C.rd_kafka_queue_t, events *os.File) {
	C.rd_kafka_queue_io_event_enable(queue, -1, nil, 0) // from here on nothing is written
	events.Close()
	C.rd_kafka_queue_destroy(queue)
}

// announced waits until the client has written; false: the file is closed.
func announced(events *os.File) bool {
	var count [8]byte
	_, err := events.Read(count[:])
	return err == nil
}
