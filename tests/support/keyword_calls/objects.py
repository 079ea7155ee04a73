"""What NumPy cannot be taught, under the same names in `autograd.numpy`: objects, and makers of arrays."""

from __future__ import annotations

import numpy as np

from .data import Cases, P, X

CASES = Cases()
add = CASES.add

add(
    "grids",
    lambda n, x: (
        n.r_[x[0], 3.0, x[1, :2]],
        n.c_[x[0], x[1]],
        n.r_["0,2", x[0], x[1]],
        n.r_["1,2,0", x[0], x[1]],
        n.block([[x, x], [x[:1], x[1:]]]),
    ),
    X,
)
add(
    "vectorize excluded, otypes",
    lambda n, x: n.vectorize(lambda a, k=1.0: a * a * k, excluded={"k"}, otypes=[float])(x, k=3.0),
    X,
)
add("vectorize of two results", lambda n, x: n.vectorize(lambda a: (a * a, a + 1))(x), X)
add("vectorize cache", lambda n, x: n.vectorize(lambda a: a * a, cache=True)(x), X)
add(
    "array and its kin",
    lambda n, x: (
        n.array([x, x], np.longdouble, copy=True, order="F", subok=False, ndmin=4),
        n.array([x, x]),
        n.asarray([x[0], x[1]]),
        n.asarray(x, order="F", device="cpu", copy=True),
        n.ascontiguousarray(x),
        n.require(x),
        n.full((2, 2), x[0, 0]),
        n.full(shape=(2, 3), fill_value=x[0], dtype=np.longdouble, order="F", device="cpu"),
        n.asarray_chkfinite(x),
    ),
    X,
)
for signature, f in {
    "(n)->()": lambda v: (v * v).sum(),
    "(n)->(n)": lambda v: v * v[0],
    "(n)->(),(n)": lambda v: (v[0] * v[1], v * v),
}.items():
    add(f"vectorize {signature}", lambda n, x, f=f, s=signature: n.vectorize(f, signature=s)(x), X)
add(
    "vectorize of two arrays",
    lambda n, a, b: n.vectorize(lambda a, b: a @ b, signature="(n,m),(m)->(n)")(a, b),
    np.stack([X, P]),
    X,
)
