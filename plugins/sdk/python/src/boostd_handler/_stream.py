"""One Work stream: orders come in, results go out. It owns the stream's batches until they end."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from ._run import Run
from .wire.handler_pb2 import Failure, Order, Results

# How many results one frame takes: with reasons it is about a MiB.
_MAX_RESULTS = 4096


class Runner(Protocol):
    """Handles batches, in threads or in tasks."""

    def submit(self, run: Run, ended: Callable[[Run], None]) -> None: ...


class Stream:
    """A stream. One thread reads, one writes, and those that handle messages answer."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        # What is to be sent; None is the end. Whoever handles messages puts each result
        # here at once, and the writer takes all that is there: it sends at once when it is
        # idle, and many together when it isn't.
        self._outbox: queue.SimpleQueue[int | Failure | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._runs: set[Run] = set()
        # No further order comes.
        self._closed = False
        # The process ends: new batches are given back.
        self._ending = False

    def read(self, orders: Iterable[Order]) -> None:
        """Follows the orders until there are no more. When the stream breaks, all is given up."""
        try:
            for order in orders:
                if order.HasField("batch"):
                    self._take(Run(order.batch, self._outbox.put))
                elif order.HasField("cancel"):
                    ids = list(order.cancel.ids)
                    for run in self._now():
                        run.cancel(ids)
        except Exception:  # what gRPC raises when the other side is gone
            self.broken()
        finally:
            with self._lock:
                self._closed = True
                self._end_if_over()

    def results(self) -> Iterator[Results]:
        """What is to be sent, until the stream is over."""
        while True:
            done: list[int] = []
            failed: list[Failure] = []
            item = self._outbox.get()
            while item is not None:
                if isinstance(item, int):
                    done.append(item)
                else:
                    failed.append(item)
                if len(done) + len(failed) >= _MAX_RESULTS:
                    break
                try:
                    item = self._outbox.get_nowait()
                except queue.Empty:
                    break
            if done or failed:
                yield Results(done=done, failed=failed)
            if item is None:
                return

    def end(self) -> None:
        """Gives back what hasn't begun, and closes the stream when what runs is over."""
        with self._lock:
            self._ending = True
            self._end_if_over()
        for run in self._now():
            run.cancel_waiting()

    def give_up(self) -> None:
        """Asks what runs to give up."""
        for run in self._now():
            run.cancel_all()

    def broken(self) -> None:
        """Gives all up: nobody wants results any more."""
        self.give_up()
        self._outbox.put(None)

    def busy(self) -> bool:
        """Whether batches are on their way."""
        return bool(self._runs)

    def _take(self, run: Run) -> None:
        with self._lock:
            self._runs.add(run)
            ending = self._ending
        if ending:
            run.cancel_waiting()
            self._ended(run)
        else:
            self._runner.submit(run, self._ended)

    def _ended(self, run: Run) -> None:
        with self._lock:
            self._runs.discard(run)
            self._end_if_over()

    def _end_if_over(self) -> None:
        if not self._runs and (self._closed or self._ending):
            self._outbox.put(None)

    def _now(self) -> list[Run]:
        with self._lock:
            return list(self._runs)
