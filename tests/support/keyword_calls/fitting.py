"""Statistics of several variables, polynomials, ranges, histograms, functions of functions."""

from __future__ import annotations

import numpy as np

from .data import FP, C, Cases, P, U, V, X, Z, drawn

CASES = Cases()
add = CASES.add

add(
    "cov",
    lambda n, x: (
        n.cov(x),
        n.cov(x, rowvar=False),
        n.cov(x, bias=True),
        n.cov(x, ddof=0),
        n.cov(x, fweights=[1, 2, 3]),
        n.cov(x, aweights=[0.5, 0.2, 1.0]),
        n.cov(x, dtype=np.longdouble),
    ),
    X,
)
add(
    "cov y",
    lambda n, x, y: (n.cov(x, y), n.corrcoef(x, y), n.corrcoef(x, rowvar=False)),
    X,
    drawn(2, 3),
)
add("cov c", lambda n, x: n.cov(x), Z)
add("cov aw tensor", lambda n, x, w: n.cov(x, aweights=w), X, np.array([0.4, 0.8, 0.5]))
add(
    "polys",
    lambda n, p, x: (
        n.polyval(p, x),
        n.polyder(p),
        n.polyder(p, 2),
        n.polyint(p),
        n.polyint(p, 2, [1.0, 2.0]),
        n.polyadd(p, x),
        n.polysub(p, x),
        n.polymul(p, x),
        n.poly(p),
        *n.polydiv(p, x),
    ),
    V,
    U,
)
add("roots", lambda n, p: n.sort_complex(n.roots(p)), U)
add("poly mat", lambda n, p: n.poly(p), C[0, :, :3])
add("polyfit", lambda n, x, y: n.polyfit(x, y, 2), V, FP)
add("polyfit w", lambda n, x, y, w: n.polyfit(x, y, 2, w=w), V, FP, np.abs(FP) + 0.3)
add("polyfit full", lambda n, x, y: n.polyfit(x, y, 2, full=True)[:2], V, FP)
add("polyfit cov", lambda n, x, y: n.polyfit(x, y, 2, cov=True), V, FP)
add("polyfit unscaled", lambda n, x, y: n.polyfit(x, y, 2, cov="unscaled"), V, FP)
add("polyfit 2d", lambda n, x, y: n.polyfit(x, y, 1, rcond=1e-9), V, drawn(7, 2))
add(
    "spaces",
    lambda n, a, b: (
        n.linspace(a, b, 5),
        n.linspace(a, b, 4, endpoint=False, axis=1),
        *n.linspace(a, b, 3, retstep=True),
        n.linspace(a, b, 3, dtype=np.longdouble),
        n.logspace(a, b, 3, base=3.0),
        n.logspace(a, b, 3, False),
        n.geomspace(a, b, 4),
        n.geomspace(a, b, 4, endpoint=False, axis=-1),
    ),
    P[0],
    P[1],
)
add("logspace base", lambda n, a, b, c: n.logspace(a, b, 3, base=c), P[0], P[1], P[0] + 1)
add("geomspace c", lambda n, a: n.geomspace(a, 1 + 2j, 4), Z[0])
add(
    "i0 sinc",
    lambda n, x: (n.i0(x), n.sinc(x), n.angle(x + 1j), n.angle(x - 1j, deg=True), n.real_if_close(x)),
    X,
)
add(
    "angle c",
    lambda n, x: (n.angle(x), n.angle(x, True), n.real(x), n.imag(x), n.absolute(x), n.conj(x)),
    Z,
)
add(
    "apply",
    lambda n, x: (
        n.apply_along_axis(lambda v, k: v * k, 1, x, 3.0),
        n.apply_over_axes(n.sum, x, [0, 2]),
        n.piecewise(x, [C < 0, C > 0.5], [lambda v: v * v, lambda v: -v, 3.0]),
    ),
    C,
)
add("bincount", lambda n, w: n.bincount([0, 2, 2], weights=w, minlength=5), X[0].copy())
add("hist w", lambda n, w: n.histogram([0.1, 0.2, 0.7], bins=2, weights=w)[0], P[0])
add(
    "histogram density",
    lambda n, w: n.histogram([0.1, 0.2, 0.7], bins=3, range=(0, 1), weights=w, density=True)[0],
    P[0],
)
add("histogram2d", lambda n, w: n.histogram2d([0.1, 0.2, 0.7], [0.3, 0.5, 0.6], bins=2, weights=w)[0], P[0])
add("histogramdd", lambda n, w: n.histogramdd(X.T, bins=2, weights=w)[0], P[0])
add("histogramdd density", lambda n, w: n.histogramdd(X.T, bins=2, weights=w, density=True)[0], P[0])
add("sliding", lambda n, x: n.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(0, 2)), C)
add("diag fill", lambda n, x: n.einsum("ii->i", x[:, :2]) * n.linalg.diagonal(x), X)
add(
    "histogram_bin_edges",
    lambda n, x: (n.histogram_bin_edges(x, 4), n.histogram_bin_edges(x, bins=4, range=None, weights=None)),
    X,
)
