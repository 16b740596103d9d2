"""One batch on its way: which of its messages haven't begun, which runs, and their results.

It owns the promise that every message gets exactly one result. Whoever takes a message
out of waiting answers it: the thread or task that handles it, or the one that cancels.
dict.pop does that in one step, so that a batch needs no lock for its messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ._message import Message
from ._results import expected, failure
from ._stderr import report
from .wire.handler_pb2 import Batch, Failure

# Takes the id of a message that is done, or a failure. Any thread may call it.
Answer = Callable[[int | Failure], None]


class Run:
    """A batch. Its messages are begun by one thread at a time; any thread may cancel."""

    __slots__ = ("messages", "timeout", "together", "answer", "waiting", "running", "stop")

    def __init__(self, batch: Batch, answer: Answer) -> None:
        self.messages = [Message(m) for m in batch.messages]
        # In seconds, for one message from its own start; 0 is without limit.
        self.timeout = batch.timeout_ms / 1000
        self.together = batch.together
        self.answer = answer
        self.waiting = {m._wire.id: m for m in self.messages}
        self.running: dict[int, Message] = {}
        # Ends what runs, where that is possible: set by whoever runs it.
        self.stop: Callable[[Message], None] | None = None

    def begin(self, m: Message) -> bool:
        """Takes a message to handle; False when it was given up before it began."""
        wire_id = m._wire.id
        # In running before it leaves waiting: a cancel finds it in one of them.
        self.running[wire_id] = m
        if self.waiting.pop(wire_id, None) is None:
            del self.running[wire_id]
            return False
        m._begin(self.timeout)
        return True

    def done(self, m: Message) -> None:
        """Ends a message that was begun."""
        del self.running[m._wire.id]
        self.answer(m._wire.id)

    def failed(self, m: Message, error: BaseException, *, reported: bool = False) -> None:
        """Ends a message that was begun, with what its handler raised.

        reported says that its traceback was written already.
        """
        del self.running[m._wire.id]
        asked = m._cancelled
        late = self.timeout if m.cancelled and not asked else 0
        if not (reported or asked or expected(error)):
            report(m, error)
        try:
            result = failure(m._wire.id, error, cancelled=asked, late=late)
        except Exception:  # a subclass of Dead without a reason, for one
            result = Failure(id=m._wire.id, reason=f"handler raised {type(error).__name__}")
        self.answer(result)

    def end_together(self, messages: list[Message], result: object) -> None:
        """Ends messages that were handled as one, with what the handler returned."""
        if result is None:
            for m in messages:
                self.done(m)
            return
        if not isinstance(result, (list, tuple)) or len(result) != len(messages):
            wrong = TypeError(f"batch handler returned {_shape(result)}, want None or a list of {len(messages)}")
            self.fail_together(messages, wrong)
            return
        for m, outcome in zip(messages, result, strict=True):
            if outcome is None:
                self.done(m)
            elif isinstance(outcome, BaseException):
                self.failed(m, outcome)
            else:
                self.failed(m, TypeError(f"batch handler has a {_shape(outcome)} for it, want None or an exception"))

    def fail_together(self, messages: list[Message], error: BaseException) -> None:
        """Ends messages that were handled as one, with what the handler raised: one traceback for all."""
        for i, m in enumerate(messages):
            self.failed(m, error, reported=i > 0)

    def cancel(self, ids: Iterable[int]) -> None:
        """Answers those that haven't begun, and asks those that run to give up."""
        for wire_id in ids:
            if self.waiting.pop(wire_id, None) is not None:
                self.answer(not_begun(wire_id))
            elif (m := self.running.get(wire_id)) is not None:
                # Of those that are handled as one, all are given up with one.
                for other in list(self.running.values()) if self.together else [m]:
                    other._cancel()
                if self.stop is not None:
                    self.stop(m)

    def cancel_waiting(self) -> None:
        """Answers all that haven't begun."""
        self.cancel(list(self.waiting))

    def cancel_all(self) -> None:
        """Gives up the whole batch."""
        self.cancel([m._wire.id for m in self.messages])


def not_begun(wire_id: int) -> Failure:
    """The result of a message that was given up before its handler saw it."""
    return Failure(id=wire_id, cancelled=True, reason="given up before it began")


def _shape(value: object) -> str:
    """What something is, without what is in it."""
    name = type(value).__name__
    return f"{name} of {len(value)}" if isinstance(value, (list, tuple)) else name


def wrong_return(value: object) -> TypeError:
    """A handler returned something: perhaps a verdict, which would be lost silently."""
    return TypeError(f"handler returned {_shape(value)}, want None: raise Dead, RetryAfter or another exception if it isn't done")
