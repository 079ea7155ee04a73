"""SciPy's signal processing, differentiable: `autograd.scipy.signal`."""

from __future__ import annotations

from typing import Any

from .. import load as _load
from .._faces import Face as _Face
from . import convolutions, filters, responses, spectra, transforms  # noqa: F401

# Indices, lengths and settings, where they change at all they jump.
_FACE = _Face(
    _load("signal"),
    """
    argrelextrema argrelmax argrelmin check_COLA check_NOLA choose_conv_method correlation_lags find_peaks
    find_peaks_cwt max_len_seq unit_impulse square
    """,
)


def __getattr__(name: str) -> Any:
    return _FACE.find(name)


def __dir__() -> list[str]:
    return _FACE.names()
