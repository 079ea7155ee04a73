"""Every mode of padding."""

from __future__ import annotations

import numpy as np

from .data import Cases, X, Z

CASES = Cases()
add = CASES.add

for m in (
    "constant",
    "edge",
    "linear_ramp",
    "maximum",
    "mean",
    "median",
    "minimum",
    "reflect",
    "symmetric",
    "wrap",
):
    for w in (1, (2, 1), ((1, 0), (2, 3)), {0: (1, 2), -1: 3}):
        add(f"pad {m} {w}", lambda n, x, w=w, m=m: n.pad(x, w, mode=m), X)
    if m in ("maximum", "mean", "median", "minimum"):
        for s in (1, 2, (2, 1), ((1, 2), (2, 3)), None):
            add(f"pad {m} stat {s}", lambda n, x, m=m, s=s: n.pad(x, 2, mode=m, stat_length=s), X)
    if m in ("reflect", "symmetric"):
        for rt in ("even", "odd"):
            add(
                f"pad {m} {rt}",
                lambda n, x, m=m, rt=rt: n.pad(x, ((3, 2), (1, 5)), mode=m, reflect_type=rt),
                X,
            )
for cv in (2.0, (1.0, 2.0), ((1.0, 2.0), (3.0, 4.0)), ((1.0,), (2.0,)), ((1.0, 2.0),)):
    add(f"pad const {cv}", lambda n, x, c=cv: n.pad(x, 2, "constant", constant_values=c), X)
    add(f"pad ramp {cv}", lambda n, x, c=cv: n.pad(x, 2, "linear_ramp", end_values=c), X)
add("pad const tensor", lambda n, x, c: n.pad(x, 2, constant_values=c), X, X[:, :2].copy())
add("pad ramp tensor", lambda n, x, c: n.pad(x, 2, "linear_ramp", end_values=c), X, X[:, :2].copy())
add("pad const tensor0", lambda n, x, c: n.pad(x, 2, constant_values=c), X, np.array(3.1))


def padder(v, w, ax, kw):
    v[: w[0]] = v[w[0] : w[0] + 1] * kw.get("s", 2.0)
    if w[1]:
        v[-w[1] :] = v[-w[1] - 1 : -w[1]] * 3


add("pad callable", lambda n, x: n.pad(x, 2, padder), X)
add("pad callable kw", lambda n, x: n.pad(x, ((1, 2), (2, 1)), padder, s=4.0), X)
for m in ("reflect", "constant", "wrap", "median"):
    add(f"pad complex {m}", lambda n, x, m=m: n.pad(x, 2, m), Z) if m != "median" else None
add("pad empty", lambda n, x: n.pad(x, 1, mode="empty")[1:-1, 1:-1], X)
