"""Smooth activations made of exponentials.

Where the derivative takes a few more steps from what the result is computed of, the kernel gives
it along as `aux`, and the gradient is one product.
"""

from __future__ import annotations

import math

import numpy as np

from ...declare import case, elementwise, primitive
from ...errors import ShapeError
from ..choosing import greater
from ..elementwise import expm1, tanh
from ..indexing import split
from ..joining import concatenate
from ..shapes import axis_index
from ..sizes import absolute
from .selecting import is_odd, plainly, select

# For each dtype the logarithm of its largest number, beyond which exp would warn of overflow,
# and one: as arrays, since NumPy takes them twice as fast as Python numbers.
_LIMITS = {
    np.dtype(t): (np.asarray(np.log(np.finfo(t).max) * (1 - np.finfo(t).eps), t), np.asarray(1, t))
    for t in (np.float16, np.float32, np.float64, np.longdouble)
}
_LARGE = 4096
# -inf times the nothing there would be NaN: what is further out counts as this far
_FURTHEST = 1000.0


def _sigmoid(x):
    limits = _LIMITS.get(x.dtype)
    if limits is None or not x.ndim:
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-x))
    largest, one = limits
    if x.size < _LARGE:  # calls count, memory does not
        out = np.minimum(x, largest)
        np.exp(out, out)
        return np.divide(out, np.add(out, one), out)
    # for many, bounding them and dividing takes longer than turning the warning off
    out = np.negative(x)
    with np.errstate(over="ignore"):
        np.exp(out, out)
    np.add(out, one, out)
    return np.reciprocal(out, out)


def _d_sigmoid(g, out):
    # of `1 - out` nothing is lost where out is near 1, as of `out - out * out`, and products need no more room
    limits = _LIMITS.get(out.dtype)
    if limits is None or type(g) is not np.ndarray or type(out) is not np.ndarray:
        return g * out * (1.0 - out)
    found = g * out
    found *= limits[1] - out
    return found


sigmoid = elementwise(_sigmoid, vjp=_d_sigmoid, name="sigmoid", analytic=True, doc="1 / (1 + exp(-x))")


def _with_slope(kernel, slope, name, doc):
    """Declare a function whose kernel gives `(out, derivative)`; `slope` is that by operations."""
    return elementwise(
        kernel,
        vjp=lambda g, x, aux: g * (slope(x) if aux is None else aux),
        jvp={"x": lambda t, out, x: t * slope(x)},
        name=name,
        aux=True,
        doc=doc,
    )


def _silu(x):
    if is_odd(x):
        return plainly(_silu, x)
    share = _sigmoid(x)
    out = np.maximum(x, -_FURTHEST)
    out *= share
    return out, share


def _d_silu(g, x, out, aux):
    if aux is None:
        return g * _silu_slope(x)
    slope = 1 - aux
    slope *= np.minimum(out, _FURTHEST)  # infinity times nothing
    slope += aux
    slope *= g
    return slope


def _silu_slope(x):
    share = sigmoid(x)
    return share * (1 + x * (1 - share))


# the slope is left to the way back, which not all take
silu = elementwise(
    _silu,
    vjp=_d_silu,
    jvp={"x": lambda t, out, x: t * _silu_slope(x)},
    name="silu",
    aux=True,
    doc="""x / (1 + exp(-x))

    Source: Elfwing et al., Sigmoid-weighted linear units, 2018, eq. 1; also known as Swish.""",
)


def _mish(x):
    if is_odd(x):
        return plainly(_mish, x)
    near = np.clip(x, -_FURTHEST, 20.0)  # beyond 20, tanh(softplus(x)) is 1
    n = np.exp(near)
    # tanh(log(1 + n)) = w / (w + 2) with w = n * (n + 2)
    w = n + 2
    w *= n
    below = w + 2
    w /= below
    n *= n + 1
    n *= 4
    n *= near
    n /= below
    n /= below
    n += w
    w *= np.maximum(x, -_FURTHEST)
    return w, n


def _mish_slope(x):
    t, share = tanh(softplus(x)), sigmoid(x)
    return t + x * (share * (1 - t * t))


mish = _with_slope(
    _mish, _mish_slope, "mish",
    """x * tanh(log(1 + exp(x)))

    Source: Misra, Mish: a self regularized non-monotonic activation function, 2020, eq. 1.""",
)  # fmt: skip
_ROOT = math.sqrt(2 / math.pi)
_CUBIC = 0.044715


def _gelu_tanh(x):
    if is_odd(x):
        return plainly(_gelu_tanh, x)
    near = np.clip(x, -100.0, 100.0)
    square = near * near
    t = square * (_ROOT * _CUBIC)
    t += _ROOT
    t *= near
    np.tanh(t, t)
    # 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * (derivative of the argument)
    slope = square
    slope *= 3 * _ROOT * _CUBIC / 2
    slope += _ROOT / 2
    slope *= near
    np.multiply(t, t, near)
    np.subtract(1, near, near)
    slope *= near
    t += 1
    t *= 0.5
    slope += t
    t *= np.maximum(x, -100.0)
    return t, slope


