"""Runs plain functions: a batch is one call in one thread of a pool, which is owned here."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ._message import Message
from ._run import Run, wrong_return

# As many batches at once, whatever slots are: threads cost memory, and Python runs one at
# a time. Further batches wait, and can be cancelled meanwhile.
MAX_THREADS = 1024


class Threads:
    """Handles batches in threads."""

    def __init__(self, handle: Callable[..., object], *, batch: bool, slots: int) -> None:
        self._handle = handle
        self._batch = batch
        self._pool = ThreadPoolExecutor(min(max(slots, 1), MAX_THREADS), thread_name_prefix="handler")

    def submit(self, run: Run, ended: Callable[[Run], None]) -> None:
        """Takes a batch; ended is called when all its messages are answered."""
        self._pool.submit(self._work, run, ended)

    def _work(self, run: Run, ended: Callable[[Run], None]) -> None:
        try:
            work(run, self._handle, batch=self._batch)
        finally:
            ended(run)


def work(run: Run, handle: Callable[..., object], *, batch: bool) -> None:
    """Handles a batch in this thread."""
    if not batch:
        _each(run, handle)
    elif run.together:
        _together(run, handle, run.messages)
    else:
        for m in run.messages:
            _together(run, handle, [m])


def _each(run: Run, handle: Callable[[Message], object]) -> None:
    for m in run.messages:
        if not run.begin(m):
            continue
        try:
            result = handle(m)
        except BaseException as error:  # SystemExit as well: the thread goes on
            run.failed(m, error)
        else:
            if result is None:
                run.done(m)
            else:
                run.failed(m, wrong_return(result))


def _together(run: Run, handle: Callable[[list[Message]], object], messages: list[Message]) -> None:
    messages = [m for m in messages if run.begin(m)]
    if not messages:
        return
    try:
        result = handle(messages)
    except BaseException as error:
        run.fail_together(messages, error)
    else:
        run.end_together(messages, result)
