"""The process's life, over gRPC: its start, what it says, and its ends."""

from __future__ import annotations

import signal
import time

import grpc
import pytest

from boostd_handler import Start, __version__
from boostd_handler._process import COOKIE, COOKIE_VALUE

from .plugin import Plugin, by_person

NOOP = "from boostd_handler import serve\nserve(lambda m: None, name='n', version='2.0')"


def test_a_person_is_told() -> None:
    got = by_person(NOOP)
    assert (got.returncode, got.stdout) == (64, "")
    assert "boostd starts it" in got.stderr and "plugin:" in got.stderr


def test_settings_are_not_printed() -> None:
    s = Start("h", "1", 4, {"password": "hunter2"})
    assert "hunter2" not in repr(s) + str(s)


def test_another_protocol() -> None:
    got = by_person(NOOP, [(COOKIE, COOKIE_VALUE), ("PLUGIN_PROTOCOL_VERSIONS", "2,3")])
    assert (got.returncode, got.stdout) == (64, "")
    assert "version 2,3" in got.stderr


def test_start_health_and_shutdown() -> None:
    with Plugin(NOOP) as p:
        assert p.handshake == f"1|1|unix|{p.folder.name}/{p.sockets()[0]}|grpc|\n"
        for service in (b"", b"\x0a\x06plugin"):
            assert p.raw("/grpc.health.v1.Health/Check", service) == b"\x08\x01"
        with pytest.raises(grpc.RpcError) as unknown:
            p.raw("/grpc.health.v1.Health/Check", b"\x0a\x05other")
        assert unknown.value.code() is grpc.StatusCode.NOT_FOUND
        with pytest.raises(grpc.RpcError) as early:
            list(p.work().results())
        assert "Start comes first" in str(early.value.details())
        reply = p.start()
        assert (reply.name, reply.version, reply.sdk) == ("n", "2.0", f"python {__version__}")
        with pytest.raises(grpc.RpcError) as twice:
            p.start()
        assert twice.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        began = time.monotonic()
        assert p.raw("/plugin.GRPCController/Shutdown", b"") == b""
        assert p.ended() == (0, "", "")
        assert time.monotonic() - began < 2 and p.sockets() == []


HOOKS = """
print("printed before")
import asyncio, sys
from boostd_handler import serve, Message, Start
{a}def start(s: Start) -> None:
    if "refuse" in s.settings:
        raise ValueError(s.settings["refuse"])
    print("started", s.handler, s.boostd, s.slots)
{a}def stop() -> None:
    print("stopped")
{a}def handle(m: Message) -> None:
    print("handled", m.text())
serve(handle, start=start, stop=stop)
"""


@pytest.mark.parametrize("a", ["", "async "])
def test_hooks_and_prints(a: str) -> None:
    with Plugin(HOOKS.format(a=a)) as p:
        with pytest.raises(grpc.RpcError) as refused:
            p.start(refuse="no such table")
        assert "no such table" in str(refused.value.details())
        p.start()
        work = p.work()
        work.batch(b"one")
        work.orders.put(None)
        assert list(work.results()) == [(0, None)]
        p.process.send_signal(signal.SIGTERM)
        code, out, err = p.ended()
        assert (code, out) == (0, "")
        lines = [line for line in err.splitlines() if line.startswith(("printed", "started", "handled", "stopped"))]
        assert lines == ["printed before", "started h test 4", "handled one", "stopped"]


SLOW = """
import asyncio, time
from boostd_handler import serve, Message
{code}
serve(handle)
"""
ENDINGS = {
    "plain": "def handle(m: Message) -> None: time.sleep(0.3)",
    "async": "async def handle(m: Message) -> None: await asyncio.sleep(0.3)",
}


@pytest.mark.parametrize("kind", ENDINGS)
def test_sigterm_finishes_what_runs(kind: str) -> None:
    with Plugin(SLOW.format(code=ENDINGS[kind])) as p:
        p.start()
        work = p.work()
        work.batch(b"", b"", b"")
        results = work.results()
        assert next(results) == (0, None)  # so the second one runs, or is about to
        p.process.send_signal(signal.SIGINT)
        assert next(results) == (1, None)
        time.sleep(0.05)  # into the third one: what isn't begun would be given back
        p.process.send_signal(signal.SIGTERM)
        assert list(results) == [(2, None)]
        assert p.ended()[:2] == (0, "") and p.sockets() == []


