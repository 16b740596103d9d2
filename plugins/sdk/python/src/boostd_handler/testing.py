"""Calls a handler as boostd's SDK does, without a process and without boostd: for tests.

    from boostd_handler.testing import message, run

    assert run(handle, message({"id": 1})).done
    assert run(handle, message("no JSON")).dead
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ._message import Message
from ._run import Run
from ._serve import Verdicts
from ._service import is_async
from ._tasks import Tasks
from ._threads import work
from .wire.handler_pb2 import Batch, Failure, Header
from .wire.handler_pb2 import Message as WireMessage

__all__ = ["Outcome", "message", "run", "run_batch"]

_PRODUCED = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class Outcome:
    """A message's result as boostd gets it."""

    done: bool = False
    dead: bool = False
    """Failed for good."""
    retry: bool = False
    """Failed; there is another attempt."""
    cancelled: bool = False
    """Given up because boostd asked for it: retry is True as well."""
    after: float = 0.0
    """The shortest time before the next attempt, in seconds; 0 leaves it to the handler's retry settings."""
    reason: str = ""


def message(
    value: bytes | str | dict[str, Any] | list[Any] | None = b"",
    *,
    key: bytes | str | None = None,
    headers: Sequence[tuple[str, bytes | None]] = (),
    topic: str = "test",
    partition: int = 0,
    offset: int = 0,
    level: int = 0,
    attempt: int = 1,
    produced_at: datetime | None = _PRODUCED,
    cancelled: bool = False,
) -> Message:
    """A message: text becomes UTF-8, a dict or list JSON; None as the value is a tombstone.

    cancelled says that boostd asks for it to be given up as soon as it has begun.
    """
    wire = WireMessage(
        topic=topic, partition=partition, offset=offset, level=level, attempt=attempt,
        headers=[Header(key=k, value=v) for k, v in headers],
        produced_at_ns=0 if produced_at is None else round(produced_at.timestamp() * 1_000_000) * 1000,
    )
    if isinstance(value, (dict, list)):
        value = json.dumps(value)
    if value is not None:
        wire.value = value.encode() if isinstance(value, str) else value
    if key is not None:
        wire.key = key.encode() if isinstance(key, str) else key
    m = Message(wire)
    if cancelled:
        m._cancel()
    return m


def run(handle: Callable[[Message], Awaitable[None] | None], m: Message, *, timeout: float = 0) -> Outcome:
    """Calls a handler with one message and says what boostd would be told.

    timeout is in seconds, 0 is without limit. An async handler gets a loop of its own:
    so this is for tests that are no coroutines themselves.
    """
    return _run(handle, [m], timeout, batch=False)[0]


def run_batch(
    handle: Callable[[list[Message]], Awaitable[Verdicts] | Verdicts], messages: Sequence[Message], *, timeout: float = 0
) -> list[Outcome]:
    """The same for a handler of serve_batch: all messages in one call."""
    return _run(handle, messages, timeout, batch=True)


def _run(handle: Callable[..., Any], messages: Sequence[Message], timeout: float, *, batch: bool) -> list[Outcome]:
    outcomes: dict[int, Outcome] = {}

    def answer(result: int | Failure) -> None:
        wire_id = result if isinstance(result, int) else result.id
        if wire_id in outcomes:
            raise AssertionError(f"message {wire_id} got two results")
        outcomes[wire_id] = _outcome(result)

    for i, m in enumerate(messages):
        m._wire.id = i
    one = Run(Batch(timeout_ms=round(timeout * 1000), together=True), answer)
    one.messages = list(messages)
    one.waiting = {m._wire.id: m for m in messages}
    if is_async(handle):
        asyncio.run(_in_tasks(handle, one, batch=batch))
    else:
        work(one, handle, batch=batch)
    return [outcomes[i] for i in range(len(messages))]


async def _in_tasks(handle: Callable[..., Awaitable[object]], one: Run, *, batch: bool) -> None:
    over = asyncio.Event()
    Tasks(handle, batch=batch, loop=asyncio.get_running_loop()).submit(one, lambda _: over.set())
    for m in [m for m in one.messages if m.cancelled]:
        while m._wire.id not in one.running and not over.is_set():
            await asyncio.sleep(0)
        one.cancel([m._wire.id])
    await over.wait()


def _outcome(result: int | Failure) -> Outcome:
    if isinstance(result, int):
        return Outcome(done=True)
    return Outcome(
        dead=result.dead, retry=not result.dead, cancelled=result.cancelled,
        after=result.after_ms / 1000, reason=result.reason,
    )
