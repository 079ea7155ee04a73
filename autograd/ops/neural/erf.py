"""The error function, and the activation made of it.

erfc(z) = exp(-z**2) * P(z) / Q(z) for z >= 0: the form of Cody, Rational Chebyshev approximations
for the error function, Math. Comp. 23 (1969), with one quotient for all z. The coefficients were
computed for this file, by interpolating exp(z**2) * erfc(z) at Chebyshev points of (z - 2) / (z + 2)
for z in 0..6, in 50 digits. They are all positive, so that no digit cancels. Near zero, where
1 - erfc(z) would lose digits, erf(z) = z * R(z**2), found likewise for z**2 in 0..1/4.
"""

from __future__ import annotations

import math

import numpy as np

from ...declare import elementwise
from ..elementwise import exp
from .selecting import is_odd, plainly, select

# For each dtype P, Q and R, highest power first; relative errors 8e-17, 4e-18; 3e-9, 2e-9.
_DOUBLE = (
    (
        0.00011021936110499467, 0.002083800416622186, 0.018700549526060362, 0.10332570919000626,
        0.38345906356887394, 0.9801196571398405, 1.6958921378656138, 1.8419424781690876, 1.0,
    ),
    (
        0.0001953587235740249, 0.0036934404959497805, 0.03324352890226228, 0.18498697052304935,
        0.6961362561534249, 1.8269639897231236, 3.3292119601859262, 4.047541201955048,
        2.9703216452646, 1.0,
    ),
    (
        1.4725865480556744e-06, -1.4845849259707869e-05, 0.00012053335124353741,
        -0.0008548297753674966, 0.00522397737302147, -0.026866170632887928, 0.11283791670925353,
        -0.37612638903183476, 1.1283791670955126,
    ),
)  # fmt: skip
_SINGLE = (
    (0.02700373971392109, 0.2008659782641053, 0.6711267739707962, 1.179375338378192, 1.0),
    (0.04786055210354137, 0.35609252737515285, 1.21260753721154, 2.275147075935148, 2.3077545993683133, 1.0),
    (0.004719082567218814, -0.026757732735015517, 0.11282831428465862, -0.37612609007469805, 1.1283791656017914),
)  # fmt: skip
# as 0-d arrays, which NumPy takes twice as fast as Python numbers
_TABLES = {
    np.dtype(t): tuple(tuple(np.asarray(c, t) for c in row) for row in table)
    for t, table in ((np.float64, _DOUBLE), (np.float32, _SINGLE))
}
_FURTHEST = 40.0  # where exp(-z**2 / 2) has vanished in every dtype; keeps infinities out
_TILE = 32768  # elements that are computed together, so that they stay in cache
_TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)
_ROOT_HALF = math.sqrt(0.5)
_DENSITY = 1 / math.sqrt(2 * math.pi)


def _polynomial(coefficients, z):
    out = z * coefficients[0]
    for c in coefficients[1:-1]:
        np.add(out, c, out)
        np.multiply(out, z, out)
    return np.add(out, coefficients[-1], out)


def _complement(z, table):
    """erfc(z) and exp(-z**2) for z in 0.._FURTHEST."""
    bell = z * z
    np.negative(bell, bell)
    np.exp(bell, bell)
    tail = _polynomial(table[0], z)
    tail /= _polynomial(table[1], z)
    tail *= bell
    return tail, bell


def _tiles(x):
    """Slices of the flat x; a program has tiles of its own."""
    step = _TILE if type(x) is np.ndarray else max(x.size, 1)
    return [slice(i, i + step) for i in range(0, x.size, step)]


def _is_near(x, z):
    """Whether all of z = |x| is known not to be far: found sooner than it is bounded. Programs bound it."""
    return type(x) is np.ndarray and np.maximum.reduce(z) < _FURTHEST


def _erf(x):
    if is_odd(x):
        return plainly(_erf, x)
    table = _TABLES[x.dtype]
    out, flat = np.empty(x.shape, x.dtype, like=x), x.reshape(-1)
    for tile in _tiles(x):
        part = flat[tile]
        z = np.absolute(part)
        if not _is_near(x, z):
            z = np.minimum(z, _FURTHEST)
        tail, _ = _complement(z, table)
        far = np.copysign(1 - tail, part)
        near = np.clip(part, -0.5, 0.5)
        near *= _polynomial(table[2], near * near)
        out.reshape(-1)[tile] = select(z > 0.5, far, near)
    return out


erf = elementwise(
    _erf,
    d=lambda x: _TWO_OVER_ROOT_PI * exp(-x * x),
    name="erf",
    doc="""2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x

    Source: W. J. Cody, Rational Chebyshev approximations for the error function, 1969.""",
)


def _gelu(x):
    """x * cdf(x), and its derivative cdf(x) + x * density(x)."""
    if is_odd(x):
        return plainly(_gelu, x)
    table = _TABLES[x.dtype]
    out, slope, flat = np.empty(x.shape, x.dtype, like=x), np.empty(x.shape, x.dtype, like=x), x.reshape(-1)
    for tile in _tiles(x):
        part = flat[tile]
        inside, z = part, np.absolute(part)
        if not _is_near(x, z):
            # an infinity times nothing would be NaN
            part, z = np.maximum(part, -_FURTHEST), np.minimum(z, _FURTHEST)
            inside = np.minimum(part, _FURTHEST)
        inside = inside * _DENSITY
        z *= _ROOT_HALF
        cdf, bell = _complement(z, table)
        cdf *= 0.5  # the share beyond |x|; for x > 0 it is the rest
        np.subtract(part > 0, cdf, cdf)
        np.absolute(cdf, cdf)
        np.multiply(part, cdf, out.reshape(-1)[tile])
        inside *= bell
        np.add(cdf, inside, slope.reshape(-1)[tile])
    return out, slope


def _gelu_slope(x):
    return 0.5 * (1 + erf(x * _ROOT_HALF)) + x * (_DENSITY * exp(-0.5 * (x * x)))


gelu = elementwise(
    _gelu,
    vjp=lambda g, x, aux: g * (_gelu_slope(x) if aux is None else aux),
    jvp={"x": lambda t, out, x: t * _gelu_slope(x)},
    name="gelu",
    aux=True,
    doc="""x times the share of the standard normal distribution below x

    Source: Hendrycks and Gimpel, Gaussian error linear units (GELUs), 2016, section 2.""",
)
