"""Reductions over every kind of axis, of some elements, from a value on, in other dtypes, into arrays."""

from __future__ import annotations

import numpy as np

from .data import CP, MC, Cases, Z

CASES = Cases()
add = CASES.add
AXES = (None, 0, -2, (0, 1), (1, -1), (), (0, 1, 2))
SUMS = ["sum", "prod", "mean", "var", "std", "nansum", "nanprod", "nanmean", "nanvar", "nanstd"]
EXTREMA = ["max", "min", "amax", "amin", "nanmax", "nanmin"]
NANS = np.zeros(CP.shape, bool)
NANS[0, 1, 2] = NANS[1, 0, 0] = NANS[1, 2, 3] = True


def call(name, *args, **options):
    return lambda n, x: getattr(n, name)(x, *args, **options)


for name in [*SUMS, *EXTREMA, "ptp", "median", "nanmedian"]:
    for axis in AXES:
        if axis != () or "median" not in name:
            for keep in (False, True):
                add(f"{name} {axis} {keep}", call(name, axis=axis, keepdims=keep), CP)
    add(f"{name} out", lambda n, x, f=name: getattr(n, f)(x, axis=0, out=n.zeros_like(x[0])), CP)
for name in [*SUMS, *EXTREMA]:
    start = {"initial": 0.5} if name in EXTREMA else {}
    for axis in (None, 0, (0, 2)):
        add(f"{name} where {axis}", call(name, axis=axis, where=MC, keepdims=True, **start), CP)
        if name in (*EXTREMA, "sum", "prod", "nansum", "nanprod"):
            add(f"{name} initial {axis}", call(name, axis=axis, initial=0.7), CP)
            add(f"{name} initial, where {axis}", call(name, axis=axis, initial=0.7, where=MC[:1]), CP)
for name in SUMS:
    add(f"{name} dtype", call(name, dtype=np.longdouble), CP)
    add(f"{name} complex dtype", call(name, axis=1, dtype=complex), CP)
    add(f"{name} of complex", call(name, axis=1), Z)
    if name[-3:] in ("var", "std"):
        for ddof in (1, 0.5, -1):
            add(f"{name} ddof {ddof}", call(name, axis=1, ddof=ddof), CP)
            add(f"{name} correction {ddof}", call(name, axis=(0, 2), correction=ddof), CP)
        add(
            f"{name} mean",
            lambda n, x, f=name: getattr(n, f)(x, axis=1, mean=n.mean(x, axis=1, keepdims=True)),
            CP,
        )
        add(
            f"{name} another mean",
            lambda n, x, f=name: getattr(n, f)(
                x, axis=1, where=MC, ddof=0.5, mean=n.mean(x * x, axis=1, keepdims=True, where=MC)
            ),
            CP,
        )
for name in [
    "nansum",
    "nanprod",
    "nanmean",
    "nanvar",
    "nanstd",
    "nanmax",
    "nanmin",
    "nanmedian",
    "nancumsum",
    "nancumprod",
]:
    for axis in (None, 0, 2):
        if axis or "cum" in name:
            add(
                f"{name} nans {axis}",
                lambda n, x, f=name, a=axis: getattr(n, f)(n.where(NANS, np.nan, x), axis=a),
                CP,
            )
    if "cum" not in name:
        add(
            f"{name} nans of some",
            lambda n, x, f=name: getattr(n, f)(n.where(NANS, np.nan, x), axis=(0, 2), keepdims=True),
            CP,
        )
for name in ("cumsum", "cumprod", "nancumsum", "nancumprod"):
    for axis in (None, 0, -1):
        add(f"{name} {axis}", call(name, axis=axis), CP)
    add(f"{name} dtype", call(name, axis=1, dtype=np.longdouble), CP)
    add(f"{name} out", lambda n, x, f=name: getattr(n, f)(x, axis=1, out=n.zeros_like(x)), CP)
    add(f"{name} complex", call(name, axis=1), Z)
for name in ("cumulative_sum", "cumulative_prod"):
    for first in (False, True):
        for axis in (0, -1):
            add(f"{name} {axis} {first}", call(name, axis=axis, include_initial=first), CP)
        add(
            f"{name} of one {first}",
            lambda n, x, f=name, i=first: getattr(n, f)(x[0, 0], include_initial=i),
            CP,
        )
        add(f"{name} dtype {first}", call(name, axis=1, dtype=np.longdouble, include_initial=first), CP)
    add(f"{name} out", lambda n, x, f=name: getattr(n, f)(x, axis=1, out=n.zeros_like(x)), CP)
    add(
        f"{name} out, initial",
        lambda n, x, f=name: getattr(n, f)(
            x, axis=1, include_initial=True, out=n.zeros_like(n.concatenate([x, x[:, :1]], 1))
        ),
        CP,
    )
