"""What the SDK writes to standard error, thus to boostd's log: as much as is bearable."""

from __future__ import annotations

import sys
import threading
import time
import traceback

from ._message import Message

# Of one traceback: frames, and characters.
_FRAMES = 20
_CHARACTERS = 8000
# Tracebacks at once, and a second.
_BURST = 10.0
_RATE = 2.0


class _Bucket:
    """How many tracebacks may still be written, and how many were not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens = _BURST
        self._at = time.monotonic()
        self._left_out = 0

    def take(self) -> int | None:
        """None when nothing may be written; otherwise how many were left out since the last one."""
        with self._lock:
            now = time.monotonic()
            self._tokens = min(_BURST, self._tokens + (now - self._at) * _RATE)
            self._at = now
            if self._tokens < 1:
                self._left_out += 1
                return None
            self._tokens -= 1
            left_out, self._left_out = self._left_out, 0
            return left_out


_bucket = _Bucket()


def report(about: Message | str, error: BaseException) -> None:
    """Writes the traceback of a handler's fault. The text of an exception is its own responsibility."""
    left_out = _bucket.take()
    if left_out is None:
        return
    try:
        text = "".join(traceback.format_exception(error, limit=-_FRAMES))
    except Exception:  # it goes through attributes that anybody may have written
        text = type(error).__name__
    if len(text) > _CHARACTERS:  # the end says what was raised
        text = "…\n" + text[-_CHARACTERS:]
    if left_out:
        say(f"{left_out} tracebacks were left out")
    say(f"{about!r}" if isinstance(about, Message) else about, text)


def say(*lines: str) -> None:
    """Writes lines at once; that nobody reads them any more is not the handler's trouble."""
    try:
        print("\n".join(line.rstrip("\n") for line in lines), file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass
