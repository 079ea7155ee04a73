"""scipy.special, differentiable: `from autograd.scipy.special import gammaln`.

Each function takes arrays, numbers and Tensors, and computes what SciPy computes. `help(name)` says by
which arguments there is a derivative. A function, or an argument, without one raises NotDifferentiable
where a gradient would be lost.
"""

from __future__ import annotations

from typing import Any

from .._faces import Face as _Face
from . import (  # noqa: F401 - each enters its functions
    airy,
    bessel,
    carlson,
    distributions,
    elementary,
    elliptic,
    error,
    exponential_integrals,
    gamma,
    hypergeometric,
    incomplete,
    information,
    kolmogorov,
    orthogonal,
    reductions,
    spherical,
    zeta,
)
from ._coverage import CONSTANT as _CONSTANT
from ._declare import FUNCTIONS as _FUNCTIONS
from ._declare import sc as _sc

_face = _Face(_sc, constants=_CONSTANT, told=_FUNCTIONS)
# also those that have the name of a file
globals().update(_FUNCTIONS)


def __getattr__(name: str) -> Any:
    """Everything else is SciPy's."""
    return _face.find(name)


def __dir__() -> list[str]:
    return _face.names()
