"""Quantiles by every method, and averages, with weights."""

from __future__ import annotations

import numpy as np

from .data import CP, C, Cases, Z

CASES = Cases()
add = CASES.add
METHODS = [
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "interpolated_inverted_cdf",
    "hazen",
    "weibull",
    "linear",
    "median_unbiased",
    "normal_unbiased",
    "lower",
    "higher",
    "midpoint",
    "nearest",
]
SMOOTH = METHODS[3:9]  # the result moves with the share
SHARES = np.array([0.13, 0.5, 0.77, 0.0, 1.0])
WHOLE = {"quantile": 1, "nanquantile": 1, "percentile": 100, "nanpercentile": 100}
NANS = np.zeros(C.shape, bool)
NANS[0, 1, 2] = NANS[1, 0, 0] = True


def call(name, shares, *args, **options):
    return lambda n, x: getattr(n, name)(x, shares, *args, **options)


for name, whole in WHOLE.items():
    for method in METHODS:
        for axis in (None, -1, (0, 2)):
            add(f"{name} {method} {axis}", call(name, SHARES * whole, axis, method=method), C)
        add(
            f"{name} {method} of one share",
            lambda n, x, f=name, w=whole, m=method: getattr(n, f)(
                x * 1, 0.37 * w, 1, n.zeros_like(x[:, 0]), overwrite_input=True, method=m
            ),
            C,
        )
        square = np.array([[0.13, 0.5], [0.77, 0.31]]) * whole
        add(f"{name} {method} of a table", call(name, square, axis=1, method=method, keepdims=True), C)
        if method in SMOOTH:
            add(
                f"{name} {method} by the share",
                lambda n, x, q, f=name, m=method: getattr(n, f)(x, q, axis=1, method=m),
                C,
                np.array([0.41, 0.583]) * whole,
            )
        if "nan" in name:
            add(
                f"{name} {method} with nans",
                lambda n, x, f=name, w=whole, m=method: getattr(n, f)(
                    n.where(NANS, np.nan, x), SHARES * w, axis=1, method=m
                ),
                C,
            )
    for axis in (None, 0, (0, 2)):
        options = {"axis": axis, "method": "inverted_cdf", "weights": CP}
        add(f"{name} weights {axis}", call(name, SHARES[:3] * whole, **options), C)
for name in ("quantile", "percentile"):
    options = {"method": "inverted_cdf", "weights": CP[0, :, 0], "keepdims": True}
    add(f"{name} weights of an axis", call(name, 0.4 * WHOLE[name], axis=1, **options), C)
for name in ("median", "nanmedian"):
    add(
        f"{name} overwrite_input",
        lambda n, x, f=name: getattr(n, f)(x * 1, axis=1, overwrite_input=True),
        C,
    )
add("average", lambda n, x: n.average(x), C)
add("average weights", lambda n, x, w: n.average(x, weights=w), C, CP)
add("average axis", lambda n, x, w: n.average(x, axis=1, weights=w), C, CP[0, :, 0])
add("average axes", lambda n, x, w: n.average(x, axis=(0, 2), weights=w, keepdims=True), C, CP[:, 0])
add("average turned axes", lambda n, x, w: n.average(x, axis=(2, 0), weights=w.T), C, CP[:, 0])
add("average returned", lambda n, x, w: n.average(x, 1, w, True, keepdims=True), C, CP)
add("average returned, no weights", lambda n, x: n.average(x, axis=1, returned=True), C)
add("average complex", lambda n, x, w: n.average(x, axis=1, weights=w), Z, Z + 1)
