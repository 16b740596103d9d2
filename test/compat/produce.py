"""Sends what standard input has, one JSON object a line: topic, value, and key
and priority as they like. Tells where each message went.

produce.py BROKERS SETTINGS_URL
"""
import json
import os
import sys

import settings
from kafkaboost.producer import KafkaboostProducer

brokers, url = sys.argv[1:]
settings.use(url)
producer = KafkaboostProducer(bootstrap_servers=brokers.split(","), user_id="user123")
sent = []
for line in sys.stdin:
    m = json.loads(line)
    key = m["key"].encode() if m.get("key") else None
    sent.append(producer.send(m["topic"], m["value"], key=key, priority=m.get("priority")))
producer.flush()
for future in sent:
    at = future.get(timeout=30)
    settings.tell(topic=at.topic, partition=at.partition, offset=at.offset)
producer.close()
sys.stderr.flush()
os._exit(0)  # its thread that polls the settings would go on
