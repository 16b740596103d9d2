// What batchread.go and logqueue.go call of librdkafka. The client links the library, but its
// header can't be included from here; a test compiles this file together with it, so
// that what is declared is what is there. The functions are weak: where one is
// missing the program is built and started all the same, and messages are read one
// by one.
#ifndef BOOSTD_BATCHREAD_H
#define BOOSTD_BATCHREAD_H

#include <stddef.h>
#include <stdint.h>

#ifndef RD_KAFKA_VERSION
typedef struct rd_kafka_s rd_kafka_t;
typedef struct rd_kafka_topic_s rd_kafka_topic_t;
typedef struct rd_kafka_queue_s rd_kafka_queue_t;
typedef struct rd_kafka_op_s rd_kafka_event_t;
typedef struct rd_kafka_headers_s rd_kafka_headers_t;
typedef int rd_kafka_event_type_t;
typedef int rd_kafka_resp_err_t;       // an enum
typedef int rd_kafka_timestamp_type_t; // an enum

typedef struct {
	rd_kafka_resp_err_t err;
	rd_kafka_topic_t *rkt;
	int32_t partition;
	void *payload;
	size_t len;
	void *key;
	size_t key_len;
	int64_t offset;
	void *_private;
} rd_kafka_message_t;

typedef struct {
	char *topic;
	int32_t partition;
	int64_t offset;
	void *metadata;
	size_t metadata_size;
	void *opaque;
	rd_kafka_resp_err_t err;
	void *_private;
} rd_kafka_topic_partition_t;

typedef struct {
	int cnt;
	int size;
	rd_kafka_topic_partition_t *elems;
} rd_kafka_topic_partition_list_t;

#define RD_KAFKA_EVENT_NONE 0x0
#define RD_KAFKA_EVENT_FETCH 0x2
#define RD_KAFKA_EVENT_LOG 0x4
#define RD_KAFKA_EVENT_ERROR 0x8
#define RD_KAFKA_EVENT_REBALANCE 0x10
#define RD_KAFKA_EVENT_STATS 0x40
#define RD_KAFKA_TIMESTAMP_NOT_AVAILABLE 0
#endif

#define WEAK __attribute__((weak))

WEAK int rd_kafka_version(void);
WEAK const char *rd_kafka_name(const rd_kafka_t *rk);
WEAK rd_kafka_queue_t *rd_kafka_queue_new(rd_kafka_t *rk);
WEAK rd_kafka_resp_err_t rd_kafka_set_log_queue(rd_kafka_t *rk, rd_kafka_queue_t *rkqu);
WEAK rd_kafka_queue_t *rd_kafka_queue_get_consumer(rd_kafka_t *rk);
WEAK void rd_kafka_queue_destroy(rd_kafka_queue_t *rkqu);
WEAK rd_kafka_event_t *rd_kafka_queue_poll(rd_kafka_queue_t *rkqu, int timeout_ms);
WEAK void rd_kafka_queue_io_event_enable(rd_kafka_queue_t *rkqu, int fd, const void *payload, size_t size);
WEAK rd_kafka_event_type_t rd_kafka_event_type(const rd_kafka_event_t *rkev);
WEAK void rd_kafka_event_destroy(rd_kafka_event_t *rkev);
WEAK const rd_kafka_message_t *rd_kafka_event_message_next(rd_kafka_event_t *rkev);
WEAK rd_kafka_resp_err_t rd_kafka_event_error(rd_kafka_event_t *rkev);
WEAK const char *rd_kafka_event_error_string(rd_kafka_event_t *rkev);
WEAK int rd_kafka_event_error_is_fatal(rd_kafka_event_t *rkev);
WEAK int rd_kafka_event_log(rd_kafka_event_t *rkev, const char **fac, const char **str, int *level);
WEAK const char *rd_kafka_event_stats(rd_kafka_event_t *rkev);
WEAK rd_kafka_topic_partition_t *rd_kafka_event_topic_partition(rd_kafka_event_t *rkev);
WEAK void rd_kafka_topic_partition_destroy(rd_kafka_topic_partition_t *rktpar);
WEAK rd_kafka_topic_partition_list_t *rd_kafka_event_topic_partition_list(rd_kafka_event_t *rkev);
WEAK const char *rd_kafka_topic_name(const rd_kafka_topic_t *rkt);
WEAK int64_t rd_kafka_message_timestamp(const rd_kafka_message_t *rkmessage, rd_kafka_timestamp_type_t *tstype);
WEAK int32_t rd_kafka_message_leader_epoch(const rd_kafka_message_t *rkmessage);
WEAK rd_kafka_resp_err_t rd_kafka_message_headers(const rd_kafka_message_t *rkmessage, rd_kafka_headers_t **hdrsp);
WEAK size_t rd_kafka_header_cnt(const rd_kafka_headers_t *hdrs);
WEAK rd_kafka_resp_err_t rd_kafka_header_get_all(const rd_kafka_headers_t *hdrs, size_t idx, const char **namep, const void **valuep, size_t *sizep);

#endif
