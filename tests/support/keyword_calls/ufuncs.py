"""Ufuncs with their keywords, and their methods."""

from __future__ import annotations

import numpy as np

from .data import CP, C, Cases, M, P, V

CASES = Cases()
add = CASES.add


def at(ufunc, x, values):
    y = x * 1.0
    ufunc.at(y, ([0, 1, 0], [0, 2, 0]), values)
    return y


for r in ("add", "multiply", "subtract", "divide", "maximum"):
    add(
        f"{r}.at",
        lambda n, x, v, r=r: at(getattr(n, r), x, v),
        P,
        P[0] * 2 + 1.11,
    )
    for ax in (0, -1, (0, 2), None):
        if r in ("add", "multiply", "maximum"):
            add(
                f"{r}.reduce {ax}",
                lambda n, x, r=r, ax=ax: getattr(n, r).reduce(x, axis=ax, keepdims=True),
                CP,
            )
            add(
                f"{r}.reduce where init {ax}",
                lambda n, x, r=r, ax=ax: getattr(n, r).reduce(x, axis=ax, initial=0.5, where=C > -0.5),
                CP,
            )
    add(f"{r}.accumulate", lambda n, x, r=r: getattr(n, r).accumulate(x, axis=1), CP)
    add(
        f"{r}.accumulate out dtype",
        lambda n, x, r=r: getattr(n, r).accumulate(x, 1, np.float64, n.zeros_like(x)),
        CP,
    )
    add(f"{r}.outer", lambda n, x, y, r=r: getattr(n, r).outer(x, y), P, V)
    add(f"{r}.reduceat", lambda n, x, r=r: getattr(n, r).reduceat(x, [0, 2, 1, 3], axis=2), CP)
    add(
        f"{r}.reduce dtype",
        lambda n, x, r=r: getattr(n, r).reduce(x, 1, np.longdouble),
        CP,
    ) if r in ("add", "multiply") else None
    add(f"{r}.reduce out", lambda n, x, r=r: getattr(n, r).reduce(x, 1, None, n.zeros_like(x[:, 0])), CP)
    add(
        f"{r}.reduceat out",
        lambda n, x, r=r: getattr(n, r).reduceat(x, [0, 2], 2, None, n.zeros_like(x[..., :2])),
        CP,
    )
for r in (
    "subtract",
    "divide",
    "power",
    "hypot",
    "logaddexp",
    "arctan2",
    "fmax",
    "fmin",
    "minimum",
    "float_power",
):
    add(f"{r}.reduce", lambda n, x, r=r: getattr(n, r).reduce(x, axis=1), CP)
    add(f"{r}.accumulate again", lambda n, x, r=r: getattr(n, r).accumulate(x, axis=2), CP)
    add(f"{r}.outer again", lambda n, x, y, r=r: getattr(n, r).outer(x, y), P, P[0] * 1.3)
    add(f"{r}.reduceat again", lambda n, x, r=r: getattr(n, r).reduceat(x, [0, 2, 1], axis=1), CP)
for u in [
    "add",
    "subtract",
    "multiply",
    "divide",
    "power",
    "hypot",
    "arctan2",
    "logaddexp",
    "logaddexp2",
    "fmax",
    "fmin",
    "maximum",
    "minimum",
    "copysign",
    "fmod",
    "remainder",
    "float_power",
    "nextafter",
    "heaviside",
]:
    add(f"{u} out where", lambda n, x, y, u=u: getattr(n, u)(x, y, out=x * 0.5, where=M), P, P[::-1] * 1.37)
    add(f"{u} out", lambda n, x, y, u=u: getattr(n, u)(x, y, n.zeros_like(x)), P, P[::-1] * 1.37)
    add(f"{u} dtype", lambda n, x, y, u=u: getattr(n, u)(x, y, dtype=np.longdouble), P, P[::-1] * 1.37)
    add(
        f"{u} cast order subok",
        lambda n, x, y, u=u: getattr(n, u)(x, y, casting="same_kind", order="F", subok=True),
        P,
        P[::-1] * 1.37,
    )
    add(f"{u} sig", lambda n, x, y, u=u: getattr(n, u)(x, y, signature="dd->d"), P, P[::-1] * 1.37)
for u in [
    "negative",
    "positive",
    "absolute",
    "fabs",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sqrt",
    "square",
    "cbrt",
    "reciprocal",
    "sin",
    "cos",
    "tan",
    "arcsinh",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "degrees",
    "radians",
    "deg2rad",
    "rad2deg",
    "conjugate",
]:
    add(f"{u} out where", lambda n, x, u=u: getattr(n, u)(x, out=x * 0.5, where=M), P)
    add(f"{u} out", lambda n, x, u=u: getattr(n, u)(x, n.zeros_like(x)), P)
    add(f"{u} out tuple", lambda n, x, u=u: getattr(n, u)(x, out=(n.zeros_like(x),)), P)
    add(f"{u} dtype", lambda n, x, u=u: getattr(n, u)(x, dtype=np.longdouble), P)
    add(f"{u} order", lambda n, x, u=u: getattr(n, u)(x, order="F", casting="safe", subok=False), P)
for u in ["modf", "frexp", "divmod"]:
    a = (lambda n, x, u=u: getattr(n, u)(x)[0]) if u != "divmod" else (lambda n, x: n.divmod(x, 0.37)[1])
