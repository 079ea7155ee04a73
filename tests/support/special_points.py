"""Derivatives where formulas divide by nothing: a finite number has to be one that differences near."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np

import autograd
import autograd.numpy as anp
from autograd.errors import AutogradError

from . import checks
from .samples import Sample

# what conventions say, see docs/conventions.md: ties, kinks and clamps, ranks that stay
SETTLED = {
    "max", "min", "hardtanh", "leaky_relu", "elu", "l1_loss", "max_pool", "grid_sample", "pinv", "lstsq",
    "binary_cross_entropy", "eigh", "eig", "svd",
}  # fmt: skip
SIGNS = {"qr", "slogdet"}  # which jump, as LAPACK chooses
HERMITIAN = {"solve_continuous_are"}  # its arguments here are not: see test_linalg_degenerate.py
JUMPS = {"modfresnelp", "modfresnelm"}  # SciPy's value is another function's below 0
STEPS = {"ode_solution", "integral"}  # of integrators are too coarse for differences
LEFT_OUT = SETTLED | SIGNS | HERMITIAN | JUMPS | STEPS

_GRIDS = {
    1: [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0],
    2: [-1.0, 0.0, 0.5, 1.0, 2.0, 3.0],
    3: [0.0, 0.5, 1.0],
}
_STEPS = (1e-2, 1e-3, 1e-4)
_NEAR = 2e-4  # relative to 1 and the number itself
_CLOSING = 0.97  # a root such as x**0.03 comes near slowly, but it does


def at_special_points(sample: Sample, inside: Callable | None = None) -> Sample:
    """The sample with a grid of special points, inside a domain, for arguments that have a derivative."""
    count = len(sample.active)
    values = [_GRIDS[min(count, 3)] if i in sample.active else sorted(set(np.ravel(a).tolist()))[:2]
              for i, a in enumerate(sample.args)]  # fmt: skip
    grid = np.array(list(itertools.product(*values)), float).T
    grid = grid if inside is None else grid[:, inside(*grid)]
    return sample.with_args(
        row if i in sample.active else row.astype(sample.args[i].dtype) for i, row in enumerate(grid)
    )


def slope(f: Callable, i: int) -> Callable:
    """The derivatives of the elements of f by those of argument i."""

    def by(*args: np.ndarray) -> np.ndarray:
        return autograd.grad(lambda x: anp.sum(f(*args[:i], x, *args[i + 1 :])))(args[i])

    return by


def wrong_slopes(f: Callable, found: np.ndarray, args: tuple, i: int) -> Iterator[tuple]:
    """Where a derivative of f is finite, but f is not or no difference of either side nears it."""
    here = f(*args)
    sides = []
    for side in (1, -1):
        rows = []
        for step in _STEPS:
            one, two = (f(*args[:i], args[i] + k * side * step, *args[i + 1 :]) for k in (1, 2))
            rows.append((2 * one - 1.5 * here - 0.5 * two) / (side * step))
        sides.append(rows)
    away = np.abs(np.array(sides) - found) / (1 + np.abs(found))
    near = np.nanmin(np.where(np.isnan(away), np.inf, away), axis=1) < _NEAR
    between = np.abs(np.mean(np.array(sides), axis=0)[2] - found) < _NEAR * (1 + np.abs(found))  # at a kink
    closing = (away[:, 2] < _CLOSING * away[:, 1]) & (away[:, 1] < _CLOSING * away[:, 0])
    told = np.isfinite(away).any(axis=(0, 1))
    right = (near | closing).any(axis=0) | between
    lost = np.where(np.isinf(here), np.isinf(away).any(axis=(0, 1)), told & ~right)  # from infinity on
    for k in np.flatnonzero(np.isfinite(found) & ~np.isnan(here) & lost):
        yield tuple(float(a[k]) for a in args), found[k], [[rows[j][k] for j in range(3)] for rows in sides]


def on_the_line(sample: Sample) -> Callable:
    """s -> Re(sum(v * result)) at the arguments and s times a direction, of an array of one s."""
    v = checks.cotangent(sample)
    t = {}
    for i in sample.active:
        a = sample.args[i]
        angle = 1 + i + np.arange(a.size).reshape(a.shape)
        t[i] = np.cos(angle) + 1j * np.sin(1.7 * angle) if a.dtype.kind == "c" else np.cos(angle)

    def value(s, call):
        args = [a + s[0] * t[i] if i in t else a for i, a in enumerate(sample.args)]
        terms = v * call(*args)
        return anp.reshape(anp.sum(anp.real(terms) if terms.dtype.kind == "c" else terms), (1,))

    return value


def refusals_are_nan(f: Callable) -> Callable:
    """f, and NaN where it refuses."""

    def numbers(s):
        try:
            return np.asarray(f(s))
        except (AutogradError, ValueError):  # NumPy's LinAlgError is one, too
            return np.full(1, np.nan)

    return numbers
