"""The unchanged KafkaBoost 0.2.0 as a contestant of the benchmark, with kafka-python
2.2.15, the newest client that it runs on.

kafkaboost.py TASKJSON runs it; the protocol is that of test/bench/task.
kafkaboost.py spread PARTITION OFFSET … prints task.Spread of each pair, for a test.

It reads messages whose value is JSON, and no others. Its settings come from this process,
since the service that it asks is somebody else's; what it prints for each poll goes
nowhere. It is tuned: a poll waits a hundredth of what its README has, since each idle
level makes all others wait for its share; a poll takes what slots work on in ten
milliseconds, since only the next one looks at the levels again, and many at once where
there is no work; and where messages need no order, as many threads as there are slots work
on them. It has no such threads itself: without, one message after the other is worked on.
"""
import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

POLL_MS = 10
MAX_RECORDS = 10000
MAX_WAITS = 1 << 22


def spread(partition, offset):
    seed = (offset * 7919 + partition * 104729 + 17) & (1 << 31) - 1
    return seed * 48271 % ((1 << 31) - 1)


class Recorder:
    """Counts messages and talks with the benchmark."""

    def __init__(self, task, out):
        self.task, self.out = task, out
        self.lock = threading.Lock()
        self.started = [0] * (task["highest"] - task["lowest"] + 1)
        self.done, self.first, self.waits = 0, False, []
        self.stop = threading.Event()
        self.least, self.most = task["work_min_us"], task["work_max_us"]
        self.works = self.least > 0 or self.most > 0

    def emit(self, event, at=0, **fields):
        self.out.write(json.dumps({"event": event, "at": at or time.time_ns(), **fields}) + "\n")
        self.out.flush()

    def handle(self, m):
        """Is a message's whole work."""
        produced = next((v for k, v in reversed(m.headers) if k == "produced_at_ns"), None)
        with self.lock:
            if produced is not None or self.task["trace"] or not self.first:
                self.note(m, produced)
            self.started[int(m.topic[m.topic.rindex("_") + 1:]) - self.task["lowest"]] += 1
        if self.works:
            time.sleep(self.work(m) / 1e6)
        with self.lock:
            self.done += 1
            if self.done == self.task["count"]:
                self.emit("finished")

    def work(self, m):
        if self.most <= self.least:
            return self.least
        return self.least + spread(m.partition, m.offset) % (self.most - self.least + 1)

    def note(self, m, produced):
        now = time.time_ns()
        if not self.first:
            self.first = True
            self.emit("first", now)
        if self.task["trace"]:
            self.emit("handled", now, topic=m.topic, partition=m.partition, offset=m.offset)
        if produced is not None:
            if len(self.waits) == MAX_WAITS:
                fail(f"no mark was asked for in {MAX_WAITS} messages")
            self.waits.append(now - int(produced))

    def obey(self):
        """Answers marks until a stop, or the end of the commands."""
        for line in sys.stdin:
            if line.strip() == "stop":
                break
            if line.strip() != "mark":
                fail(f"command {line.strip()}: want mark or stop")
            with self.lock:
                self.emit("mark", started=self.started, done=self.done, waits=self.waits)
                self.waits = []
        self.stop.set()


def fail(text):
    print("kafkaboost:", text, file=sys.stderr, flush=True)
    os._exit(1)


def serve_settings(task):
    """Serves the settings as KafkaBoost fetches them, and tells it where."""
    document = json.dumps({
        "max_priority": task["highest"], "default_priority": 0, "Topics_priority": [], "Rule_Base_priority": [],
        "Priority_boost": [{"topic_name": task["base"], "priority_boost_min_value": task["lowest"],
                            "number_of_partitions": task["partitions"]}],
    }).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    import kafkaboost.s3_config_manager as manager
    manager.S3ConfigManager.LAMBDA_CONFIG_URL = f"http://127.0.0.1:{server.server_port}"


def run(task):
    os.chdir(task["dir"])  # it writes its settings into the folder that it is in
    recorder = Recorder(task, sys.stdout)
    sys.stdout = open(os.devnull, "w")
    threading.Thread(target=recorder.obey, daemon=True).start()
    serve_settings(task)
    from kafkaboost.consumer import KafkaboostConsumer
    slots = task["slots"] if recorder.works and task["order"] == "none" else 1
    records = records_of(task, slots)
    consumer = KafkaboostConsumer(
        bootstrap_servers=task["brokers"], topics=[task["base"]], group_id=task["group"], user_id="bench",
        auto_offset_reset="earliest", session_timeout_ms=10000, heartbeat_interval_ms=500,
        max_poll_records=records,
    )
    if not consumer.priority_boost_enabled:
        fail("its priority boost mode is off: the settings weren't read")
    recorder.emit("polling")
    if slots > 1:
        consume_in_threads(consumer, recorder, records, slots)
    else:
        consume(consumer, recorder, records, recorder.handle)
    consumer.close()


def records_of(task, slots):
    """Is how many messages of a level are taken at once, at least one for each slot."""
    mean = (task["work_min_us"] + max(task["work_min_us"], task["work_max_us"])) / 2
    return MAX_RECORDS if mean == 0 else max(slots, min(MAX_RECORDS, int(slots * 10_000 / mean)))


def consume(consumer, recorder, records, handle):
    while not recorder.stop.is_set():
        for m in consumer.poll(timeout_ms=POLL_MS, max_records=records):
            handle(m)
            if recorder.stop.is_set():
                break


def consume_in_threads(consumer, recorder, records, slots):
    """Has no more messages begun than there are slots."""
    free = threading.Semaphore(slots)

    def work(m):
        try:
            recorder.handle(m)
        except Exception as e:  # the pool would keep it for itself
            fail(e)
        finally:
            free.release()

    def begin(m):
        free.acquire()
        pool.submit(work, m)

    with ThreadPoolExecutor(slots) as pool:
        consume(consumer, recorder, records, begin)


def main(args):
    if args[:1] == ["spread"]:
        numbers = [int(a) for a in args[1:]]
        for partition, offset in zip(numbers[::2], numbers[1::2]):
            print(spread(partition, offset))
        return
    try:
        run(json.loads(args[0]))
    except Exception as e:
        fail(f"{type(e).__name__}: {e}")
    sys.stderr.flush()
    os._exit(0)  # its thread that polls the settings would go on


if __name__ == "__main__":
    main(sys.argv[1:])