def test_sigterm_gives_up_what_takes_long() -> None:
    code = "def handle(m: Message) -> None:\n  if m.wait_cancelled(30): raise RuntimeError('given up')"
    with Plugin(SLOW.format(code=code)) as p:
        p.start()
        work = p.work()
        work.batch(b"", b"")
        until_stands_at(p, "wait_cancelled")
        p.process.send_signal(signal.SIGTERM)
        got = dict(work.results())
        assert sorted(got) == [0, 1] and all(f is not None and f.cancelled for f in got.values())
        assert p.ended()[0] == 0


@pytest.mark.parametrize("half", [False, True])
def test_a_stream_that_breaks(half: bool) -> None:
    """What runs is given up, also when boostd had closed its side already."""
    code = "def handle(m: Message) -> None:\n  m.wait_cancelled(60)\n  print('over', m.cancelled)"
    with Plugin(SLOW.format(code=code)) as p:
        p.start()
        work = p.work()
        work.batch(b"", b"")
        until_stands_at(p, "wait_cancelled")
        if half:
            work.orders.put(None)
            until_stands_at(p, "read", stands=False)
        work.break_off()
        until_stands_at(p, "wait_cancelled", stands=False)
        p.process.send_signal(signal.SIGTERM)
        code_, _, err = p.ended()
        assert (code_, err) == (0, "over True\n")


def test_children_heed_sigterm() -> None:
    code = """
import os, signal
def handle(m):
    child = os.fork()
    if child == 0:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)
        os._exit(0)
    print("ended by", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    with Plugin(SLOW.format(code=code)) as p:
        p.start()
        work = p.work()
        work.batch(b"")
        assert next(work.results()) == (0, None)
        p.process.send_signal(signal.SIGTERM)
        assert "ended by -15" in p.ended()[2]


@pytest.mark.parametrize("a", ["", "async "])
def test_a_handler_that_hangs(a: str) -> None:
    """It blocks the loop, or its thread: the stacks can be had, and the process ends."""
    with Plugin(SLOW.format(code=f"{a}def handle(m: Message) -> None: time.sleep(60)")) as p:
        p.start()
        work = p.work()
        work.batch(b"")
        assert "in handle" in until_stands_at(p, "handle")
        began = time.monotonic()
        p.process.send_signal(signal.SIGTERM)
        assert p.ended()[0] == 0 and p.sockets() == []
        assert time.monotonic() - began < 10  # it sleeps for a minute


def test_a_signal_that_does_not_wake_the_main_thread() -> None:
    """As when it comes a moment before the main thread begins to hang: here another thread has to take it."""
    code = """
import signal
def hang() -> None: time.sleep(60)
async def handle(m: Message) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    hang()
"""
    with Plugin(SLOW.format(code=code)) as p:
        p.start()
        work = p.work()
        work.batch(b"")
        until_stands_at(p, "hang")
        p.process.send_signal(signal.SIGTERM)
        assert p.ended()[0] == 0 and p.sockets() == []


def test_a_library_that_takes_the_signals() -> None:
    code = """
import asyncio, signal
from boostd_handler import serve
async def start(s): asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, print)
serve(lambda m: None, start=start)
"""
    with Plugin(code) as p:
        p.start()
        p.process.send_signal(signal.SIGTERM)
        assert p.ended()[0] == 0 and p.sockets() == []


def test_stacks_have_tasks() -> None:
    with Plugin(SLOW.format(code="async def handle(m: Message) -> None: await asyncio.sleep(60)")) as p:
        p.start()
        work = p.work()
        work.batch(b"")
        text = until_stands_at(p, "handle")
        assert "task Task-" in text and "thread MainThread" in text


def test_batches_of_a_batch_handler() -> None:
    code = "from boostd_handler import serve_batch\nserve_batch(lambda ms: print(len(ms)))"
    with Plugin(code) as p:
        p.start()
        for together in (True, False):
            work = p.work()
            work.batch(b"", b"", b"", together=together)
            work.orders.put(None)
            assert len(list(work.results())) == 3
        p.process.send_signal(signal.SIGTERM)
        assert p.ended()[2].split() == ["3", "1", "1", "1"]


def until_stands_at(p: Plugin, function: str, *, stands: bool = True) -> str:
    """Waits until something stands in a function, or nothing does any more, and returns all stacks."""
    for _ in range(1000):
        if (f"in {function}\n" in (text := p.stacks())) == stands:
            return text
        time.sleep(0.005)
    raise AssertionError(f"{'nothing' if stands else 'something'} stands in {function}:\n{text}")
