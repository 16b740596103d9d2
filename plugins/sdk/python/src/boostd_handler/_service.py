"""The gRPC services of a plugin. It owns the streams, and what runs their batches."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc

from ._results import describe
from ._stacks import stacks
from ._stderr import report
from ._stream import Runner, Stream
from ._tasks import Tasks
from ._threads import Threads
from ._version import SDK
from .wire.handler_pb2 import Order, Results, StacksReply, StacksRequest, StartReply, StartRequest

# What the name of the service is in grpc.health.v1.Health.
_SERVICE = "plugin"
# In characters.
_MAX_REFUSAL = 2000


@dataclass(frozen=True)
class Start:
    """What boostd says at the start."""

    handler: str
    """The entry's name in boostd.yaml."""
    boostd: str
    """boostd's version, for logs."""
    slots: int
    """How many batches there will be at once, at most."""
    settings: dict[str, str] = field(default_factory=dict, repr=False)
    """The handler's own, from `settings:` of its entry. Secrets may be among them, so they don't show when it is printed."""


@dataclass(frozen=True)
class Hooks:
    """What the plugin's author has given."""

    handle: Callable[..., Any]
    batch: bool = False
    start: Callable[[Start], Awaitable[None] | None] | None = None
    stop: Callable[[], Awaitable[None] | None] | None = None
    name: str = ""
    version: str = ""


class Service:
    """The services' methods; gRPC calls each in a thread of its own."""

    def __init__(self, hooks: Hooks, loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> None:
        self._hooks = hooks
        self._loop = loop
        # Asks the process to end.
        self._end = end
        self._lock = threading.Lock()
        self._runner: Runner | None = None
        self._streams: set[Stream] = set()
        self._ending = False
        self._starting = False

    def handlers(self) -> list[grpc.GenericRpcHandler]:
        """For grpc.Server.add_generic_rpc_handlers."""
        return [
            grpc.method_handlers_generic_handler("boostd.handler.v1.Handler", {
                "Start": grpc.unary_unary_rpc_method_handler(
                    self.start, StartRequest.FromString, StartReply.SerializeToString),
                "Work": grpc.stream_stream_rpc_method_handler(
                    self.work, Order.FromString, Results.SerializeToString),
                "Stacks": grpc.unary_unary_rpc_method_handler(
                    self.stacks, StacksRequest.FromString, StacksReply.SerializeToString),
            }),
            # Two services of one method, whose messages are a string, a number or empty: what
            # generates code for them would be one more dependency.
            grpc.method_handlers_generic_handler("grpc.health.v1.Health", {
                "Check": grpc.unary_unary_rpc_method_handler(self.check),
            }),
            grpc.method_handlers_generic_handler("plugin.GRPCController", {
                "Shutdown": grpc.unary_unary_rpc_method_handler(self.shutdown),
            }),
        ]

    def start(self, request: StartRequest, context: grpc.ServicerContext) -> StartReply:
        """Makes the handler ready. What its hook raises refuses the work."""
        with self._lock:
            again, self._starting = self._starting, True
        if again:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "start plugin: it was started already")
        try:
            if self._hooks.start is not None:
                self.call(self._hooks.start, Start(request.handler, request.boostd, request.slots, dict(request.settings)))
        except BaseException as error:
            with self._lock:
                self._starting = False
            report("the start hook failed", error)
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, describe(error)[:_MAX_REFUSAL])
        self._runner = self._make_runner(request.slots)
        return StartReply(name=self._hooks.name, version=self._hooks.version, sdk=SDK)

    def work(self, orders: Iterable[Order], context: grpc.ServicerContext) -> Iterator[Results]:
        """One stream; this thread writes, and another one reads."""
        runner = self._runner
        if runner is None:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "open stream: Start comes first")
            return
        stream = Stream(runner)
        with self._lock:
            self._streams.add(stream)
            ending = self._ending
        if ending:
            stream.end()
        if not context.add_callback(stream.broken):  # called at the stream's end, whatever ends it
            stream.broken()
        reader = threading.Thread(target=stream.read, args=(orders,), name="orders", daemon=True)
        reader.start()
        try:
            yield from stream.results()
        finally:
            with self._lock:
                self._streams.discard(stream)

    def stacks(self, request: StacksRequest, context: grpc.ServicerContext) -> StacksReply:
        """What threads and tasks stand at."""
        return StacksReply(text=stacks(self._loop))

    def check(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        """HealthCheckRequest has the service's name as field 1; SERVING is 1 in field 1 of the reply."""
        if request not in (b"", b"\x0a%c%s" % (len(_SERVICE), _SERVICE.encode())):
            context.abort(grpc.StatusCode.NOT_FOUND, "check health: no such service")
        return b"\x08\x01"

    def shutdown(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        """Asks the process to end, as SIGTERM does."""
        self._end()
        return b""

    def call(self, hook: Callable[..., Any], *args: object) -> None:
        """Calls a hook: async ones in the loop, others in this thread, which isn't the loop's."""
        if inspect.iscoroutinefunction(hook):
            asyncio.run_coroutine_threadsafe(hook(*args), self._loop).result()
        else:
            hook(*args)

    def stop(self) -> None:
        """Calls the stop hook. Raises what it raises."""
        if self._hooks.stop is not None:
            self.call(self._hooks.stop)

    def finish(self, running: float, giving_up: float) -> bool:
        """Gives back what hasn't begun, waits so many seconds for what runs, and then,
        after asking it to give up, so many more. Returns whether all is over."""
        with self._lock:
            self._ending = True
            streams = list(self._streams)
        for stream in streams:
            stream.end()
        if _wait(streams, running):
            return True
        for stream in streams:
            stream.give_up()
        return _wait(streams, giving_up)

    def _make_runner(self, slots: int) -> Runner:
        if is_async(self._hooks.handle):
            return Tasks(self._hooks.handle, batch=self._hooks.batch, loop=self._loop)
        return Threads(self._hooks.handle, batch=self._hooks.batch, slots=slots)


def is_async(handle: Callable[..., object]) -> bool:
    """Whether a handler is to be awaited: an async function, also a partial one, or an object with one."""
    return inspect.iscoroutinefunction(handle) or inspect.iscoroutinefunction(getattr(handle, "__call__", None))


def _wait(streams: list[Stream], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(s.busy() for s in streams):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.005)
    return True
