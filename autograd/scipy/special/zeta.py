"""The zeta functions of Riemann and Hurwitz, by both arguments.

Source: DLMF 25.11.17 (by q) and 25.11.28, the formula of Euler and Maclaurin, differentiated by s.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...declare import case
from ...errors import NotDifferentiable
from ...ops.composed import plain
from ...ops.shapes import as_array
from ._declare import in_the_dtype_of, own, own_elementwise, sc, spelled

_TERMS, _TAIL = 12, 14  # terms that are summed, and terms with Bernoulli numbers
_BERNOULLI = sc.bernoulli(2 * _TAIL)


def _derivative(s: Any, q: Any, n: int) -> Any:
    """The n-th derivative by s of the sum of (q+k)**-s; NaN where _TERMS and _TAIL are too few for s."""
    s, q = np.broadcast_arrays(s, q)
    dtype = np.result_type(*[v.dtype if v.dtype.kind in "fc" else np.float64 for v in (s, q)], np.float32)
    if dtype.char not in "fdFD" or q.dtype.kind == "c":
        raise TypeError(f"not defined for {dtype}")  # named by the call
    s, q = s.astype(np.complex128 if s.dtype.kind == "c" else np.float64), q.astype(np.float64)
    with np.errstate(all="ignore"):
        total: Any = 0.0
        for k in range(_TERMS):
            total = total + (-np.log(q + k)) ** n * (q + k) ** -s
        total = total + _tail(s, q + _TERMS, n)
    return np.where((s.real >= 0) & (np.abs(s.imag) <= 20) & (q > 0), total, np.nan).astype(dtype)[()]


def _tail(s: np.ndarray, a: np.ndarray, n: int) -> Any:
    """What the terms from a on come to: a**-s times a polynomial in s and a / (s - 1), differentiated."""
    jet = [a * (-1) ** m * (s - 1.0) ** -(m + 1) for m in range(n + 1)]  # Taylor coefficients in s
    jet[0] = jet[0] + 0.5
    rising = [s, *[np.ones_like(s)] * (n > 0), *[np.zeros_like(s)] * (n - 1)]
    for j in range(1, _TAIL + 1):
        scale = _BERNOULLI[2 * j] / math.factorial(2 * j) * a ** (1.0 - 2 * j)
        jet = [c + scale * r for c, r in zip(jet, rising)]
        for i in (2 * j - 1, 2 * j):  # the next two factors, s + i
            rising = [r * (s + i) + (rising[m - 1] if m else 0.0) for m, r in enumerate(rising)]
    log = -np.log(a)
    parts = [math.comb(n, m) * math.factorial(m) * jet[m] * log ** (n - m) for m in range(n + 1)]
    return sum(parts) * a**-s


def _order(s: Any, q: Any, n: int) -> Any:
    return zeta_derivative(s, q, n) if n else _hurwitz(s, q)


def _by_s(t: Any, s: Any, q: Any, n: int) -> Any:
    return t * zeta_derivative(s, q, n + 1)


def _by_q(t: Any, s: Any, q: Any, n: int) -> Any:
    first = s * _order(s + 1, q, n)
    return -t * (first + n * _order(s + 1, q, n - 1) if n else first)


zeta_derivative = own(
    lambda s, q, n: _derivative(s, q, n), ["s", "q"], name="zeta_derivative",
    vjp={"s": lambda g, s, q, n: in_the_dtype_of(s, _by_s(g, s, q, n)),
         "q": lambda g, s, q, n: in_the_dtype_of(q, _by_q(g, s, q, n))},
    jvp={"s": lambda t, out, s, q, n: _by_s(t, s, q, n), "q": lambda t, out, s, q, n: _by_q(t, s, q, n)},
    core=(0, 0, 0), batch="gufunc", domain={"s": (1.3, 4.0), "q": (0.3, 4.0)}, singular=True,
    cases=[case((2, 3), (2, 3), n=1), case((2,), (2,), n=2)],
    reference=lambda s, q, n: sum((-np.log(q + k)) ** n * (q + k) ** -s for k in range(40)) + _tail(s, q + 40, n),
    doc="The n-th derivative by s of Hurwitz' zeta function.",
)  # fmt: skip
_hurwitz = own_elementwise(
    lambda x, q: sc.zeta(x, q), ["x", "q"], name="hurwitz_zeta",
    vjp={"x": lambda g, x, q: in_the_dtype_of(x, _by_s(g, x, q, 0)),
         "q": lambda g, x, q: in_the_dtype_of(q, _by_q(g, x, q, 0))},
    jvp={"x": lambda t, out, x, q: _by_s(t, x, q, 0), "q": lambda t, out, x, q: _by_q(t, x, q, 0)},
    reference=sc.zeta, domain={"x": (1.3, 4.0), "q": (0.3, 4.0)}, singular=True, kinks="infinite at x = 1; NaN beyond |imag x| = 20",
    doc="Hurwitz' zeta function",
)  # fmt: skip


@spelled("zeta")
def zeta(x, q=None, out=None):
    """The Hurwitz zeta function, the sum of (q+k)**-x; Riemann's without q.

    Gradient: by x, the sum of -log(q+k) (q+k)**-x; by q, -x * zeta(x + 1, q).
    Errors: NotDifferentiable where a gradient flows to Riemann's function of x < 0.

    Example:
        >>> from autograd import grad
        >>> from autograd.scipy.special import zeta
        >>> round(float(zeta(2.0)), 9), round(float(grad(zeta)(2.0)), 9)
        (1.644934067, -0.937548254)
    """
    if q is not None:
        return _hurwitz(x, q)
    if np.any(np.real(plain(x)) < 0):
        raise NotDifferentiable("scipy.special.zeta has no derivative here for x < 0")
    return _riemann(as_array(x))


_riemann = own_elementwise(
    lambda x: sc.zeta(x), ["x"], name="riemann_zeta", vjp={"x": lambda g, x: g * zeta_derivative(x, 1.0, 1)},
    reference=lambda x: sc.zeta(x), domain=(1.3, 4.0), singular=True, analytic=True, kinks="infinite at 1; NaN beyond |imag x| = 20", doc="Riemann's zeta function",
)  # fmt: skip
