"""Functions of complex numbers along lines through special points: 0, units, both sides of branch cuts."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np

import autograd
import autograd.numpy as anp
from autograd.ops.complex_parts import from_parts

from .samples import Sample
from .special_points import wrong_slopes

# real and imaginary parts; the sign of a zero says on which side of a cut a point is
_ALONE = [
    *itertools.product((-2.0, -1.0, -0.5, 0.0, -0.0, 0.5, 1.0, 2.0), (0.0, -0.0)),
    *itertools.product((0.0, -0.0), (-2.0, -1.0, 0.5, 1.0, 2.0)), (0.3, 0.4), (-0.7, 1.2),
]  # fmt: skip
_TOGETHER = [(0.0, 0.0), (1.0, 0.0), (-1.0, -0.0), (0.0, 1.0), (2.0, 0.0), (0.5, 0.0), (-0.7, 1.2)]
_MANY = [(0.0, 0.0), (1.0, 0.0), (-0.7, 1.2)]
_DIRECTIONS = [(1.0, 0.0), (0.0, 1.0), (0.6, 0.8)]


def on_lines(sample: Sample) -> tuple[Callable, np.ndarray]:
    """A function (f, s) -> Re(v * f(points + s * directions)) of an array of as many s; and s = 0.

    For each point and direction, with v of 1 and of i.
    """
    grid = (_ALONE, _TOGETHER, _MANY)[min(len(sample.active), 3) - 1]
    rows = [
        [*itertools.chain(*(_line(z, _DIRECTIONS[(d + k) % 3]) for k, z in enumerate(points))), v]
        for points in itertools.product(grid, repeat=len(sample.active))
        for d in range(3)
        for v in (1, 1j)
    ]
    columns = list(zip(*rows, strict=True))
    v, lines = np.array(columns[-1]), np.array(columns[:-1])
    others = [np.full(len(v), np.ravel(a)[0]) for a in sample.args]

    def values(f, s):
        args = list(others)
        for k, i in enumerate(sample.active):
            x, y, dx, dy = lines[4 * k : 4 * k + 4]
            args[i] = from_parts(x + s * dx, y + s * dy)
        return anp.real(v * sample.chosen(f(*args, *sample.statics)))

    return values, np.zeros(len(v))


def _line(z: tuple, t: tuple) -> tuple:
    """The parts of a point and of a direction; z + 0 * t is z, also in the signs of its zeros."""
    return (*z, *(-abs(d) if a == 0 and np.signbit(a) else d for a, d in zip(z, t, strict=True)))


def pulled(f: Callable) -> Callable:
    """The derivatives of the elements of f by its own elements, by a sweep."""
    return lambda s: autograd.grad(lambda s: anp.sum(f(s)))(s)


def pushed(f: Callable) -> Callable:
    """The same by a tangent."""
    return lambda s: autograd.jvp(f, (s,), (np.ones_like(s),))[1]


MIXTURES = {
    1: {"r": (pulled,), "f": (pushed,)},
    2: {"rr": (pulled, pulled), "fr": (pulled, pushed), "rf": (pushed, pulled), "ff": (pushed, pushed)},
    3: {"rrr": (pulled,) * 3, "frr": (pulled, pulled, pushed), "rff": (pushed, pushed, pulled),
        "fff": (pushed,) * 3},
}  # fmt: skip


def wrong_in_mixtures(
    f: Callable, kernel: Callable, s: np.ndarray, orders: set, numbers: Callable = lambda f: f
) -> Iterator[tuple]:
    """Where a derivative of f, by some mixture of modes, is finite but no limit of differences.

    Args:
        kernel: f without rules.
        numbers: makes of a function one that gives NaN where it refuses.
    """
    beneath = kernel
    for order, mixtures in MIXTURES.items():
        if order in orders:
            for name, modes in mixtures.items():
                derivative = f
                for mode in modes:
                    derivative = mode(derivative)
                found = np.asarray(numbers(derivative)(s))
                points = np.arange(len(s))
                for wrong in wrong_slopes(lambda s, _, f=beneath: np.asarray(f(s)), found, (s, points), 0):
                    yield name, *wrong
        beneath = numbers(_nested(f, order))


def _nested(f: Callable, order: int) -> Callable:
    for _ in range(order):
        f = pulled(f)
    return f


def kernel_of(sample: Sample) -> Callable:
    """The NumPy kernel of a sample's primitive."""

    def kernel(*args):
        out = sample.prim.kernel(*(np.asarray(getattr(a, "_data", a)) for a in args))
        return out[0] if sample.prim.aux else out

    return kernel
