"""A message as handlers see it. It owns the message's cancellation, and no result."""

from __future__ import annotations

import json
import threading
import time
from datetime import datetime, timedelta, timezone
from typing import Any

from .wire.handler_pb2 import Message as WireMessage

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Message:
    """One message of Kafka, to read; it is valid as long as somebody holds it.

    Fields are read from the protocol's message when they are asked for, because most
    handlers want two of them.
    """

    __slots__ = ("_wire", "_cancelled", "_wake", "_deadline")

    def __init__(self, wire: WireMessage) -> None:
        self._wire = wire
        self._cancelled = False
        self._wake: threading.Event | None = None
        # In time.monotonic's seconds; none before it begins, and where time isn't limited.
        self._deadline: float | None = None

    def __repr__(self) -> str:
        """Names the message without its payload, so that it may stand in logs."""
        return f"Message({self.topic}/{self.partition}@{self.offset})"

    @property
    def topic(self) -> str:
        """The topic that it was read from, with the suffix of its level."""
        return self._wire.topic

    @property
    def partition(self) -> int:
        return self._wire.partition

    @property
    def offset(self) -> int:
        return self._wire.offset

    @property
    def level(self) -> int:
        """Its priority: the higher, the more urgent."""
        return self._wire.level

    @property
    def attempt(self) -> int:
        """Counts from 1."""
        return self._wire.attempt

    @property
    def key(self) -> bytes | None:
        """None when the record has none."""
        return self._wire.key if self._wire.HasField("key") else None

    @property
    def value(self) -> bytes | None:
        """None for a tombstone."""
        return self._wire.value if self._wire.HasField("value") else None

    @property
    def headers(self) -> list[tuple[str, bytes | None]]:
        """In the record's order; a name may be there more than once."""
        return [(h.key, h.value if h.HasField("value") else None) for h in self._wire.headers]

    @property
    def produced_at(self) -> datetime | None:
        """In UTC, to the microsecond; None when nobody knows."""
        ns = self._wire.produced_at_ns
        return _EPOCH + timedelta(microseconds=ns // 1000) if ns else None

    def header(self, name: str) -> str | None:
        """The last value of that name as text; None without one, or when it is not UTF-8."""
        for key, value in reversed(self.headers):
            if key == name and value is not None:
                try:
                    return value.decode()
                except UnicodeDecodeError:
                    return None
        return None

    def text(self) -> str:
        """The value as UTF-8; "" for a tombstone. Raises UnicodeDecodeError."""
        return self._wire.value.decode()

    def json(self) -> Any:
        """The value as JSON; None for a tombstone. Raises ValueError."""
        return json.loads(self._wire.value) if self._wire.HasField("value") else None

    @property
    def cancelled(self) -> bool:
        """Whether boostd wants it given up, or its time is over. Any thread may ask.

        A plain function can't be stopped from outside: one that takes long asks now and
        then, and raises Cancelled.
        """
        return self._cancelled or (self._deadline is not None and time.monotonic() >= self._deadline)

    def wait_cancelled(self, seconds: float) -> bool:
        """Waits so long at most, and says whether the message is cancelled: a sleep for plain functions."""
        if self._wake is None:
            self._wake = threading.Event()
        if self._deadline is not None:
            seconds = min(seconds, self._deadline - time.monotonic())
        # Asked after the event is there: _cancel sets the flag first and then looks for it.
        if not self._cancelled and seconds > 0:
            self._wake.wait(seconds)
        return self.cancelled

    def _begin(self, timeout: float) -> None:
        """Starts the clock; timeout is in seconds, 0 is without limit."""
        if timeout:
            self._deadline = time.monotonic() + timeout

    def _cancel(self) -> None:
        self._cancelled = True
        if self._wake is not None:
            self._wake.set()
