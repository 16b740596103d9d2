"""Runs async functions: a batch is a task in the main thread's loop, and so is each call in it.

A call has a task of its own so that it can be cancelled without a trace in the next
one, and because context variables are to be its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ._message import Message
from ._run import Run, wrong_return

_Outcome = tuple[object, BaseException | None]


class Tasks:
    """Handles batches in a loop. All but submit is only touched in it."""

    def __init__(self, handle: Callable[..., Awaitable[object]], *, batch: bool, loop: asyncio.AbstractEventLoop) -> None:
        self._handle = handle
        self._batch = batch
        self._loop = loop
        # A loop holds its tasks weakly: these are the strong references.
        self._runs: dict[Run, asyncio.Task[None]] = {}
        self._calls: dict[Run, asyncio.Task[_Outcome]] = {}

    def submit(self, run: Run, ended: Callable[[Run], None]) -> None:
        """Takes a batch; ended is called when all its messages are answered. For any thread."""
        self._loop.call_soon_threadsafe(self._begin, run, ended)

    def _begin(self, run: Run, ended: Callable[[Run], None]) -> None:
        run.stop = lambda m: _in(self._loop, self._stop, run, m)
        self._runs[run] = self._loop.create_task(self._work(run, ended))

    async def _work(self, run: Run, ended: Callable[[Run], None]) -> None:
        try:
            if self._batch and run.together:
                await self._together(run, run.messages)
            elif self._batch:
                for m in run.messages:
                    await self._together(run, [m])
            else:
                await self._each(run)
        finally:
            del self._runs[run]
            ended(run)

    async def _each(self, run: Run) -> None:
        for m in run.messages:
            if not run.begin(m):
                continue
            result, error = await self._call(run, m)
            if error is not None:
                run.failed(m, error)
            elif result is not None:
                run.failed(m, wrong_return(result))
            else:
                run.done(m)

    async def _together(self, run: Run, messages: list[Message]) -> None:
        messages = [m for m in messages if run.begin(m)]
        if not messages:
            return
        result, error = await self._call(run, messages)
        if error is not None:
            run.fail_together(messages, error)
        else:
            run.end_together(messages, result)

    async def _call(self, run: Run, argument: Message | list[Message]) -> _Outcome:
        """Calls the handler, for run.timeout at most; a handler that goes on nevertheless is waited for."""
        task = self._loop.create_task(_guarded(self._handle, argument))
        self._calls[run] = task
        timer = self._loop.call_later(run.timeout, task.cancel) if run.timeout else None
        try:
            return await task
        except asyncio.CancelledError as error:  # cancelled before its first step
            if not task.cancelled():
                raise
            return None, error
        finally:
            if timer is not None:
                timer.cancel()
            del self._calls[run]

    def _stop(self, run: Run, m: Message) -> None:
        task = self._calls.get(run)
        if task is not None and run.running.get(m._wire.id) is m:
            task.cancel()


async def _guarded(handle: Callable[..., Awaitable[object]], argument: object) -> _Outcome:
    """An exception is an outcome: SystemExit would otherwise end the loop."""
    try:
        return await handle(argument), None
    except BaseException as error:
        return None, error


def _in(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *args: object) -> None:
    """Calls in the loop; after its end there is nothing to call any more."""
    try:
        loop.call_soon_threadsafe(call, *args)
    except RuntimeError:
        pass
