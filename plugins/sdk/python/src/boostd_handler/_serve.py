"""The life of the process: it serves, and ends in order.

The main thread has the loop, because that is where async handlers and libraries expect
it. gRPC has threads of its own: a handler that blocks the loop keeps boostd from
neither cancelling nor asking for the stacks. The thread "end" ends the process.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import grpc

from ._message import Message
from ._process import check_parent, remove, shake_hands, socket_path, take_stdout
from ._service import Hooks, Service, Start
from ._stderr import report
from ._wish import Wish

# boostd sends as much in one message of the protocol, in bytes.
_MAX_FRAME = 64 << 20
# A stream has a thread for itself, and boostd opens one for eight slots.
_MAX_RPCS = 1024
# In seconds: how long what runs may go on, how long it has to give up then, how long
# streams have to close, and hooks and what else Python does to end. boostd kills after two.
_RUNNING = 1.0
_GIVING_UP = 0.5
_CLOSING = 0.2
_EXITING = 2.0

Verdicts = Sequence[BaseException | None] | None
"""What a batch handler returns: None when all are done, or a list or tuple with one entry for each message."""


def serve(
    handle: Callable[[Message], Awaitable[None] | None],
    *,
    start: Callable[[Start], Awaitable[None] | None] | None = None,
    stop: Callable[[], Awaitable[None] | None] | None = None,
    name: str = "",
    version: str = "",
) -> NoReturn:
    """Handles messages one by one until boostd ends the process. To be called by the main thread.

    A plain function is called in threads, an async one in the loop. start is called
    before the first message and may refuse by an exception; stop after the last one.
    name and version are the plugin's own, for `boostd handlers list`.
    """
    _serve(Hooks(handle, False, start, stop, name, version))


def serve_batch(
    handle: Callable[[list[Message]], Awaitable[Verdicts] | Verdicts],
    *,
    start: Callable[[Start], Awaitable[None] | None] | None = None,
    stop: Callable[[], Awaitable[None] | None] | None = None,
    name: str = "",
    version: str = "",
) -> NoReturn:
    """As serve, but the handler gets several messages at once, as a bulk insert wants them.

    It returns None when all are done, or a list with one entry for each message: None, or
    an exception that says what serve's handler would raise. What it raises is for all of
    them. Where the entry in boostd.yaml doesn't ask for batches the lists have one message.
    """
    _serve(Hooks(handle, True, start, stop, name, version))


def _serve(hooks: Hooks) -> NoReturn:
    check_parent()
    handshake = take_stdout()
    wish = Wish()
    path = socket_path()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        service = Service(hooks, loop, wish.utter)
        server = _server(service, path)
        end = threading.Thread(
            target=_end, args=(wish, service, server, path, lambda: loop.call_soon_threadsafe(over.set)), name="end", daemon=True)
        end.start()
        shake_hands(handshake, path)
        await over.wait()

    asyncio.run(main())
    sys.stdout.flush()
    sys.exit(0)


def _server(service: Service, path: str) -> grpc.Server:
    server = grpc.server(
        ThreadPoolExecutor(_MAX_RPCS, thread_name_prefix="grpc"),
        handlers=service.handlers(),
        options=[("grpc.max_receive_message_length", _MAX_FRAME), ("grpc.max_send_message_length", _MAX_FRAME)],
    )
    server.add_insecure_port(f"unix:{path}")
    server.start()
    return server


def _end(
    wish: Wish, service: Service, server: grpc.Server, path: str, over: Callable[[], object]
) -> None:
    """Waits for the wish to end, and ends the process: in order, or without what doesn't end."""
    wish.wait()
    ended = service.finish(_RUNNING, _GIVING_UP)
    server.stop(_CLOSING).wait()
    remove(path)
    if ended:
        stop = threading.Thread(target=_stop, args=(service,), name="stop", daemon=True)
        stop.start()
        stop.join(_EXITING)
        over()
        # The main thread ends the process now, unless something keeps it.
        threading.Event().wait(_EXITING)
    os._exit(0)


def _stop(service: Service) -> None:
    try:
        service.stop()
    except BaseException as error:
        report("the stop hook failed", error)
