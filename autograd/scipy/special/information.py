"""Entropies, logistic functions, Huber's losses and Box and Cox's transformation."""

from __future__ import annotations

import numpy as np

from ...ops.choosing import clip, equal, greater, isinf, less, logical_and, maximum, where
from ...ops.elementwise import exp, log, log1p
from ...ops.sizes import absolute, hypot
from ...tape import TensorBase
from ._declare import special
from ._edges import both_zero, no_slope
from .hypergeometric import hyp1f1, hyp2f1

_POSITIVE, _SHARES = (0.1, 3.0), (0.1, 0.9)

# ------------------------------------------------------------------ x log y


def _safely(x, y):
    """y, and 1 where both are 0."""
    return where(both_zero(x, y), 1.0, y)


def _first(x, y, slope):
    """A first derivative: where both are 0 it is what the convention says, and has none itself."""
    return slope + no_slope(both_zero(x, y), x, y)


xlogy = special(
    "xlogy", ["x", "y"],
    vjp={"x": lambda g, x, y: g * _first(x, y, log(_safely(x, y))),
         "y": lambda g, x, y: g * _first(x, y, x / _safely(x, y))},
    singular=True, analytic=True, domain=_POSITIVE, kinks="0 by both at (0, 0)", doc="x log y, and 0 for x = 0",
)  # fmt: skip
xlog1py = special(
    "xlog1py", ["x", "y"],
    vjp={"x": lambda g, x, y: g * _first(x, 1 + y, log1p(where(both_zero(x, 1 + y), 0.0, y))),
         "y": lambda g, x, y: g * _first(x, 1 + y, x / _safely(x, 1 + y))},
    singular=True, analytic=True, domain=_POSITIVE, kinks="0 by both at (0, -1)",
    doc="x log(1 + y), and 0 for x = 0",
)  # fmt: skip
entr = special(
    "entr", d=lambda x: -1 - log(x), singular=True, domain=_POSITIVE, kinks="infinite at 0; NaN below",
    doc="-x log x. Gradient: -1 - log x.",
)  # fmt: skip
rel_entr = special(
    "rel_entr", ["x", "y"],
    vjp={"x": lambda g, x, y: g * _first(x, y, 1 + log(_ratio(x, y))),
         "y": lambda g, x, y: -g * _first(x, y, x / _safely(x, y))},
    singular=True, domain=_POSITIVE, kinks="1 and 0 at (0, 0); by x -inf at x = 0", doc="x log(x / y)",
)  # fmt: skip
kl_div = special(
    "kl_div", ["x", "y"],
    vjp={"x": lambda g, x, y: g * _first(x, y, log(_ratio(x, y))),
         "y": lambda g, x, y: g * _first(x, y, 1 - x / _safely(x, y))},
    singular=True, domain=_POSITIVE, kinks="0 and 1 at (0, 0); by x -inf at x = 0", doc="x log(x / y) - x + y",
)  # fmt: skip


def _ratio(x, y):
    return where(both_zero(x, y), 1.0, x) / _safely(x, y)


# ------------------------------------------------------------------ logistic


def _slope_of_expit(x, out):
    """out * expit(-x), by one exponential where nothing is differentiated again."""
    if isinstance(x, TensorBase) or isinstance(out, TensorBase):
        return out * expit(-x)
    e = np.exp(-abs(x))  # of what is not positive, so that it never overflows
    return e / np.square(1 + e)


expit = special("expit", d=_slope_of_expit, doc="1 / (1 + exp(-x)). Gradient: expit(x) expit(-x).")
log_expit = special("log_expit", d=lambda x: expit(-x), doc="log(expit(x)). Gradient: expit(-x).")
logit = special(
    "logit", vjp={"x": lambda g, x: g / (x * (1 - x))}, singular=True, domain=_SHARES,
    kinks="infinite at 0 and 1", doc="log(x / (1 - x)), the inverse of expit",
)  # fmt: skip
softplus = special("softplus", d=lambda x: expit(x), doc="log(1 + exp(x)). Gradient: expit(x).")

# ------------------------------------------------------------------ Huber


huber = special(
    "huber", ["delta", "r"],
    vjp={"delta": lambda g, delta, r: g * maximum(absolute(r) - delta, 0.0),
         "r": lambda g, delta, r: g * _within(r, delta)},
    domain={"delta": (0.6, 0.9), "r": (1.1, 3.0)}, kinks="none of first order for delta > 0",
    doc="r**2 / 2 for |r| <= delta, else delta (|r| - delta / 2)",
)  # fmt: skip


def _within(r, delta):
    """r, no farther from 0 than delta; for a delta of 0 it does not change with r."""
    return clip(where(both_zero(delta, r), 0.0, r), -delta, delta)


pseudo_huber = special(
    "pseudo_huber", ["delta", "r"],
    vjp={
        "delta": lambda g, delta, r: g * _pseudo_huber_by_delta(delta, r),
        "r": lambda g, delta, r: g * _first(delta, r, delta * (r / _radius(delta, r))),
    },
    singular=True, domain={"delta": (0.5, 2.0), "r": (0.1, 3.0)}, kinks="0 by both at (0, 0)",
    doc="delta**2 (sqrt(1 + (r / delta)**2) - 1)",
)  # fmt: skip


def _radius(delta, r):
    """hypot(delta, r), and 1 where both are 0."""
    return hypot(where(both_zero(delta, r), 1.0, delta), r)


def _pseudo_huber_by_delta(delta, r):
    """The derivative of delta (h - delta), h the radius: h + delta**2 / h - 2 delta, without the difference."""
    radius = _radius(delta, r)
    share = r * (r / (radius + delta))
    return _first(delta, r, share * (share / radius))


