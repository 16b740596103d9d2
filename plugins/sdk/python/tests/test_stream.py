"""One stream without gRPC: order, cancellation, its end, and one result for each message."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

from boostd_handler import Cancelled, Message
from boostd_handler._stream import Stream
from boostd_handler._threads import Threads
from boostd_handler.wire.handler_pb2 import Batch, Cancel, Failure, Order
from boostd_handler.wire.handler_pb2 import Message as WireMessage


class Side:
    """boostd's side of a stream: it owns the threads, and counts results."""

    def __init__(self, handle: Callable[[Message], None], slots: int = 4) -> None:
        self.orders: queue.Queue[Order | Exception | None] = queue.Queue()
        self.stream = Stream(Threads(handle, batch=False, slots=slots))
        self.got: dict[int, Failure | None] = {}
        self.order: list[int] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self.stream.read, args=(self._orders(),), daemon=True)
        self._writer = threading.Thread(target=self._results, daemon=True)
        self._reader.start()
        self._writer.start()

    def batch(self, *ids: int) -> None:
        self.orders.put(Order(batch=Batch(messages=[WireMessage(id=i, offset=i) for i in ids])))

    def cancel(self, *ids: int) -> None:
        self.orders.put(Order(cancel=Cancel(ids=ids)))

    def wait(self, *ids: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: self.got.keys() >= set(ids), 20), f"only {self.order} came"

    def over(self) -> None:
        self._writer.join(20)
        assert not self._writer.is_alive()

    def _orders(self) -> Iterator[Order]:
        while (order := self.orders.get()) is not None:
            if isinstance(order, Exception):
                raise order
            yield order

    def _results(self) -> None:
        for results in self.stream.results():
            with self._news:
                for i in results.done:
                    self._add(i, None)
                for f in results.failed:
                    self._add(f.id, f)
                self._news.notify_all()

    def _add(self, wire_id: int, f: Failure | None) -> None:
        assert wire_id not in self.got, f"a second result of {wire_id}"
        self.got[wire_id] = f
        self.order.append(wire_id)


def test_a_batch_goes_in_its_order() -> None:
    side = Side(lambda m: None)
    side.batch(*range(1000))
    side.wait(*range(1000))
    assert side.order == list(range(1000))


def test_batches_go_at_the_same_time() -> None:
    meeting = threading.Barrier(4)
    side = Side(lambda m: void(meeting.wait(20)))
    for i in range(4):
        side.batch(i)
    side.wait(0, 1, 2, 3)
    assert not any(side.got.values())


def test_a_result_does_not_wait_for_the_next_message() -> None:
    gate = threading.Event()
    side = Side(lambda m: void(m.offset == 1 and gate.wait(20)))
    side.batch(0, 1)
    side.wait(0)
    assert 1 not in side.got
    gate.set()
    side.wait(1)


def test_cancel() -> None:
    def handle(m: Message) -> None:
        begun.set()
        if m.wait_cancelled(20):
            raise Cancelled

    begun = threading.Event()
    side = Side(handle, slots=1)
    side.batch(1, 2, 3)
    side.batch(4)  # waits for a thread
    assert begun.wait(20)
    side.cancel(3, 4, 99)
    side.wait(3, 4)
    assert 1 not in side.got
    side.cancel(1, 2, 3)
    side.wait(1, 2)
    assert all(f is not None and f.cancelled and not f.dead for f in side.got.values())
    side.orders.put(None)
    side.over()


def test_the_end_waits_for_what_runs() -> None:
    gate = threading.Event()
    side = Side(lambda m: void(gate.wait(20)))
    side.batch(1, 2)
    side.orders.put(None)
    gate.set()
    side.over()
    assert side.got == {1: None, 2: None}


def test_a_broken_stream_gives_all_up() -> None:
    ended = threading.Event()

    def handle(m: Message) -> None:
        m.wait_cancelled(20)
        if m.cancelled:
            ended.set()

    side = Side(handle)
    side.batch(1)
    side.orders.put(ConnectionError("gone"))
    side.over()
    assert ended.wait(20) or not side.stream.busy()


def test_the_process_ends() -> None:
    gate, begun = threading.Event(), threading.Event()

    def handle(m: Message) -> None:
        begun.set()
        gate.wait(20)

    side = Side(handle)
    side.batch(1, 2)
    assert begun.wait(20)
    side.stream.end()
    side.wait(2)
    side.batch(3)  # crosses the end
    side.wait(3)
    gate.set()
    side.over()
    assert side.got[1] is None
    assert all((f := side.got[i]) is not None and f.cancelled for i in (2, 3))


def test_each_message_has_one_result_whoever_is_first() -> None:
    """Cancels race with a handler that does next to nothing."""
    side = Side(lambda m: None)
    for begin in range(0, 10_000, 50):
        ids = range(begin, begin + 50)
        side.batch(*ids)
        side.cancel(*reversed(ids))
    side.orders.put(None)
    side.over()
    assert sorted(side.got) == list(range(10_000))


def void(_: object) -> None:
    """Lets an expression be a handler."""
