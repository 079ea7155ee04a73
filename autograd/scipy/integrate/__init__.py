"""SciPy's integration, differentiable: `autograd.scipy.integrate`."""

from __future__ import annotations

from typing import Any

from .. import load as _load
from .._faces import Face as _Face
from . import equations, nested, quadrature, samples  # noqa: F401

# Weights of whole numbers of points.
_FACE = _Face(_load("integrate"), "lebedev_rule newton_cotes")


def __getattr__(name: str) -> Any:
    return _FACE.find(name)


def __dir__() -> list[str]:
    return _FACE.names()
