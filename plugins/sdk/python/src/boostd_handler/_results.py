"""What a handler can say about a message, and how boostd is told."""

from __future__ import annotations

import asyncio
import concurrent.futures

from .wire.handler_pb2 import Failure

# In bytes: boostd keeps no more.
MAX_REASON = 200
# In milliseconds: the longest wait that the protocol knows, an hour.
MAX_AFTER = 3_600_000


class Dead(Exception):
    """No further attempt would do better: the message becomes a dead letter, or is held."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class RetryAfter(Exception):
    """Not now: the next attempt comes after so many seconds at least, an hour at most.

    0 leaves the time to the handler's retry settings.
    """

    def __init__(self, seconds: float, reason: str = "") -> None:
        super().__init__(seconds, reason)
        self.seconds = float(seconds)  # what is no number fails here, where it is raised
        self.reason = reason


class Cancelled(Exception):
    """What a plain function raises when it has given up because of Message.cancelled."""


_GIVEN_UP = (Cancelled, asyncio.CancelledError, concurrent.futures.CancelledError)


def failure(wire_id: int, error: BaseException, *, cancelled: bool, late: float) -> Failure:
    """The result of a message whose handler raised error.

    cancelled is whether boostd had asked for it; what fails then otherwise than by Dead
    or RetryAfter was given up because of that. late is the time that it had, in seconds,
    when it is over; otherwise 0.
    """
    if isinstance(error, Dead):
        return Failure(id=wire_id, dead=True, reason=cut(error.reason))
    if isinstance(error, RetryAfter):
        return Failure(id=wire_id, after_ms=milliseconds(error.seconds), reason=cut(error.reason))
    if cancelled:
        return Failure(id=wire_id, cancelled=True, reason="given up: boostd asked for it")
    if late and isinstance(error, _GIVEN_UP):
        return Failure(id=wire_id, reason=f"took longer than {late:g} s")
    return Failure(id=wire_id, reason=cut(f"handler raised {describe(error)}"))


def expected(error: BaseException) -> bool:
    """Whether an exception is an answer rather than a fault: it wants no traceback."""
    return isinstance(error, (Dead, RetryAfter, *_GIVEN_UP))


def describe(error: BaseException) -> str:
    """Type and text; an exception whose text can't be had is named all the same."""
    name = type(error).__name__
    try:
        text = str(error)
    except Exception:
        return name
    return f"{name}: {text}" if text else name


def milliseconds(seconds: float) -> int:
    """At least 0, at most an hour; a part of a millisecond is a whole one."""
    if not seconds > 0:  # not a number is no time either
        return 0
    return min(max(1, round(min(seconds, 86_400.0) * 1000)), MAX_AFTER)


def cut(text: str) -> str:
    """As much of the text as boostd keeps. Half of a surrogate pair, which has no UTF-8, becomes a "?"."""
    return str(text).encode("utf-8", "replace")[:MAX_REASON].decode("utf-8", "ignore")
