"""SciPy's linear algebra, differentiable: `autograd.scipy.linalg`."""

from __future__ import annotations

from typing import Any

from .. import load as _load
from .._faces import Face as _Face
from . import (  # noqa: F401
    banded,
    equations,
    factorisations,
    forms,
    functions,
    spectra,
    structured,
    systems,
    unitary,
)

# Matrices of whole numbers, and questions about matrices.
_FACE = _Face(
    _load("linalg"),
    """
    bandwidth dft find_best_blas_type get_blas_funcs get_lapack_funcs hadamard helmert hilbert invhilbert
    invpascal ishermitian issymmetric pascal
    """,
)


def __getattr__(name: str) -> Any:
    return _FACE.find(name)


def __dir__() -> list[str]:
    return _FACE.names()
