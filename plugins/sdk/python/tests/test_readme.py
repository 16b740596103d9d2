"""The README's programs do what it says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boostd_handler
import pytest
from boostd_handler.testing import Outcome, message, run, run_batch

BLOCKS = re.findall(r"```python\n(.*?)```", (Path(__file__).parent.parent / "README.md").read_text(), re.S)


def served(monkeypatch: pytest.MonkeyPatch, block: str, **known: object) -> Callable[..., Any]:
    """Runs a block, and returns what it would serve."""
    handlers: list[Callable[..., Any]] = []
    for name in ("serve", "serve_batch"):
        monkeypatch.setattr(boostd_handler, name, handlers.append)
    exec(block, dict(known))
    return handlers[0]


def test_version() -> None:
    project = (Path(__file__).parent.parent / "pyproject.toml").read_text()
    assert f'\nversion = "{boostd_handler.__version__}"\n' in project


def test_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    warehouse = SimpleNamespace(is_busy=lambda: bool(sent), send=sent.append)
    handle = served(monkeypatch, BLOCKS[0], warehouse=warehouse)
    assert run(handle, message({"id": 7})).done and sent == [7]
    assert run(handle, message({"id": 8})) == Outcome(retry=True, after=5, reason="warehouse is busy")
    known: dict[str, Any] = {"handle": handle}
    exec(BLOCKS[2], known)
    sent.clear()
    known["test_orders_without_id"]()


def test_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    handle = served(monkeypatch, BLOCKS[1], table=SimpleNamespace(insert=lambda rows: {1}))
    got = run_batch(handle, [message({}), message({})])
    assert got == [Outcome(done=True), Outcome(dead=True, reason="refused")]
