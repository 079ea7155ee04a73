"""Which kernels programs have: NumPy's, whose results are those of eager runs bit for bit, or loops."""

from __future__ import annotations

import pytest

from autograd.compiling.kernels import native


@pytest.fixture
def numpy_alone(monkeypatch):
    monkeypatch.setattr(native, "available", lambda: False)


@pytest.fixture(params=["numpy", "numba"])
def kernels(request, monkeypatch):
    """The one kind, then the other."""
    if request.param == "numpy":
        monkeypatch.setattr(native, "available", lambda: False)
    else:
        pytest.importorskip("numba")
    return request.param
