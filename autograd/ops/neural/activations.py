"""Activations of straight pieces and of exponentials below zero: those with kinks.

Rules give at a kink what PyTorch gives. The smooth ones are in `smooth.py` and `erf.py`.
"""

from __future__ import annotations

import math

import numpy as np

from ...declare import case, elementwise, primitive
from ...handing import is_handed_over
from ...primitive import parameters
from ..choosing import equal, greater, greater_equal, less_equal, logical_or
from ..elementwise import exp
from ..sizes import absolute
from .erf import erf, gelu
from .selecting import BITS, are_alike, is_odd, kept_above, plainly, select, zero_like, zeroed
from .smooth import gelu_tanh, glu, logsigmoid, mish, sigmoid, silu, softplus, softsign, tanhshrink

__all__ = [
    "elu",
    "erf",
    "gelu",
    "gelu_tanh",
    "glu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "sigmoid",
    "silu",
    "softplus",
    "softshrink",
    "softsign",
    "tanhshrink",
    "threshold",
]

_LARGE = 4096  # from here on np.clip, which starts slowly, is quicker than the extremum of two


def _with_options(kernel, rule, options, **facts):
    """Declare a function of each element and of options: its forward derivative is its rule."""
    known = ["out", *parameters(kernel)]
    picked = [known.index(name) for name in parameters(rule)[1:]]
    return primitive(
        kernel,
        ["x"],
        vjp={"x": rule},
        jvp={"x": lambda t, *values: rule(t, *[values[i] for i in picked])},
        batch="same",
        cases=[case((2, 3), **o) for o in options],
        **facts,
    )


def _between(x, low, high):
    if x.size < _LARGE:
        return np.minimum(np.maximum(x, low), high)
    return np.clip(x, low, high)


def _relu(x):
    if x.size < _LARGE or x.dtype.kind != "f":
        return np.maximum(x, zero_like(x))
    return np.clip(x, 0.0, math.inf)


def _d_relu(g, out):
    if type(out) is not np.ndarray:
        return zeroed(g, less_equal(out, 0))
    zero = zero_like(out)
    if out.size >= BITS and type(g) is np.ndarray and are_alike(g, out):
        owned = is_handed_over(g)  # asked first: arguments of a call hold it too
        return kept_above(g, out, owned)
    drop = np.less_equal(out, zero)
    if out.size >= BITS or type(g) is not np.ndarray:
        return zeroed(g, drop)
    kept = g.copy()  # what `zeroed` does, but for asking what a rule knows
    np.putmask(kept, drop, zero)
    return kept


relu = elementwise(
    _relu,
    vjp=_d_relu,
    name="relu",
    kinks="0 at x = 0",
    doc="max(x, 0)",
)


def _hardtanh(x, low=-1.0, high=1.0):
    return plainly(_hardtanh, x, low, high) if is_odd(x) else _between(x, low, high)


hardtanh = _with_options(
    _hardtanh,
    lambda g, out, low, high: zeroed(g, logical_or(less_equal(out, low), greater_equal(out, high))),
    [{}, {"low": -0.25, "high": 0.75}],
    name="hardtanh",
    kinks="0 at both bounds",
    doc="min(max(x, low), high)",
)


def _leaky_relu(x, negative_slope=0.01):
    if is_odd(x):
        return plainly(_leaky_relu, x, negative_slope)
    out = x * negative_slope
    # the line above the other where the slope is less than one, else the one below
    return (np.maximum if negative_slope <= 1 else np.minimum)(x, out, out=out)


leaky_relu = _with_options(
    _leaky_relu,
    lambda g, x, negative_slope: select(greater(x, 0), g, g * negative_slope),
    [{}, {"negative_slope": 0.2}, {"negative_slope": 1.5}, {"negative_slope": -0.5}],
    name="leaky_relu",
    kinks="negative_slope at x = 0",
    doc="""x where x > 0, else negative_slope * x

    Source: Maas et al., Rectifier nonlinearities improve neural network acoustic models, 2013.""",
)


def _below(x):
    """x where it is negative, else 0."""
    return zeroed(x, greater(x, 0))


def _prelu(x, weight):
    return select(np.greater(x, 0), x, weight * x)


