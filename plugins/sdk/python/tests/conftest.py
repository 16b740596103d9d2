"""Each test may write as many tracebacks as a process at its start."""

from __future__ import annotations

import pytest

from boostd_handler import _stderr


@pytest.fixture(autouse=True)
def fresh_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_stderr, "_bucket", _stderr._Bucket())
