"""What the process is doing, as text: boostd asks before it ends a process that hangs."""

from __future__ import annotations

import asyncio
import io
import sys
import threading
import traceback
from typing import Any

# In bytes: the protocol's limit.
MAX_TEXT = 256 << 10
# Of one thread or task, in frames.
_FRAMES = 50


def stacks(loop: asyncio.AbstractEventLoop | None) -> str:
    """All threads and, of a loop, all tasks, most recent call last. Works while the loop hangs."""
    names = {t.ident: t.name for t in threading.enumerate()}
    out = io.StringIO()
    for ident, frame in sys._current_frames().items():
        out.write(f"thread {names.get(ident, '?')} ({ident}):\n")
        out.writelines(traceback.format_stack(frame, limit=_FRAMES))
        out.write("\n")
    for task in _tasks(loop):
        out.write(f"task {task.get_name()}:\n")
        out.writelines(_awaits(task.get_coro()))
        out.write("\n")
    return out.getvalue().encode("utf-8", "replace")[:MAX_TEXT].decode("utf-8", "ignore")


def _awaits(coroutine: Any) -> list[str]:
    """The frames of a coroutine and of what it waits for: a suspended task has only the first one in its own stack."""
    lines: list[str] = []
    while (frame := getattr(coroutine, "cr_frame", None)) is not None and len(lines) < _FRAMES:
        lines += traceback.format_stack(frame, limit=1)
        coroutine = coroutine.cr_await
    return lines


def _tasks(loop: asyncio.AbstractEventLoop | None) -> set[asyncio.Task[object]]:
    if loop is None:
        return set()
    try:
        return asyncio.all_tasks(loop)
    except RuntimeError:  # they change too fast to be listed
        return set()
