"""Consumes as an application of KafkaBoost does and tells each message that it
has handled, after it has told that all its consumers are in their groups.

consume.py BROKERS SETTINGS_URL GROUP LIMIT TOPIC…

It closes the consumer after LIMIT messages, with what it has polled and not
handled; 0 goes on until standard input ends.
"""
import os
import sys
import threading

import settings
from kafkaboost.consumer import KafkaboostConsumer

brokers, url, group, limit = sys.argv[1:5]
topics, limit = sys.argv[5:], int(limit)
settings.use(url)
consumer = KafkaboostConsumer(
    bootstrap_servers=brokers.split(","),
    topics=topics,
    group_id=group,
    user_id="user123",
    auto_offset_reset="earliest",
    session_timeout_ms=10000,
    heartbeat_interval_ms=500,
)
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()


def members():
    m = consumer.priority_consumer_manager
    return [m.base_consumer, *m.consumers.values()]


def assigned():
    return all(c.consumer.assignment() for c in members())


def owned():
    return sorted(f"{tp.topic}/{tp.partition}" for c in members() for tp in c.consumer.assignment())


ready, share, handled = False, None, 0
while not ended.is_set() and (limit == 0 or handled < limit):
    messages = consumer.poll(timeout_ms=300, max_records=10)
    if not ready and assigned():
        ready = True
        settings.tell(ready=True, summary=consumer.get_config_summary()["s3_config"])
    if ready and owned() != share:
        share = owned()
        settings.tell(share=share)
    for m in messages:
        if limit and handled == limit:
            break
        handled += 1
        settings.tell(topic=m.topic, partition=m.partition, offset=m.offset, value=m.value)
consumer.close()
settings.tell(closed=True)
sys.stderr.flush()
os._exit(0)  # its thread that polls the settings would go on