def _gelu_tanh_slope(x):
    square = x * x
    t = tanh(x * (_ROOT + _ROOT * _CUBIC * square))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (_ROOT + 3 * _ROOT * _CUBIC * square)


gelu_tanh = _with_slope(
    _gelu_tanh, _gelu_tanh_slope, "gelu_tanh",
    """x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2

    Source: Hendrycks and Gimpel, Gaussian error linear units (GELUs), 2016, section 2.""",
)  # fmt: skip


def _log_of_rest(x):
    """log(1 + exp(-|x|))."""
    out = np.absolute(x)
    np.negative(out, out)
    np.exp(out, out)
    return np.log1p(out, out)


def _softplus(x, beta=1.0, threshold=20.0):
    if is_odd(x):
        return plainly(_softplus, x, beta, threshold)
    scaled = x * beta if beta != 1 else x
    out = _log_of_rest(scaled)
    out += np.maximum(scaled, 0)
    if beta != 1:
        out /= beta
    return select(scaled > threshold, x, out)


def _d_softplus(g, x, beta, threshold):
    scaled = x * beta if beta != 1 else x
    return g * select(greater(scaled, threshold), 1, sigmoid(scaled))


softplus = primitive(
    _softplus,
    ["x"],
    name="softplus",
    vjp={"x": _d_softplus},
    jvp={"x": lambda t, out, x, beta, threshold: _d_softplus(t, x, beta, threshold)},
    batch="same",
    cases=[case((2, 3)), case((2, 3), beta=2.0, threshold=1.25), case((2, 3), beta=-0.5)],
    kinks="the curve's at x = threshold / beta",
    doc="""log(1 + exp(beta * x)) / beta, and x where beta * x > threshold

    Source: Dugas et al., Incorporating second-order functional knowledge, 2001.""",
)


def _logsigmoid(x):
    if is_odd(x):
        return plainly(_logsigmoid, x)
    out = _log_of_rest(x)
    return np.subtract(np.minimum(x, 0), out, out)


logsigmoid = elementwise(_logsigmoid, d=lambda out: -expm1(out), name="logsigmoid", doc="-log(1 + exp(-x))")


def _softsign(x):
    if is_odd(x):
        return plainly(_softsign, x)
    most = np.finfo(x.dtype).max
    near = np.clip(x, -most, most)  # inf / inf would be NaN
    below = np.absolute(near)
    below += 1
    return np.divide(near, below, below)


def _softsign_slope(x):
    below = 1 / (1 + absolute(x))
    return below * below


softsign = elementwise(
    _softsign, d=_softsign_slope, name="softsign", kinks="1 at x = 0", doc="x / (1 + |x|)"
)


def _tanhshrink(x):
    return plainly(_tanhshrink, x) if is_odd(x) else x - np.tanh(x)


def _tanhshrink_slope(x):
    t = tanh(x)
    return t * t


tanhshrink = elementwise(_tanhshrink, d=_tanhshrink_slope, name="tanhshrink", doc="x - tanh(x)")


def _glu(x, axis=-1):
    values, gates = _halves(x, axis)
    out = _sigmoid(gates)
    out *= values
    return out


def _halves(x, axis):
    if not x.ndim or x.shape[axis_index(axis, x.ndim)] % 2:
        raise ShapeError(f"glu: x{x.shape} must have an axis {axis} of even length")
    return split(x, 2, axis)


def _d_glu(g, x, axis):
    values, gates = _halves(x, axis)
    share = sigmoid(gates)
    onto_values = g * share
    return concatenate([onto_values, onto_values * values * (1 - share)], axis)


def _moved_glu(t, x, axis):
    (values, gates), (onto_values, onto_gates) = _halves(x, axis), _halves(t, axis)
    share = sigmoid(gates)
    return share * (onto_values + values * (1 - share) * onto_gates)


glu = primitive(
    _glu,
    ["x"],
    name="glu",
    vjp={"x": _d_glu},
    jvp={"x": lambda t, out, x, axis: _moved_glu(t, x, axis)},
    analytic=True,
    batch="axis",
    cases=[case((2, 4)), case((2, 3), axis=0)],
    doc="""a * sigmoid(b), where a and b are the halves of x along an axis

    Source: Dauphin et al., Language modeling with gated convolutional networks, 2017, eq. 1.""",
)
__all__ = [
    "gelu_tanh",
    "glu",
    "logsigmoid",
    "mish",
    "sigmoid",
    "silu",
    "softplus",
    "softsign",
    "tanhshrink",
]
