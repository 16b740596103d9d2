"""What handlers say, plain and async ones, by way of the testing helper."""

from __future__ import annotations

import asyncio
import functools
import gc
import sys
import time
from collections.abc import Awaitable, Callable

import pytest

from boostd_handler import Cancelled, Dead, Message, RetryAfter, Verdicts
from boostd_handler.testing import Outcome, message, run, run_batch

Handle = Callable[[Message], Awaitable[None] | None]


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class Undecided(Dead):
    def __init__(self) -> None:
        """Has no reason, because it doesn't call its parent's."""


def does(error: BaseException | None) -> list[Handle]:
    """A plain and an async handler that raise the same."""

    def plain(m: Message) -> None:
        if error is not None:
            raise error

    async def later(m: Message) -> None:
        await asyncio.sleep(0)
        plain(m)

    async def at_once(m: Message) -> None:
        plain(m)

    return [plain, later, at_once, functools.partial(later)]


@pytest.mark.parametrize(("error", "want"), [
    (None, Outcome(done=True)),
    (Dead("no id"), Outcome(dead=True, reason="no id")),
    (RetryAfter(2.5, "busy"), Outcome(retry=True, after=2.5, reason="busy")),
    (RetryAfter(0), Outcome(retry=True)),
    (RetryAfter(-1), Outcome(retry=True)),
    (RetryAfter(float("nan")), Outcome(retry=True)),
    (RetryAfter(0.0001), Outcome(retry=True, after=0.001)),
    (RetryAfter(float("inf")), Outcome(retry=True, after=3600)),
    (ValueError("bad"), Outcome(retry=True, reason="handler raised ValueError: bad")),
    (ValueError(), Outcome(retry=True, reason="handler raised ValueError")),
    (ValueError("ü" * 300), Outcome(retry=True, reason="handler raised ValueError: " + "ü" * 86)),
    (ValueError("\ud800"), Outcome(retry=True, reason="handler raised ValueError: ?")),
    (Unspeakable(), Outcome(retry=True, reason="handler raised Unspeakable")),
    (SystemExit(3), Outcome(retry=True, reason="handler raised SystemExit: 3")),
    (KeyboardInterrupt(), Outcome(retry=True, reason="handler raised KeyboardInterrupt")),
    (Cancelled(), Outcome(retry=True, reason="handler raised Cancelled")),
    (Undecided(), Outcome(retry=True, reason="handler raised Undecided")),
    (asyncio.CancelledError(), Outcome(retry=True, reason="handler raised CancelledError")),
])
def test_outcomes(error: BaseException | None, want: Outcome) -> None:
    for handle in does(error):
        assert run(handle, message()) == want


def test_a_fault_has_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    run(does(ZeroDivisionError("nothing"))[0], message(b"secret payload", topic="orders"))
    err = capsys.readouterr().err
    assert "Message(orders/0@0)" in err and "Traceback" in err and "ZeroDivisionError: nothing" in err
    assert "secret" not in err
    run(does(Dead("on purpose"))[0], message())
    assert capsys.readouterr().err == ""