# ------------------------------------------------------------------ powers


def _d_exprel(x):
    # (exp(x) (x - 1) + 1) / x**2; near 0 and for negative x by Kummer's function, which has it whole
    far = greater(absolute(x), 3.0)
    y = where(far, x, 1.0)
    return where(far, ((y - 1) * exp(y) + 1) / (y * y), 0.5 * hyp1f1(2.0, 3.0, where(far, 0.0, x)))


exprel = special(
    "exprel", d=_d_exprel, singular=True, doc="(exp(x) - 1) / x, and 1 at 0",
)  # fmt: skip


def log1p_ratio(t):
    """log(1 + t) / t, and 1 at 0."""
    near = less(absolute(t), 0.1)
    y = where(near, 1.0, t)
    return where(near, hyp2f1(1.0, 1.0, 2.0, -where(near, t, 0.0)), log1p(y) / y)


def _log1p_ratio_slope(t):
    near = less(absolute(t), 0.1)
    y = where(near, 1.0, t)
    far = (1 / (1 + y) - log1p(y) / y) / y
    return where(near, -0.5 * hyp2f1(2.0, 2.0, 3.0, -where(near, t, 0.0)), far)


def _power(x, y):
    """x**y, which at (0, 0) has no derivative by y."""
    return x**y + no_slope(both_zero(x, y), y)


def _power_by_exponent(x, y, out):
    """The derivative of x**y - 1, which is `out`, by y: 0 for x = 0 and y > 0."""
    vanished = logical_and(equal(x, 0), greater(y, 0))
    return where(vanished, no_slope(vanished, x), (out + 1) * log(where(vanished, 1.0, x)))


def _boxcox_by_lambda(x, logarithm, lmbda):
    """The derivative of (exp(lmbda * logarithm) - 1) / lmbda by lmbda."""
    vanished = logical_and(isinf(logarithm), greater(lmbda, 0))  # what is left is -1 / lmbda
    some = where(vanished, 1.0, logarithm)
    left = 1 / where(vanished, lmbda, 1.0) ** 2 + no_slope(vanished, x)
    return where(vanished, left, some * some * _d_exprel(lmbda * some))


boxcox = special(
    "boxcox", ["x", "lmbda"],
    vjp={"x": lambda g, x, lmbda: g * _power(x, lmbda - 1),
         "lmbda": lambda g, x, lmbda: g * _boxcox_by_lambda(x, log(x), lmbda)},
    singular=True, domain={"x": (0.3, 3.0), "lmbda": (-2.0, 2.0)}, doc="(x**lmbda - 1) / lmbda; log x for 0",
)  # fmt: skip
boxcox1p = special(
    "boxcox1p", ["x", "lmbda"],
    vjp={"x": lambda g, x, lmbda: g * _power(1 + x, lmbda - 1),
         "lmbda": lambda g, x, lmbda: g * _boxcox_by_lambda(1 + x, log1p(x), lmbda)},
    singular=True, domain={"x": _POSITIVE, "lmbda": (-2.0, 2.0)}, doc="((1+x)**lmbda - 1) / lmbda; log(1+x) for 0",
)  # fmt: skip


def _inverse(name, shift, doc):
    return special(
        name, ["x", "lmbda"],
        vjp={"x": lambda g, x, lmbda, out: g * ((out + shift) / (1 + x * lmbda)),
             "lmbda": lambda g, x, lmbda, out: g * ((out + shift) * (x * x * _log1p_ratio_slope(x * lmbda)))},
        singular=True, domain={"x": (0.1, 2.0), "lmbda": (-0.4, 2.0)}, doc=doc,
    )  # fmt: skip


inv_boxcox = _inverse("inv_boxcox", 0, "The inverse of boxcox, (1 + lmbda x)**(1 / lmbda)")
inv_boxcox1p = _inverse("inv_boxcox1p", 1, "The inverse of boxcox1p, (1 + lmbda x)**(1 / lmbda) - 1")
powm1 = special(
    "powm1", ["x", "y"],
    vjp={"x": lambda g, x, y: g * (y * _power(x, y - 1)),
         "y": lambda g, x, y, out: g * _power_by_exponent(x, y, out)},
    singular=True, domain=_POSITIVE, doc="x**y - 1, to all digits near 0",
)  # fmt: skip
_tukey_doc = (
    "The distribution function of Tukey's lambda distribution, whose quantiles are (p**l - (1-p)**l) / l"
)


def _tukey(x, lmbda, out, slope):
    """A derivative by the share p = out and the density; 0 outside of the support, |x| <= 1 / lmbda."""
    outside = logical_and(greater(lmbda, 0), greater(absolute(x * lmbda), 1))
    p = where(outside, 0.5, out)
    return where(outside, 0.0, slope(p, lmbda) / (p ** (lmbda - 1) + (1 - p) ** (lmbda - 1)))


def _tukey_by_lambda(p, lmbda):
    """The derivative of the quantile by lambda."""
    one, two = log(p), log1p(-p)
    return one * one * _d_exprel(lmbda * one) - two * two * _d_exprel(lmbda * two)


tklmbda = special(
    "tklmbda", ["x", "lmbda"],
    vjp={"x": lambda g, x, lmbda, out: g * _tukey(x, lmbda, out, lambda p, lmbda: 1.0),
         "lmbda": lambda g, x, lmbda, out: -g * _tukey(x, lmbda, out, _tukey_by_lambda)},
    singular=True, domain={"x": (-0.9, 0.9), "lmbda": (0.1, 0.9)}, doc=_tukey_doc,
)  # fmt: skip
