"""The operations, one file per family. Each is declared once, with its rules beside it."""

from ..codegen import FAST
from . import (
    arranging,
    choosing,
    complex,
    contractions,
    elementwise,
    indexing,
    joining,
    reductions,
    shapes,
)

# What generated pulls and the sweep itself need of the operations.
FAST.update(
    astype=shapes.astype,
    conjugate=complex.conjugate,
    copy=shapes.copy,
    keep_zeros=choosing.keep_zeros,
    real=complex.real,
    zeros_like=shapes.zeros_like,
)

__all__ = [
    "arranging",
    "choosing",
    "complex",
    "contractions",
    "elementwise",
    "indexing",
    "joining",
    "reductions",
    "shapes",
]
