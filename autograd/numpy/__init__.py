"""NumPy's namespace, differentiable: `import autograd.numpy as np`.

Each function takes arrays, numbers and Tensors. It gives a Tensor if it was given one, and what
NumPy gives otherwise. The names come from the registry of primitives and from the functions
spelled with them; whatever is not in it is NumPy's own, which refuses a tensor that requires
grad rather than lose its gradient.
"""

from __future__ import annotations

import builtins as _builtins
from typing import Any

import numpy as _numpy

from ..coverage import MADE as _MADE
from ..keywords import with_keywords as _with_keywords
from ..ops import (
    arranging,
    choosing,
    complex,
    constants,
    contractions,
    elementwise,
    indexing,
    joining,
    parts,
    products,
    reductions,
    shapes,
)
from ..ops.composed import COMPOSED as _COMPOSED
from ..primitive import REGISTRY as _REGISTRY
from ..protocols import IMPLEMENTATIONS as _IMPLEMENTATIONS
from ..protocols import WRITERS as _WRITERS
from ..tape import TensorBase as _TensorBase
from ..ufuncs import methods_of as _methods_of
from . import fft, linalg  # noqa: F401 - they fill COMPOSED too
from ._objects import c_, r_, vectorize  # noqa: F401 - of the namespace

_FAMILIES = (
    elementwise, complex, choosing, shapes, arranging, indexing, joining, reductions, contractions,
    constants, parts, products,
)  # fmt: skip
# Ufuncs that NumPy calls itself, and does not export under their names.
_umath: Any = _numpy._core.umath  # type: ignore[attr-defined]
_UNNAMED = {_umath.clip: choosing.clip, _umath._ones_like: constants.ones_like}


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


def array(x: Any, dtype: Any = None, **options: Any) -> Any:
    """An ndarray of x; a Tensor, stacked from its parts, if there is a tensor in x.

    Example:
        >>> array([1.0, 2.0])
        array([1., 2.])
    """
    if isinstance(x, _TensorBase):
        return shapes.copy(x) if dtype is None else shapes.astype(x, _numpy.dtype(dtype))
    if _has_tensor(x):
        return joining.stack([array(part, dtype) for part in x])
    return _numpy.array(x, dtype, **options)


def asarray(x: Any, dtype: Any = None, **options: Any) -> Any:
    """As `array`, without a copy where none is needed."""
    if isinstance(x, _TensorBase) and (dtype is None or x._data.dtype == dtype):
        return x
    return array(x, dtype) if _has_tensor(x) else _numpy.asarray(x, dtype, **options)


def _has_tensor(x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return _builtins.any(_has_tensor(part) for part in x)
    return isinstance(x, _TensorBase)


def __getattr__(name: str) -> Any:
    """Everything else is NumPy's."""
    try:
        return getattr(_numpy, name)
    except AttributeError:
        raise AttributeError(f"neither autograd.numpy nor numpy has {name!r}") from None


def __dir__() -> list[str]:
    return sorted({*dir(_numpy), *globals()})


_fill()
