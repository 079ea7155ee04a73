"""What the update formulas of several optimisers share, over arrays and in place.

`s` and `r` are scratch arrays. None of these writes into the gradient `g`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

# What the parts of complex numbers are of.
REAL: dict[Any, np.dtype] = {
    np.dtype(np.complex64): np.dtype(np.float32),
    np.dtype(np.complex128): np.dtype(np.float64),
}


def decay_scalars(group: Mapping[str, Any], decoupled: bool = False) -> tuple[bool, Any, Any]:
    """What `descent` needs: `maximize`, and weight decay as a part of g or as a factor of p."""
    decay = group["weight_decay"] or None
    if decay and (decoupled or group.get("decoupled_weight_decay")):
        return group["maximize"], None, 1 - group["lr"] * decay
    return group["maximize"], decay, None


def descent(
    p: Any, g: Any, s: Any, r: Any, maximize: bool, decay: Any = None, shrink: Any = None
) -> np.ndarray:
    """g, or -g to climb, plus decay * p; or p *= shrink, which is decoupled weight decay.

    The result is `g` itself or is in `r`.
    """
    if maximize:
        g = np.negative(g, r)
    if decay is not None:
        np.multiply(p, decay, s)
        g = np.add(s, g, r)
    elif shrink is not None:
        np.multiply(p, shrink, p)
    return g


def approach(m: Any, g: Any, fresh: Any, s: Any) -> None:
    """m = (1 - fresh) m + fresh g, in one pass less than the formula as printed."""
    np.subtract(g, m, s)
    np.multiply(s, fresh, s)
    np.add(m, s, m)


def blend_square(v: Any, g: Any, keep: Any, fresh: Any, s: Any) -> None:
    """v = keep v + fresh g**2."""
    np.multiply(g, g, s)
    np.multiply(s, fresh, s)
    np.multiply(v, keep, v)
    np.add(v, s, v)


def flat(array: np.ndarray) -> np.ndarray:
    """An array in one dimension, complex numbers as pairs of real ones; a copy if need be."""
    if array.dtype in REAL:
        return np.ascontiguousarray(array).reshape(-1).view(REAL[array.dtype])
    return array.reshape(-1)
