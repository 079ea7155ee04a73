"""Special functions of an array with repeats, such as survival times with ties, at each value once.

Those of several arguments take a hundred times as long as a product, and finite differences in rules
ask for them again and again; sorting costs a few products.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

FEW = 32  # elements that are not worth looking at


def is_costly(function: Any) -> bool:
    """Whether it is a ufunc of several arguments that is not NumPy's own."""
    return (
        type(function) is np.ufunc
        and function.signature is None
        and (function.nin > 1 and function.nout == 1)
        and getattr(np, function.__name__, None) is not function
    )


def place_of_array(args: tuple) -> int | None:
    """Which argument is the vector of doubles, if all others are numbers."""
    found = None
    for i, arg in enumerate(args):
        if isinstance(arg, np.ndarray) and arg.ndim:
            if found is not None or arg.dtype.char != "d" or arg.ndim > 1 or len(arg) < FEW:
                return None
            found = i
    return found


def repeats_of(x: np.ndarray) -> tuple | None:
    """The distinct values of a vector and where each element is among them; None if few are repeated.

    Values are told apart by their bits: 0.0 is not -0.0.
    """
    bits = np.ascontiguousarray(x).view(np.int64)
    ordered = np.sort(bits)
    if 2 * np.count_nonzero(ordered[1:] != ordered[:-1]) > len(x):
        return None
    distinct, places = np.unique(bits, return_inverse=True)
    return distinct.view(np.float64), places


def at_each(function: Callable, args: tuple, i: int, repeats: tuple) -> Any:
    """function(*args), from its values at the distinct elements of argument i."""
    distinct, places = repeats
    return function(*args[:i], distinct, *args[i + 1 :])[places]
