"""Functions that choose elements."""

from __future__ import annotations

import numpy as np

from .data import C, Cases, M, X, Y

CASES = Cases()
add = CASES.add

for m in ("raise", "wrap", "clip"):
    ix = np.array([[0, 1], [1, 0]]) if m == "raise" else np.array([[0, 7], [-8, 2]])
    for ax in (None, 0, 1, -1):
        add(f"take {m} {ax}", lambda n, x, m=m, ax=ax, ix=ix: n.take(x, ix, axis=ax, mode=m), C)
        add(
            f"take out {m} {ax}",
            lambda n, x, m=m, ax=ax, ix=ix: n.take(
                x, ix, ax, n.zeros_like(n.take(x, ix, axis=ax, mode=m)), m
            ),
            C,
        )
    add(
        f"choose {m}",
        lambda n, x, y, m=m: n.choose(
            [[0, 1, 0], [1, 1, 0]] if m == "raise" else [[0, 5, -3], [1, -1, 9]], [x, y], mode=m
        ),
        X,
        Y,
    )
    add(
        f"choose out {m}",
        lambda n, x, y, m=m: n.choose([[0, 1, 0], [1, 1, 0]], [x, y], out=n.zeros_like(x), mode=m),
        X,
        Y,
    )
add("select", lambda n, x, y, d: n.select([M, X > 0.6], [x, y], default=d), X, Y, np.array(2.2))
add("select dflt", lambda n, x: n.select([M], [x]), X)
add(
    "compress",
    lambda n, x: (
        n.compress([False, True, True], x, axis=1),
        n.compress([True, False, True], x),
        n.compress([True, False], x, 0, n.zeros_like(x[:1])),
        n.extract(M, x),
    ),
    X,
)
add(
    "take_along",
    lambda n, x: (
        n.take_along_axis(x, np.array([[[1], [0], [2]]] * 2), -1),
        n.take_along_axis(x, np.array([3, 3, 1]), None),
        n.take_along_axis(x, np.argsort(C, 1), axis=1),
    ),
    C,
)
add("where", lambda n, x, y: (n.where(M, x, y), n.where(M, x, 1.0), n.where(M[0], x[0, 0], y)), X, Y)
add(
    "clip",
    lambda n, x, a: (
        n.clip(x, -0.5, 1.2),
        n.clip(x, a, None),
        n.clip(x, None, a),
        n.clip(x, min=a),
        n.clip(x, max=1.0),
        n.clip(x, -0.5, 1.2, n.zeros_like(x)),
        n.clip(x, a, 1.4),
    ),
    X,
    np.array([0.1, 0.2, 0.3]),
)
add(
    "nan_to_num",
    lambda n, x: (
        n.nan_to_num(x),
        n.nan_to_num(n.where(M, np.nan, x), nan=3.0),
        n.nan_to_num(n.where(M, np.inf, x), copy=True, posinf=3.0, neginf=-1),
    ),
    X,
)
add("tri", lambda n, x: (n.tril(x), n.triu(x, 1), x[n.tril_indices(2)], n.trim_zeros(x[0])), X)
add(
    "uniq",
    lambda n, x: (
        n.unique(x),
        n.union1d(x, x * 2),
        n.intersect1d(x, x),
        n.setdiff1d(x, [1.0]),
        n.setxor1d(x, [1.0]),
        n.unique(x, axis=1),
    ),
    X,
)
