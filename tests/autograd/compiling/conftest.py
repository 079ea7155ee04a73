"""Programs on NumPy alone, whose results are those of eager runs bit for bit."""

from __future__ import annotations

import pytest

from autograd.compiling import native


@pytest.fixture
def numpy_alone(monkeypatch):
    monkeypatch.setattr(native, "available", lambda: False)
