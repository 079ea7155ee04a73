"""Linear algebra with its options."""

from __future__ import annotations

import numpy as np

from .data import RB, SY, ZS, B, Cases, P, R, S, U, W, X, drawn

CASES = Cases()
add = CASES.add

for u in ("L", "U"):
    add(f"eigh {u}", lambda n, x, u=u: (n.linalg.eigh(x, UPLO=u)[0], abs(n.linalg.eigh(x, UPLO=u)[1])), B)
    add(f"eigvalsh {u}", lambda n, x, u=u: n.linalg.eigvalsh(x, UPLO=u), B)
    add(f"eigvalsh complex {u}", lambda n, x, u=u: n.linalg.eigvalsh(x, u), ZS)
    add(f"cholesky upper {u}", lambda n, x, u=u: n.linalg.cholesky(x, upper=u == "U"), S @ S.T)
    add(
        f"cholesky complex upper {u}",
        lambda n, x, u=u: n.linalg.cholesky(x, upper=u == "U"),
        ZS @ ZS.conj().T,
    )
for mode in ("reduced", "complete", "r"):
    for nm, A in (("tall", R), ("square", S), ("wide", W), ("batch", RB)):
        add(
            f"qr {mode} {nm}",
            lambda n, x, m=mode: n.linalg.qr(x, mode=m) if m == "r" else tuple(n.linalg.qr(x, mode=m)),
            A,
        )
for fm in (False, True):
    for nm, A in (("tall", R), ("square", S), ("wide", W), ("batch", RB)):
        add(
            f"svd full={fm} {nm}",
            lambda n, x, fm=fm: tuple(abs(a) for a in n.linalg.svd(x, full_matrices=fm)),
            A,
        )
        add(
            f"svd novec full={fm} {nm}",
            lambda n, x, fm=fm: n.linalg.svd(x, full_matrices=fm, compute_uv=False),
            A,
        )
add(
    "svd hermitian",
    lambda n, x: tuple(abs(a) for a in n.linalg.svd((x + n.matrix_transpose(x)) / 2, hermitian=True)),
    B,
)
add("svd hermitian novec", lambda n, x: n.linalg.svd(x, hermitian=True, compute_uv=False), SY)
add("svdvals", lambda n, x: n.linalg.svdvals(x), RB)
for kw in ({}, {"rcond": 1e-3}, {"rtol": 1e-3}, {"rcond": None}, {"hermitian": True}):
    for nm, A in (("tall", R), ("wide", W), ("square", S), ("batch", RB)):
        if "hermitian" in kw and nm != "square":
            continue
        A = SY if "hermitian" in kw else A
        add(f"pinv {kw} {nm}", lambda n, x, kw=kw: n.linalg.pinv(x, **kw), A)
add("pinv rcond array", lambda n, x: n.linalg.pinv(x, np.array([1e-3, 1e-4])), RB)
add("lstsq", lambda n, a, b: n.linalg.lstsq(a, b, rcond=None)[:2], R, drawn(4, 2))
add("lstsq rcond vec", lambda n, a, b: n.linalg.lstsq(a, b, 1e-5)[0], R, drawn(4))
add("lstsq s", lambda n, a, b: (n.linalg.lstsq(a, b)[3], b.sum()), R, drawn(4))
add("lstsq wide", lambda n, a, b: n.linalg.lstsq(a, b, rcond=1e-9)[0], W, drawn(3))
for k in (-3, -2, -1, 0, 1, 2, 3, 5):
    add(f"matrix_power {k}", lambda n, x, k=k: (n.linalg.matrix_power(x, k), x.sum()), B)
add("solve vec", lambda n, a, b: n.linalg.solve(a, b), S, U[:3])
add("solve batch", lambda n, a, b: n.linalg.solve(a, b), B, RB[:, :3])
add("solve bcast", lambda n, a, b: n.linalg.solve(a, b), B, R[:3])
add("inv", lambda n, a: n.linalg.inv(a), B)
add("det", lambda n, a: n.linalg.det(a), B)
add("slogdet", lambda n, a: tuple(n.linalg.slogdet(a)), B)
add("slogdet c", lambda n, a: tuple(n.linalg.slogdet(a)), ZS)
add("det c", lambda n, a: n.linalg.det(a), ZS)
add("eig", lambda n, a: (n.linalg.eig(a)[0], abs(n.linalg.eig(a)[1])), S)
add("eigvals", lambda n, a: n.linalg.eigvals(a), B)
add("eig c", lambda n, a: (n.linalg.eig(a)[0], abs(n.linalg.eig(a)[1])), ZS)
for p in (None, 1, -1, 2, -2, "fro", "nuc", np.inf, -np.inf):
    add(f"cond {p}", lambda n, a, p=p: n.linalg.cond(a, p), B)
add("tensorinv", lambda n, a: n.linalg.tensorinv(a, ind=1), drawn(6, 2, 3))
add("tensorinv2", lambda n, a: n.linalg.tensorinv(a), drawn(2, 2, 4, 1))
add(
    "tensorsolve",
    lambda n, a, b: n.linalg.tensorsolve(a, b),
    drawn(2, 3, 6),
    drawn(2, 3),
)
add(
    "tensorsolve axes2",
    lambda n, a, b: n.linalg.tensorsolve(a, b, axes=(1,)),
    drawn(2, 6, 3),
    drawn(2, 3),
)
add("multi_dot", lambda n, a, b, c: n.linalg.multi_dot([a, b, c]), W, R, drawn(3))
add("multi_dot vec", lambda n, a, b, c: n.linalg.multi_dot([a, b, c]), drawn(3), W, R)
add("multi_dot out", lambda n, a, b, c: n.linalg.multi_dot([a, b, c], out=n.zeros_like(a @ b @ c)), W, R, S)
add("cross", lambda n, a, b: n.cross(a, b), X, P)
add("cross axes", lambda n, a, b: n.cross(a, b, axisa=0, axisb=1, axisc=0), W[:, :2], P)
add("cross axis", lambda n, a, b: n.cross(a, b, axis=0), W, W**2 + 1)
add("cross 2d", lambda n, a, b: n.cross(a, b), W[:, :2], W[:, 2:])
add("cross 2d 3d", lambda n, a, b: n.cross(a, b), W[:, :2], W[:, 1:])
add("linalg.cross", lambda n, a, b: n.linalg.cross(a, b, axis=0), W, W**2 + 1)
