"""A plugin's process as boostd has one: started with the cookie, spoken to by gRPC."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

import grpc

from boostd_handler._process import COOKIE, COOKIE_VALUE
from boostd_handler.wire.handler_pb2 import (
    Batch, Failure, Message, Order, Results, StacksReply, StacksRequest, StartReply, StartRequest,
)

# In seconds: what takes longer hangs.
PATIENCE = 20.0


class Plugin:
    """Owns a process and its socket's folder."""

    def __init__(self, code: str) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(self.folder.name))
        assert self.process.stdout is not None
        self.handshake = self.process.stdout.readline()
        self.channel = grpc.insecure_channel(f"unix:{self.handshake.split('|')[3]}")

    def __enter__(self) -> Plugin:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.channel.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self.folder.cleanup()

    def start(self, **settings: str) -> StartReply:
        request = StartRequest(handler="h", boostd="test", slots=4, settings=settings)
        reply: StartReply = self.channel.unary_unary(
            "/boostd.handler.v1.Handler/Start", StartRequest.SerializeToString, StartReply.FromString)(request, timeout=PATIENCE)
        return reply

    def stacks(self) -> str:
        reply: StacksReply = self.channel.unary_unary(
            "/boostd.handler.v1.Handler/Stacks", StacksRequest.SerializeToString, StacksReply.FromString)(StacksRequest(), timeout=PATIENCE)
        return reply.text

    def raw(self, method: str, request: bytes) -> bytes:
        """A call whose messages nothing was generated for."""
        reply: bytes = self.channel.unary_unary(method, bytes, bytes)(request, timeout=PATIENCE)
        return reply

    def work(self) -> Work:
        return Work(self.channel)

    def ended(self) -> tuple[int, str, str]:
        """Waits for the process: its exit code, and what it wrote."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err

    def sockets(self) -> list[str]:
        return [p.name for p in Path(self.folder.name).iterdir()]


class Work:
    """A Work stream."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.orders: queue.Queue[Order | None] = queue.Queue()
        self._call = channel.stream_stream(
            "/boostd.handler.v1.Handler/Work", Order.SerializeToString, Results.FromString)(iter(self.orders.get, None), timeout=PATIENCE)

    def batch(self, *values: bytes, timeout_ms: int = 0, together: bool = False) -> None:
        messages = [Message(id=i, offset=i, value=v) for i, v in enumerate(values)]
        self.orders.put(Order(batch=Batch(messages=messages, timeout_ms=timeout_ms, together=together)))

    def break_off(self) -> None:
        """Ends the call as the death of boostd would."""
        self._call.cancel()

    def results(self) -> Iterator[tuple[int, Failure | None]]:
        for r in self._call:
            yield from ((i, None) for i in r.done)
            yield from ((f.id, f) for f in r.failed)


def environment(folder: str) -> dict[str, str]:
    """What boostd gives: little."""
    return {
        "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": os.pathsep.join(sys.path),
        COOKIE: COOKIE_VALUE, "PLUGIN_PROTOCOL_VERSIONS": "1", "PLUGIN_UNIX_SOCKET_DIR": folder,
    }


def by_person(code: str, changed: Sequence[tuple[str, str]] = ()) -> subprocess.CompletedProcess[str]:
    """Runs the program without a socket's folder and without the cookie, but for what is changed."""
    env = {k: v for k, v in environment("").items() if k not in (COOKIE, "PLUGIN_UNIX_SOCKET_DIR")}
    return subprocess.run([sys.executable, "-c", code], env=env | dict(changed), capture_output=True, text=True, timeout=PATIENCE)
