"""Handlers of boostd in Python.

    from boostd_handler import serve, Message

    def handle(m: Message) -> None:
        ...

    serve(handle)

It owns the conversation with boostd: the process's start and end, the protocol, one
result for each message. What is done with messages is the handler's.
"""

import os

# A child that a handler forks doesn't speak to boostd. With its own handling of forks gRPC
# sometimes crashes it, where other threads are in gRPC at that moment; they always are.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

from ._message import Message
from ._results import Cancelled, Dead, RetryAfter
from ._serve import Verdicts, serve, serve_batch
from ._service import Start
from ._version import VERSION as __version__

__all__ = ["Cancelled", "Dead", "Message", "RetryAfter", "Start", "Verdicts", "__version__", "serve", "serve_batch"]
