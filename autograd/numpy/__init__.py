"""NumPy's namespace, differentiable: `import autograd.numpy as np`.

Each function takes arrays, numbers and Tensors. It gives a Tensor if it was given one, and what
NumPy gives otherwise. The names come from the registry of primitives and from the functions
spelled with them; whatever is not in it is NumPy's own, which refuses a tensor that requires
grad rather than lose its gradient.
"""

from __future__ import annotations

from importlib import import_module as _import_module
from typing import Any

import numpy as _numpy

from ..coverage import MADE as _MADE
from ..keywords import with_keywords as _with_keywords
from ..ops import (
    arranging,
    broadcasting,
    choosing,
    complex,
    complex_parts,
    contractions,
    elementwise,
    indexing,
    joining,
    kronecker,
    parts,
    products,
    reductions,
    shapes,
    sizes,
)
from ..ops import einsum as _einstein
from ..ops import polynomials_2d as _polynomials_2d  # noqa: F401 - not with the others: it takes 5 ms
from ..ops.composed import COMPOSED as _COMPOSED
from ..primitive import REGISTRY as _REGISTRY
from ..protocols import IMPLEMENTATIONS as _IMPLEMENTATIONS
from ..protocols import WRITERS as _WRITERS
from ..ufuncs import methods_of as _methods_of
from . import fft, linalg  # noqa: F401 - they fill COMPOSED too
from ._making import *  # noqa: F403 - of the namespace
from ._objects import c_, r_, vectorize  # noqa: F401 - of the namespace

_FAMILIES = (
    elementwise, sizes, complex_parts, complex, choosing, broadcasting, shapes, arranging, indexing,
    joining, reductions, contractions, _einstein, kronecker, parts, products,
)  # fmt: skip
# Ufuncs that NumPy calls itself, and does not export under their names.
_umath: Any = _numpy._core.umath  # type: ignore[attr-defined]
_UNNAMED = {_umath.clip: choosing.clip}


def _fill() -> None:
    """Put every function of the families that NumPy has under NumPy's name, with its keywords."""
    for theirs, function in _UNNAMED.items():
        _IMPLEMENTATIONS[theirs] = _with_keywords(function.__name__, function, theirs)
    for family in _FAMILIES:
        for name, function in vars(family).items():
            theirs = getattr(_numpy, name, None)
            if callable(function) and callable(theirs) and not isinstance(theirs, type):
                if theirs in _IMPLEMENTATIONS:  # imported from another family, or another name of it
                    globals().setdefault(name, _IMPLEMENTATIONS[theirs])
                else:
                    _enter(name, function, theirs)
    for prim in _REGISTRY.values():
        for theirs in prim.numpy:  # also under other names, such as amax for max
            if theirs not in _IMPLEMENTATIONS:
                _enter(theirs.__name__, prim.function, theirs)
    _IMPLEMENTATIONS[_umath._ones_like] = _COMPOSED[_numpy.ones_like]
    whole: dict[Any, Any] = {**_WRITERS, **_COMPOSED}
    for known, mine in whole.items():  # with NumPy's own arguments
        name = known.__name__
        if name not in _MADE:
            _IMPLEMENTATIONS[known] = mine
        if getattr(_numpy, name, None) is known:
            globals()[name] = mine


def _enter(name: str, function: Any, theirs: Any) -> None:
    globals()[name] = _IMPLEMENTATIONS[theirs] = ours = _with_keywords(name, function, theirs)
    if isinstance(theirs, _numpy.ufunc):
        vars(ours).update(_methods_of(ours, theirs))


_HIPS_MODULES = {
    "numpy_boxes", "numpy_jvps", "numpy_vjps", "numpy_vspaces", "numpy_wrapper", "random"
}  # fmt: skip
_HIPS_NAMES = {
    "array_from_args", "concatenate_args", "make_diagonal", "metadata", "wrap_if_boxes_inside",
    "wrap_namespace",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Everything else is NumPy's, but for the modules at HIPS autograd's paths."""
    if name in _HIPS_MODULES:
        return _import_module(f"{__name__}.{name}")
    if name in _HIPS_NAMES:
        return getattr(_import_module(f"{__name__}.numpy_wrapper"), name)
    try:
        theirs = getattr(_numpy, name)
    except AttributeError:
        raise AttributeError(f"neither autograd.numpy nor numpy has {name!r}") from None
    # ours under another of NumPy's names, such as abs; next time it is there
    found = globals()[name] = _IMPLEMENTATIONS.get(theirs, theirs) if callable(theirs) else theirs
    return found


def __dir__() -> list[str]:
    return sorted({*dir(_numpy), *globals()})


_fill()
