"""A handler that does what a message's value says: `boostd handlers check --conformance` tries it.

A handler of your own has another handle(), and the same last lines.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from boostd_handler import Cancelled, Dead, Message, RetryAfter, Start, serve


def start(s: Start) -> None:
    """Called once, before the first message: connections are made here. An exception refuses the work."""
    if "refuse" in s.settings:
        raise ValueError(s.settings["refuse"])


def handle(m: Message) -> None:
    """Handles one message; several threads call it. Returning means that the message is done."""
    wish = parse(m)
    reason = wish.get("reason", "")
    match wish.get("do"):
        case "done":
            return
        case "retry":
            raise RetryAfter(wish.get("after_ms", 0) / 1000, reason)
        case "dead":
            raise Dead(reason)
        case "panic":
            raise RuntimeError(reason)
        case "sleep":
            if m.wait_cancelled(wish.get("ms", 0) / 1000):
                raise Cancelled
        case "describe":
            raise Dead(describe(m))
        case _:
            raise Dead("not for me")


def parse(m: Message) -> dict[str, Any]:
    """The value as a JSON object. What is no such thing won't be one at the next attempt."""
    try:
        wish = m.json()
    except ValueError:
        raise Dead("not for me: the value is no JSON") from None
    if not isinstance(wish, dict):
        raise Dead("not for me: the value is no JSON object")
    return wish


def describe(m: Message) -> str:
    """All that a message has but its value, so that one sees that nothing was lost on the way."""
    headers = ",".join(f"{name}={shown(value)}" for name, value in m.headers)
    return (
        f"{m.topic}/{m.partition}@{m.offset} level={m.level} attempt={m.attempt} "
        f"key={shown(m.key)} headers=[{headers}] produced_ms={milliseconds(m.produced_at)}"
    )


def shown(data: bytes | None) -> str:
    return "null" if data is None else data.hex()


def milliseconds(at: datetime | None) -> int:
    """Since 1970; 0 when nobody knows."""
    if at is None:
        return 0
    return (at - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)


if __name__ == "__main__":
    serve(handle, start=start, name="example-python", version="1.0.0")