def test_tracebacks_are_not_endless(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(1000):
        run(does(ZeroDivisionError())[0], message())
    assert 10 <= capsys.readouterr().err.count("Traceback") < 50


def test_a_long_traceback_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    def deep(m: Message) -> None:
        deep(m)

    assert run(deep, message()).reason.startswith("handler raised RecursionError")
    run(does(ValueError("x" * 100_000))[0], message())
    assert len(capsys.readouterr().err) < 30_000


def test_something_returned_is_a_fault() -> None:
    def verdict(m: Message) -> bool:
        return False

    assert "handler returned bool, want None" in run(verdict, message()).reason  # type: ignore[arg-type]


def test_seconds_that_are_none() -> None:
    def handle(m: Message) -> None:
        raise RetryAfter("soon")  # type: ignore[arg-type]

    assert run(handle, message()).reason.startswith("handler raised ValueError")


def test_a_coroutine_that_nobody_awaits() -> None:
    async def later(m: Message) -> None: ...

    with pytest.warns(RuntimeWarning, match="never awaited"):
        out = run(lambda m: later(m), message())
        gc.collect()
    assert "handler returned coroutine" in out.reason


def test_cancelled_handlers() -> None:
    def plain(m: Message) -> None:
        if m.wait_cancelled(30):
            raise Cancelled

    async def later(m: Message) -> None:
        await asyncio.sleep(30)

    def in_the_end(m: Message) -> None:
        m.wait_cancelled(30)

    for handle in (plain, later):
        out = run(handle, message(cancelled=True))
        assert out.cancelled and out.retry and not out.dead
    assert run(in_the_end, message(cancelled=True)).done
    assert run(does(Dead("all the same"))[0], message(cancelled=True)) == Outcome(dead=True, reason="all the same")


def test_time_is_over() -> None:
    def plain(m: Message) -> None:
        if m.wait_cancelled(30):
            raise Cancelled

    async def later(m: Message) -> None:
        await asyncio.sleep(30)

    for handle in (plain, later):
        assert run(handle, message(), timeout=0.05) == Outcome(retry=True, reason="took longer than 0.05 s")


def test_a_second_message_has_time_of_its_own() -> None:
    """Nothing of the first message's cancellation is left for the second one."""
    from boostd_handler._run import Run
    from boostd_handler._tasks import Tasks
    from boostd_handler.wire.handler_pb2 import Batch, Failure
    from boostd_handler.wire.handler_pb2 import Message as WireMessage

    left: list[int] = []

    async def handle(m: Message) -> None:
        task = asyncio.current_task()
        if sys.version_info >= (3, 11) and task is not None:
            left.append(task.cancelling())
        try:
            await asyncio.sleep(30 if m.offset % 2 else 0.06)
        except asyncio.CancelledError:
            if m.offset == 1:
                return  # swallows it
            raise

    async def main() -> dict[int, int | Failure]:
        got: dict[int, int | Failure] = {}
        over = asyncio.Event()
        batch = Batch(timeout_ms=100, messages=[WireMessage(id=i, offset=i) for i in range(5)])
        one = Run(batch, lambda r: got.update({r if isinstance(r, int) else r.id: r}))
        Tasks(handle, batch=False, loop=asyncio.get_running_loop()).submit(one, lambda _: over.set())
        await over.wait()
        return got

    began = time.monotonic()
    got = asyncio.run(main())
    assert time.monotonic() - began < 10
    assert [isinstance(got[i], int) for i in range(5)] == [True, True, True, False, True]
    assert not any(left)


def test_batches() -> None:
    def handle(messages: list[Message]) -> Verdicts:
        return [None if m.text() == "ok" else Dead("bad") for m in messages]

    async def later(messages: list[Message]) -> Verdicts:
        await asyncio.sleep(0)
        return handle(messages)

    for h in (handle, later):
        got = run_batch(h, [message("ok"), message("no"), message("ok")])
        assert got == [Outcome(done=True), Outcome(dead=True, reason="bad"), Outcome(done=True)]


def test_a_batch_is_given_up_as_one() -> None:
    def handle(messages: list[Message]) -> Verdicts:
        if messages[2].wait_cancelled(30):
            raise Cancelled
        return None

    async def later(messages: list[Message]) -> Verdicts:
        await asyncio.sleep(30)
        return None

    got = run_batch(later, [message(), message(cancelled=True), message()])
    assert all(out.cancelled for out in got)
    got = run_batch(handle, [message(), message(), message()], timeout=0.05)
    assert got == [Outcome(retry=True, reason="took longer than 0.05 s")] * 3
    got = run_batch(later, [message(), message()], timeout=0.05)
    assert got == [Outcome(retry=True, reason="took longer than 0.05 s")] * 2


@pytest.mark.parametrize(("returned", "want"), [
    (None, Outcome(done=True)),
    ([None], "batch handler returned list of 1, want None or a list of 2"),
    (True, "batch handler returned bool, want None or a list of 2"),
    ([True, True], "batch handler has a bool for it"),
    ((None, None, None), "batch handler returned tuple of 3"),
    ((None, None), Outcome(done=True)),
    ([RetryAfter(1, "later")] * 2, Outcome(retry=True, after=1, reason="later")),
    (ValueError("all"), "handler raised ValueError: all"),
])
def test_batches_that_fail(returned: object, want: Outcome | str, capsys: pytest.CaptureFixture[str]) -> None:
    def handle(messages: list[Message]) -> Verdicts:
        if isinstance(returned, Exception):
            raise returned
        return returned  # type: ignore[return-value]

    for out in run_batch(handle, [message(), message()]):
        if isinstance(want, Outcome):
            assert out == want
        else:
            assert out.retry and want in out.reason
    assert capsys.readouterr().err.count("Traceback") <= 1
