"""The wish that the process may end: SIGTERM, or a call of boostd's."""

from __future__ import annotations

import os
import signal


class Wish:
    """Can be uttered in any thread, and waited for in one. To be made by the main thread, once: signals are the process's.

    It is a pipe into which Python writes every signal that comes, at once. A function would
    be called by the main thread alone, when that comes back to Python: a handler that hangs
    in it would keep the process from ending, unless the signal happens to wake it.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        # boostd gets its terminal's SIGINT as well, and ends its plugins when it is ready to.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # Also a function, where a library wants the signals in a pipe of its own, as asyncio's add_signal_handler does.
        signal.signal(signal.SIGTERM, lambda number, frame: self.utter())
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        os.register_at_fork(after_in_child=_forget)

    def utter(self) -> None:
        """Doesn't block."""
        try:
            os.write(self._write, bytes([signal.SIGTERM]))
        except BlockingIOError:
            pass  # full of what was uttered before

    def wait(self) -> None:
        """Returns when it was uttered."""
        while signal.SIGTERM not in os.read(self._read, 512):
            pass


def _forget() -> None:
    """A child of multiprocessing has the same signals: it would ignore its parent's SIGTERM, and end its parent."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
