"""NumPy's linear algebra, differentiable: `autograd.numpy.linalg`."""

from __future__ import annotations

from typing import Any

import numpy as _numpy

from ..ops import contractions as _contractions
from ..ops import determinants as _determinants
from ..ops import eigen as _eigen
from ..ops import factorisations as _factorisations
from ..ops import least_squares as _least_squares
from ..ops import linear_systems as _linear_systems
from ..ops import norms as _norms
from ..ops import products as _products
from ..ops import singular_values as _singular_values
from ..ops.composed import COMPOSED as _COMPOSED
from ..ops.composed import composed as _composed
from ..ops.composed import locally_constant as _locally_constant

_FAMILIES = {
    _linear_systems: "solve inv matrix_power tensorsolve tensorinv",
    _least_squares: "pinv lstsq",
    _determinants: "det slogdet",
    _factorisations: "cholesky qr",
    _singular_values: "svd svdvals",
    _eigen: "eig eigh eigvals eigvalsh",
    _norms: "norm vector_norm matrix_norm cond",
    _products: "multi_dot vecdot matrix_transpose",
    _contractions: "matmul tensordot",
}
for _family, _names in _FAMILIES.items():
    for _name in _names.split():
        globals()[_name] = _composed(getattr(_numpy.linalg, _name))(getattr(_family, _name))
for _name in ["cross", "outer", "trace", "diagonal"]:
    globals()[_name] = _composed(getattr(_numpy.linalg, _name))(getattr(_products, f"linalg_{_name}"))
_locally_constant(_numpy.linalg.matrix_rank)
matrix_rank = _COMPOSED[_numpy.linalg.matrix_rank]


def __getattr__(name: str) -> Any:
    """Everything else is NumPy's."""
    return getattr(_numpy.linalg, name)


def __dir__() -> list[str]:
    return sorted({*dir(_numpy.linalg), *globals()})
