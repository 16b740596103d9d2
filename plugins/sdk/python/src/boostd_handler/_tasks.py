"""Runs async functions: a batch is one task in the main thread's loop.

A task for each message would cost more than many handlers do. So a cancellation is aimed
at the message that runs: it is delivered in the loop, where the task stands in that
message's handler, and nothing of it is left for the next message.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

from ._message import Message
from ._run import Run, wrong_return


class Tasks:
    """Handles batches in a loop. All but submit is only touched in it."""

    def __init__(self, handle: Callable[..., Awaitable[object]], *, batch: bool, loop: asyncio.AbstractEventLoop) -> None:
        self._handle = handle
        self._batch = batch
        self._loop = loop
        # The loop holds its tasks weakly: these are the strong references.
        self._tasks: dict[Run, asyncio.Task[None]] = {}

    def submit(self, run: Run, ended: Callable[[Run], None]) -> None:
        """Takes a batch; ended is called when all its messages are answered. For any thread."""
        run.stop = lambda m: in_loop(self._loop, self._stop, run, m)
        in_loop(self._loop, self._begin, run, ended)

    def _begin(self, run: Run, ended: Callable[[Run], None]) -> None:
        self._tasks[run] = self._loop.create_task(self._work(run, ended))

    async def _work(self, run: Run, ended: Callable[[Run], None]) -> None:
        clock = _Clock(run, self._loop, self._tasks[run].cancel) if run.timeout else None
        try:
            if not self._batch:
                await self._each(run)
            elif run.together:
                await self._together(run, run.messages)
            else:
                for m in run.messages:
                    await self._together(run, [m])
        finally:
            if clock is not None:
                clock.stop()
            del self._tasks[run]
            ended(run)

    async def _each(self, run: Run) -> None:
        handle = self._handle
        for m in run.messages:
            if not run.begin(m):
                continue
            try:
                result = await handle(m)
            except BaseException as error:  # SystemExit as well: it would end the loop
                run.failed(m, error)
            else:
                if result is None:
                    run.done(m)
                else:
                    run.failed(m, wrong_return(result))
            if m.cancelled:
                _forget_cancel()

    async def _together(self, run: Run, messages: list[Message]) -> None:
        messages = [m for m in messages if run.begin(m)]
        if not messages:
            return
        try:
            result = await self._handle(messages)
        except BaseException as error:
            run.fail_together(messages, error)
        else:
            run.end_together(messages, result)
        _forget_cancel()

    def _stop(self, run: Run, m: Message) -> None:
        if run.running.get(m._wire.id) is m:
            self._tasks[run].cancel()


class _Clock:
    """Cancels the task of a batch when the message that runs has had its time.

    One timer serves all messages: it looks when the first one's time would be over, and
    then when that of the one that runs is.
    """

    def __init__(self, run: Run, loop: asyncio.AbstractEventLoop, cancel: Callable[[], object]) -> None:
        self._run = run
        self._loop = loop
        self._cancel = cancel
        self._timer = loop.call_later(run.timeout, self._look)

    def stop(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        left = self._run.timeout
        for m in self._run.running.values():
            if m._deadline is not None and (to_go := m._deadline - time.monotonic()) > 0:
                left = to_go
            else:
                self._cancel()
            break
        self._timer = self._loop.call_later(left, self._look)


def _forget_cancel() -> None:
    """Ends the count of cancellations, by which asyncio.timeout and TaskGroup would be led astray in the next message."""
    if sys.version_info >= (3, 11):
        task = asyncio.current_task()
        while task is not None and task.cancelling():
            task.uncancel()


def in_loop(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *args: object) -> None:
    """Calls in the loop; after its end there is nothing to call any more."""
    try:
        loop.call_soon_threadsafe(call, *args)
    except RuntimeError:
        pass
