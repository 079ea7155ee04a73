"""SciPy's distributions, differentiable: `from autograd.scipy.stats import norm; norm.logpdf(x, loc, scale)`."""

from __future__ import annotations

from sys import modules as _modules
from typing import Any

from .. import load as _load
from .._faces import Face as _Face
from . import continuous as _continuous
from . import descriptive as _descriptive  # noqa: F401
from . import discrete as _discrete
from . import moments as _moments
from . import multivariate as _multivariate
from .machinery import Distribution as _Distribution
from .machinery import distribution as _distribution

_theirs = _load("stats")
for _law in _continuous.LAWS + _discrete.LAWS:
    _moments.enter(_law)
_KNOWN = {
    law.name: _distribution(law, getattr(_theirs, law.name)) for law in _continuous.LAWS + _discrete.LAWS
}
_KNOWN |= {
    name: _Distribution(name, getattr(_theirs, name), functions)
    for name, functions in _multivariate.FUNCTIONS.items()
}
_FACE = _Face(_theirs, told=_KNOWN)
# in HIPS autograd they are modules: `import autograd.scipy.stats.norm as norm`
_modules.update({f"{__name__}.{name}": known for name, known in _KNOWN.items()})  # type: ignore[misc]


def __getattr__(name: str) -> Any:
    theirs = getattr(_theirs, name, None)
    if name not in _KNOWN and callable(theirs) and hasattr(theirs, "rvs") and not isinstance(theirs, type):
        return _Distribution(name, theirs, {})  # all of whose methods refuse gradients
    return _FACE.find(name)


def __dir__() -> list[str]:
    return _FACE.names()
