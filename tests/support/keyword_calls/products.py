"""Products, diagonals and sums over indices."""

from __future__ import annotations

import numpy as np

from .data import RB, ZS, Cases, R, U, V, W, Z, drawn

CASES = Cases()
add = CASES.add

for off in (-1, 0, 1):
    add(f"linalg.diagonal {off}", lambda n, a, o=off: n.linalg.diagonal(a, offset=o), RB)
    add(f"linalg.trace {off}", lambda n, a, o=off: n.linalg.trace(a, offset=o, dtype=np.longdouble), RB)
    add(f"trace {off}", lambda n, a, o=off: n.trace(a, offset=o, axis1=2, axis2=0, dtype=np.longdouble), RB)
    add(f"trace out {off}", lambda n, a, o=off: n.trace(a, o, 2, 0, None, n.zeros_like(a[0, :, 0])), RB)
    add(f"diagonal {off}", lambda n, a, o=off: n.diagonal(a, offset=o, axis1=-1, axis2=0), RB)
    for t in ("tril", "triu"):
        add(f"{t} {off}", lambda n, a, o=off, t=t: getattr(n, t)(a, k=o), RB)
    add(f"diag {off}", lambda n, a, o=off: (n.diag(a, k=o), n.diag(a[0], k=o), n.diagflat(a, k=o)), R)
    add(f"vander {off}", lambda n, a, o=off: n.vander(a, 4 + o, increasing=o == 0), U)
add("linalg.outer", lambda n, a, b: n.linalg.outer(a, b), U, V)
add("outer out", lambda n, a, b: n.outer(a, b, out=n.zeros_like(a[:, None] * b.ravel())), U, R)
add("linalg.vecdot", lambda n, a, b: n.linalg.vecdot(a, b, axis=0), W, W**2)
add("linalg.tensordot", lambda n, a, b: n.linalg.tensordot(a, b, axes=((0,), (1,))), W, R)
for ax in (0, 1, 2, ((0, 1), (1, 0)), ([1], [0]), (1, 0), ((), ())):
    add(f"tensordot {ax}", lambda n, a, b, ax=ax: n.tensordot(a, b, axes=ax), R if ax not in (2,) else W, W)
add("kron", lambda n, a, b: n.kron(a, b), W, RB)
add("inner", lambda n, a, b: n.inner(a, b), W, drawn(2, 5, 4))
add("dot out", lambda n, a, b: n.dot(a, b, out=n.zeros_like(a @ b)), W, R)
add("vdot", lambda n, a, b: n.vdot(a, b), Z, Z[::-1].copy())
add("dot nd", lambda n, a, b: n.dot(a, b), RB, drawn(2, 3, 2))
add("matvec", lambda n, a, b: n.matvec(a, b), RB, RB[:, 0])
add("vecmat", lambda n, a, b: n.vecmat(a, b), RB[:, :, 0], RB)
add("vecdot c", lambda n, a, b: n.vecdot(a, b, axis=0), Z, Z[::-1] * 2)
add("vecmat c", lambda n, a, b: n.vecmat(a, b), ZS[0], ZS)
add("matvec c", lambda n, a, b: n.matvec(a, b), ZS, ZS[0])
add("matmul axes", lambda n, a, b: n.matmul(a, b, axes=[(0, 1), (-1, -2), (1, 0)]), R.T, W)
add("matmul out", lambda n, a, b: n.matmul(a, b, out=n.zeros_like(a @ b)), W, R)
add("matrix_transpose", lambda n, a: (n.matrix_transpose(a), n.linalg.matrix_transpose(a)), RB)
