"""Derivatives by numbers alone: complex step, and differences of high order.

They know nothing of rules. Differences run in long double where that is wider than double and
the function can take it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

# Offsets and weights of the central difference of sixth order.
_STENCIL = ((1, 3 / 4), (2, -3 / 20), (3, 1 / 60))
WIDE = np.finfo(np.longdouble).eps < np.finfo(np.float64).eps
STEP = {np.dtype(np.float64): 4e-3, np.dtype(np.longdouble): 1e-3 if WIDE else 4e-3}


def widened(a: np.ndarray) -> np.ndarray:
    """The array in the widest dtype of its kind."""
    return a.astype(np.clongdouble if a.dtype.kind == "c" else np.longdouble)


def widest(f: Callable, args: Sequence) -> list:
    """The arguments as wide as the function can take them."""
    wide = [widened(a) if isinstance(a, np.ndarray) and a.dtype.kind in "fc" else a for a in args]
    try:
        taken = np.shape(f(*wide)) == np.shape(f(*args))  # not where the memory is seen otherwise
    except (TypeError, ValueError):
        return list(args)
    return wide if taken else list(args)


def directional(f: Callable, args: Sequence, i: int, direction: np.ndarray) -> np.ndarray:
    """d f / d args[i] . direction, by a central difference of sixth order."""
    args = widest(f, args)
    base = args[i]
    real = base.real.dtype
    step = real.type(STEP[real])
    total = 0
    for offset, weight in _STENCIL:
        up, down = (
            f(*[base + sign * offset * step * direction if j == i else a for j, a in enumerate(args)])
            for sign in (1, -1)
        )
        total = total + real.type(weight) * (np.asarray(up) - np.asarray(down))
    return total / step


def along_basis(f: Callable, args: Sequence, i: int, unit: complex = 1) -> np.ndarray:
    """d f / d x for each element x of args[i], where f is a scalar: an array shaped as it.

    With `unit=1j` the derivatives by the imaginary parts.
    """
    found = [directional(f, args, i, unit * e) for e in _basis(args[i])]
    return np.array(found, dtype=found[0].dtype if found else np.float64).reshape(args[i].shape)


FEW = 4  # directions that stand for the elements of an array that has more


def directions(x: np.ndarray) -> list[np.ndarray]:
    """Generic ones of length about 1, in which no error of an element hides in another's."""
    rng = np.random.default_rng(x.size)
    found = []
    for _ in range(FEW):
        d = rng.uniform(0.5, 1, x.shape) * rng.choice([-1, 1], x.shape) / np.sqrt(x.size)
        found.append(d * np.exp(1j * rng.uniform(0, 2 * np.pi, x.shape)) if x.dtype.kind == "c" else d)
    return found


def complex_step(f: Callable, args: Sequence, i: int) -> np.ndarray:
    """As `along_basis`, for a holomorphic f of real arguments: exact to rounding."""
    h = 1e-30
    found = []
    for e in _basis(args[i]):
        moved = [a + 1j * h * e if j == i else a for j, a in enumerate(args)]
        found.append(np.imag(f(*moved)) / h)
    return np.array(found, np.float64).reshape(args[i].shape)


def _basis(x: np.ndarray) -> list[np.ndarray]:
    units = []
    for index in np.ndindex(*x.shape):
        e = np.zeros(x.shape)
        e[index] = 1
        units.append(e)
    return units
