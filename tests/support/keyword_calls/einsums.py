"""Sums over indices, in every form of subscripts."""

from __future__ import annotations

import numpy as np

from .data import RB, ZS, B, Cases, R, S, U, V, W, drawn

CASES = Cases()
add = CASES.add

E = [
    ("ij,jk->ik", (W, R)),
    ("ij,jk", (W, R)),
    ("ii", (S,)),
    ("ii->i", (S,)),
    ("ij->ji", (W,)),
    ("ij->", (W,)),
    ("...ij,...j->...i", (RB, RB[:, 0])),
    ("i,j,k->kij", (U, V, U)),
    ("i...->...", (RB,)),
    ("...", (RB,)),
    ("iij->j", (B.transpose(1, 2, 0).copy(),)),
    ("ij,ij,ij->", (W, W, W)),
    ("b...i,...ij->b...j", (RB, np.stack([S] * 4))),
    ("ij,kl->", (W, R)),
    ("i,i", (U, U)),
    (" i j , j k -> k i ", (W, R)),
    ("iijj->ij", (drawn(2, 2, 3, 3),)),
    ("Aa,aB->BA", (W, R)),
    ("ij,j->i", (W, W[0])),
    ("i,->i", (U, np.array(2.5))),
]
for k, (s, ops) in enumerate(E):
    for opt in (False, True, "greedy", "optimal"):
        add(f"einsum {s} {k} {opt}", lambda n, *a, s=s, opt=opt: n.einsum(s, *a, optimize=opt), *ops)
add(
    "einsum path",
    lambda n, a, b, c: n.einsum("ij,jk,kl->il", a, b, c, optimize=["einsum_path", (0, 1), (0, 1)]),
    W,
    R,
    S,
)
add("einsum out", lambda n, a, b: n.einsum("ij,jk->ik", a, b, out=n.zeros_like(a @ b)), W, R)
add("einsum dtype", lambda n, a, b: n.einsum("ij,jk->ik", a, b, dtype=np.longdouble, casting="safe"), W, R)
add("einsum order", lambda n, a, b: n.einsum("ij,jk->ik", a, b, order="F"), W, R)
add("einsum sub", lambda n, a, b: n.einsum(a, [0, 1], b, [1, 2], [2, 0]), W, R)
add("einsum sub noout", lambda n, a, b: n.einsum(a, [5, 1], b, [1, 2]), W, R)
add(
    "einsum sub ellipsis",
    lambda n, a, b: n.einsum(a, [Ellipsis, 0, 1], b, [1, Ellipsis], [Ellipsis, 0]),
    RB,
    RB[:, 0].T.copy(),
)
add("einsum sub opt", lambda n, a, b: n.einsum(a, [0, 1], b, [1, 2], [2, 0], optimize=True), W, R)
add("einsum c", lambda n, a, b: n.einsum("ij,jk->k", a, b), ZS, ZS.T)
