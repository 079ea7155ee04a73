"""Arrays rearranged or padded out: flip, roll, triangles, at least so many axes."""

from __future__ import annotations

import math

import numpy as np

from ..batching_classes import one_further
from ..declare import case, primitive
from .shapes import as_array, reshape

flip = primitive(
    lambda x, axis=None: np.flip(x, axis),
    ["x"],
    name="flip",
    vjp={"x": lambda g, axis: flip(g, axis)},
    view=lambda base, new, axis: flip(new, axis),
    linear=True, batch="axis", cases=[case((2, 3), axis=1), case((2, 3))],
    numpy=[np.flip], doc="x with the order along axes reversed; a view.",
)  # fmt: skip


def _roll_each(call):
    if call.statics["axis"] is not None:
        return call.run(axis=one_further(call.statics["axis"], call.ndim(0), "roll"))
    rows = reshape(call.args[0], (call.size, math.prod(call.shape(0))))
    return reshape(call.run([rows], axis=1), (call.size, *call.shape(0)))


def _roll(x, shift, axis):
    if x.ndim == 1 and x.size and axis in (None, 0, -1) and type(shift) is int:
        cut = -shift % x.size  # two slices, for which NumPy's own takes ten times as long
        return np.concatenate((x[cut:], x[:cut]))
    return np.roll(x, shift, axis)


roll = primitive(
    lambda x, shift, axis=None: _roll(x, shift, axis),
    ["x"],
    name="roll",
    vjp={"x": lambda g, shift, axis: roll(g, _negated(shift), axis)},
    linear=True, batch=_roll_each, cases=[case((2, 3), shift=1), case((2, 3), shift=(1, 2), axis=(0, 1))],
    numpy=[np.roll], doc="x with its elements shifted around along axes.",
)  # fmt: skip


def _negated(shift):
    return tuple(-s for s in shift) if isinstance(shift, (tuple, list)) else -shift


def _triangle(name, function, doc):
    result = primitive(
        lambda x, k=0: function(x, k),
        ["x"],
        name=name,
        vjp={"x": lambda g, k: result(g, k)},
        linear=True, batch=lambda call: call.run([call.padded(0, 2)]), cases=[case((3, 4), k=1), case((2, 3, 3))],
        numpy=[function], doc=doc,
    )  # fmt: skip
    return result


tril = _triangle("tril", np.tril, "x with zeros above its k-th diagonal.")
triu = _triangle("triu", np.triu, "x with zeros below its k-th diagonal.")


def _at_least(n):
    def at_least(*xs):
        def grow(x):
            x = as_array(x)
            if x.ndim >= n:
                return x
            front = {2: 1, 3: 1}.get(n, 0) if x.ndim < 2 else 0
            shape = (1,) * min(front, n - x.ndim) + x.shape
            return reshape(x, shape + (1,) * (n - len(shape)))

        return grow(xs[0]) if len(xs) == 1 else tuple(grow(x) for x in xs)

    at_least.__name__ = f"atleast_{n}d"
    at_least.__doc__ = f"Each argument with at least {n} axes, as numpy.atleast_{n}d."
    return at_least


atleast_1d, atleast_2d, atleast_3d = _at_least(1), _at_least(2), _at_least(3)
