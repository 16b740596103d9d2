"""Messages: what is absent stays apart from what is empty."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timezone

import pytest

from boostd_handler import Message
from boostd_handler.testing import message


def test_fields() -> None:
    at = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=timezone.utc)
    m = message(
        b"\xff", key="k", headers=[("a", b"1"), ("a", b""), ("b", None)], topic="orders_9",
        partition=3, offset=7, level=9, attempt=2, produced_at=at,
    )
    assert (m.topic, m.partition, m.offset, m.level, m.attempt) == ("orders_9", 3, 7, 9, 2)
    assert (m.key, m.value, m.produced_at) == (b"k", b"\xff", at)
    assert m.headers == [("a", b"1"), ("a", b""), ("b", None)]
    assert repr(m) == "Message(orders_9/3@7)"


def test_absent() -> None:
    m = message(None, key=None, produced_at=None)
    assert (m.key, m.value, m.produced_at, m.headers) == (None, None, None, [])
    assert (m.text(), m.json()) == ("", None)
    empty = message(b"", key=b"")
    assert (empty.key, empty.value) == (b"", b"")


@pytest.mark.parametrize(("headers", "want"), [
    ([("t", b"1"), ("t", b"2")], "2"),
    ([("t", b"1"), ("t", None)], "1"),
    ([("t", b"")], ""),
    ([("t", b"\xff")], None),
    ([("T", b"1")], None),
    ([], None),
])
def test_header(headers: list[tuple[str, bytes | None]], want: str | None) -> None:
    assert message(headers=headers).header("t") == want


def test_text_and_json() -> None:
    assert message("grün").text() == "grün"
    assert message({"a": [1, None]}).json() == {"a": [1, None]}
    for broken in (b"", b"{", b"\xff"):
        with pytest.raises(ValueError):
            message(broken).json()


def test_wait_cancelled_ends_with_cancel() -> None:
    m = message()
    assert not m.wait_cancelled(0.01)
    threading.Timer(0.05, m._cancel).start()
    began = time.monotonic()
    assert m.wait_cancelled(30)
    assert m.cancelled and time.monotonic() - began < 10


def test_wait_cancelled_ends_with_the_deadline() -> None:
    m: Message = message()
    m._begin(0.05)
    assert not m.cancelled
    assert m.wait_cancelled(30)
    assert m.cancelled and not m._cancelled
