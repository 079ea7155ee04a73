"""Interpolation, convolution, differences and integrals."""

from __future__ import annotations

import numpy as np

from .data import AT, CP, CUBE, FP, STEPS, XP, ZV, C, Cases, U, V, X, Z

CASES = Cases()
add = CASES.add

add("interp", lambda n, x, a, b: n.interp(x, a, b), AT, XP, FP)
add("interp left right", lambda n, x, a, b: n.interp(x, a, b, left=-3.0, right=4.0), AT, XP, FP)
add(
    "interp left right tensors",
    lambda n, x, a, b, ends: n.interp(x, a, b, left=ends[0], right=ends[1]),
    AT,
    XP,
    FP,
    U[:2],
)
add("interp period", lambda n, x, a, b: n.interp(x, a, b, period=2.7), AT, V, FP)
add("interp neg period", lambda n, x, b: n.interp(x, V, b, period=-2.7), AT, FP)
add("interp complex", lambda n, x, b: n.interp(x, XP, b), AT, ZV)
add("interp complex lr", lambda n, x, b: n.interp(x, XP, b, 1j, 2 - 1j), AT, ZV)
add("interp complex period", lambda n, x, b: n.interp(x, V, b, period=2.7), AT, ZV)
add("interp 2d", lambda n, x, a, b: n.interp(x, a, b), X, XP, FP)
add("interp 0d", lambda n, x, a, b: n.interp(x, a, b), np.array(0.3), XP, FP)
for m in ("full", "same", "valid"):
    add(f"convolve {m}", lambda n, a, b, m=m: n.convolve(a, b, m), V, U)
    add(f"convolve swapped {m}", lambda n, a, b, m=m: n.convolve(a, b, mode=m), U, V)
    add(f"correlate {m}", lambda n, a, b, m=m: n.correlate(a, b, m), V, U)
    add(f"correlate swapped {m}", lambda n, a, b, m=m: n.correlate(a, b, mode=m), U, V)
    add(f"convolve c {m}", lambda n, a, b, m=m: n.convolve(a, b, m), ZV, U)
    add(f"correlate c {m}", lambda n, a, b, m=m: n.correlate(a, b, m), U, ZV)
    add(f"correlate cc {m}", lambda n, a, b, m=m: n.correlate(a, b, m), ZV, ZV[:3] * 1j)
for eo in (1, 2):
    add(f"gradient {eo}", lambda n, x, e=eo: n.gradient(x, edge_order=e)[1:], CUBE)
    add(f"gradient scal {eo}", lambda n, x, e=eo: n.gradient(x, 0.3, axis=-1, edge_order=e), C)
    add(f"gradient spac {eo}", lambda n, x, g, e=eo: n.gradient(x, g, axis=2, edge_order=e), C, STEPS)
    add(
        f"gradient axes {eo}",
        lambda n, x, g, e=eo: n.gradient(x, 0.7, g, axis=(1, 2), edge_order=e),
        C,
        STEPS,
    )
    add(f"gradient all {eo}", lambda n, x, e=eo: n.gradient(x, 0.7, 2.0, STEPS, edge_order=e), CUBE)
    add(f"gradient 1d {eo}", lambda n, x, g, e=eo: n.gradient(x, g, edge_order=e), U[:4], STEPS)
    add(
        f"gradient tensor scal {eo}",
        lambda n, x, h, e=eo: n.gradient(x, h, axis=1, edge_order=e),
        C,
        np.array(0.7),
    )
    add(f"gradient complex {eo}", lambda n, x, e=eo: n.gradient(x, axis=1, edge_order=e), Z)
for k in (0, 1, 2, 3):
    for ax in (-1, 1):
        add(f"diff {k} {ax}", lambda n, x, k=k, ax=ax: n.diff(x, k, ax), C)
    add(f"diff pre {k}", lambda n, x, a, k=k: n.diff(x, k, 1, prepend=a), C, C[:, :2] * 1.1)
    add(f"diff app {k}", lambda n, x, a, k=k: n.diff(x, n=k, axis=0, append=a), C, C[:1] * 1.1)
    add(f"diff pre scal {k}", lambda n, x, a, k=k: n.diff(x, k, prepend=a, append=2.0), C, np.array(1.3))
add("ediff1d", lambda n, x: n.ediff1d(x), C)
add("ediff1d ends", lambda n, x, a, b: n.ediff1d(x, to_end=a, to_begin=b), C, U, V)
add("ediff1d scal", lambda n, x: n.ediff1d(x, -9.0, [1.0, 2.0]), C)
for ax in (-1, 0, 1):
    add(f"trapezoid {ax}", lambda n, y, ax=ax: n.trapezoid(y, axis=ax, dx=0.3), C)
    add(f"trapezoid x {ax}", lambda n, y, x, ax=ax: n.trapezoid(y, x, axis=ax), C, CP)
add("trapezoid x1", lambda n, y, x: n.trapezoid(y, x=x, axis=2), C, STEPS)
add("trapezoid dx tensor", lambda n, y, d: n.trapezoid(y, dx=d), C, np.array(0.4))
add("trapezoid c", lambda n, y: n.trapezoid(y, dx=1j), Z)
for p in (None, 7.0, 2.0):
    add(f"unwrap {p}", lambda n, x, p=p: n.unwrap(x * 7, **({} if p is None else {"period": p})), V)
add("unwrap discont axis", lambda n, x: n.unwrap(x * 7, discont=4.0, axis=0), C)