prelu = elementwise(
    _prelu,
    arrays=["x", "weight"],
    vjp={
        "x": lambda g, x, weight: select(greater(x, 0), g, g * weight),
        "weight": lambda g, x: zeroed(g * x, greater(x, 0)),
    },
    name="prelu",
    kinks="weight at x = 0",
    doc="""x where x > 0, else weight * x, with broadcasting

    Source: He et al., Delving deep into rectifiers, 2015, eq. 1.""",
)


def _elu(x, alpha=1.0, scale=1.0, rate=1.0):
    if is_odd(x):
        return plainly(_elu, x, alpha, scale, rate)
    out = _between(x, -math.inf, 0.0)
    if rate != 1:
        out *= rate
    np.expm1(out, out)
    if alpha != 1:
        out *= alpha
    out += _relu(x)
    if scale != 1:
        out *= scale
    return out


def _d_elu(g, x, alpha, scale, rate):
    curve = exp(_below(x) * rate) * (alpha * scale * rate)
    return g * select(greater(x, 0), scale, curve)


elu = _with_options(
    _elu,
    _d_elu,
    [{}, {"alpha": 0.5}, {"alpha": 1.6733, "scale": 1.0507}, {"alpha": 2.0, "rate": 0.5}],
    name="elu",
    kinks="alpha * scale * rate at x = 0",
    doc="""scale * x where x > 0, else scale * alpha * (exp(rate * x) - 1)

    With rate = 1 / alpha this is CELU, with a scale SELU.

    Source: Clevert et al., Fast and accurate deep network learning by exponential linear
    units (ELUs), 2016, eq. 15.""",
)


def _hardsigmoid(x):
    return plainly(_hardsigmoid, x) if is_odd(x) else _between(x + 3.0, 0.0, 6.0) / 6.0


hardsigmoid = elementwise(
    _hardsigmoid,
    vjp=lambda g, x: zeroed(g / 6, greater_equal(absolute(x), 3)),
    name="hardsigmoid",
    domain=(-2.9, 2.9),
    kinks="0 at x = -3 and x = 3",
    doc="min(max(x + 3, 0), 6) / 6",
)


def _hardswish(x):
    if is_odd(x):
        return plainly(_hardswish, x)
    out = _hardsigmoid(x)
    out *= np.maximum(x, -3.0)  # -inf times 0 would be NaN
    return out


def _d_hardswish(g, x):
    return g * select(greater_equal(x, 3), 1, zeroed(x / 3 + 0.5, less_equal(x, -3)))


hardswish = elementwise(
    _hardswish,
    vjp=_d_hardswish,
    name="hardswish",
    domain=(-2.9, 2.9),
    kinks="0 at x = -3, 1 at x = 3",
    doc="""x * min(max(x + 3, 0), 6) / 6

    Source: Howard et al., Searching for MobileNetV3, 2019, section 5.2.""",
)


def _hardshrink(x, lambd=0.5):
    return plainly(_hardshrink, x, lambd) if is_odd(x) else zeroed(x, np.absolute(x) <= lambd)


hardshrink = _with_options(
    _hardshrink,
    lambda g, x, lambd: zeroed(g, less_equal(absolute(x), lambd)),
    [{}, {"lambd": 1.25}],
    name="hardshrink",
    kinks="0 at |x| = lambd",
    doc="x where |x| > lambd, else 0",
)


def _softshrink(x, lambd=0.5):
    return plainly(_softshrink, x, lambd) if is_odd(x) else x - _between(x, -lambd, lambd)


softshrink = _with_options(
    _softshrink,
    lambda g, out: zeroed(g, equal(out, 0)),
    [{}, {"lambd": 1.25}],
    name="softshrink",
    kinks="0 at |x| = lambd",
    doc="x - lambd where x > lambd, x + lambd where x < -lambd, else 0",
)


def _threshold(x, threshold, value):
    if is_odd(x):
        return plainly(_threshold, x, threshold, value)
    return select(np.less_equal(x, threshold), value, x)


threshold = _with_options(
    _threshold,
    lambda g, x, threshold: zeroed(g, less_equal(x, threshold)),
    [{"threshold": 0.25, "value": 2.0}],
    name="threshold",
    kinks="0 at x = threshold",
    doc="x where x > threshold, else value",
)
