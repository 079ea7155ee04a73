"""Functions that write into an array, also through views."""

from __future__ import annotations

import numpy as np

from .data import Cases, M, X, Z, drawn

CASES = Cases()
ROW, COLUMN = np.array([[1], [0]]), X[:, :1] * 3
PAIR, TRIPLE = X[0, :2] * 2, X[1] * 2


def add(name, write, x, *values):
    """A case of a copy of x, which is written into."""

    def written(n, x, *values):
        y = x * 1.0
        write(n, y, *values)
        return y

    CASES.add(name, written, x, *values)


add("put_along_axis", lambda n, y, v: n.put_along_axis(y, ROW, v, 1), X, COLUMN)
add("put_along_axis flat", lambda n, y, v: n.put_along_axis(y, np.array([1, 4]), v, None), X, PAIR)
add("put_along_axis of a number", lambda n, y: n.put_along_axis(y, ROW, 3.0, axis=1), X)
for mode in ("raise", "wrap", "clip"):
    at = [0, 3] if mode == "raise" else [7, -9]
    add(f"put {mode}", lambda n, y, v, m=mode, at=at: n.put(y, at, v, mode=m), X, PAIR)
add("put twice", lambda n, y, v: n.put(y, [0, 0, 2], v), X, TRIPLE)
add("put of few", lambda n, y, v: n.put(y, [0, 1, 2, 3], v), X, PAIR)
add("place", lambda n, y, v: n.place(y, M, v), X, TRIPLE)
add("putmask", lambda n, y, v: n.putmask(y, M, v), X, X[::-1] * 2)
add("putmask of few", lambda n, y, v: n.putmask(y, M, v), X, PAIR)
add("fill_diagonal", lambda n, y, v: n.fill_diagonal(y, v), X, np.array(2.0))
add("fill_diagonal of a vector", lambda n, y, v: n.fill_diagonal(y, v), X, PAIR)
add("fill_diagonal wrap", lambda n, y, v: n.fill_diagonal(y, v, wrap=True), drawn(7, 2), PAIR)
add("copyto", lambda n, y, v: n.copyto(y, v), X, TRIPLE)
add("copyto where", lambda n, y, v: n.copyto(y, v, where=M), X, TRIPLE)
add("copyto casting", lambda n, y, v: n.copyto(y[:, 0], v, casting="same_kind", where=M[:, 0]), X, PAIR)
for i, write in enumerate([
    lambda y: y.sort(),
    lambda y: y.sort(axis=0, kind="stable"),
    lambda y: y.sort(0, stable=True),
    lambda y: y.partition(1),
    lambda y: y.partition([0, 1], axis=1, kind="introselect"),
    lambda y: y.fill(3.0),
    lambda y: y[0].__imul__(3),
    lambda y: y.T[1:][::2].__imul__(2),
    lambda y: y.__setitem__((slice(None), [0, 2]), y[:, [2, 0]] * 3),
]):  # fmt: skip
    add(f"method {i}", lambda n, y, f=write: f(y), X)


def parts(n, y, v):
    y.real = v
    y.imag[0] = v[0] * 2
    y.real[:, 1] += 1.0
    imaginary = n.imag(y)
    imaginary *= 3.0


def chain(n, y, v):
    a = y[0]
    b = a[1:]
    b += v
    y[:, ::2] *= 2
    a -= y[1]
    y.T[0] /= 3
    b[...] = b**2


def functions(n, y, v):
    z = y.reshape(-1)
    z[2:5] += v
    n.add(z, 1.0, out=z)
    n.multiply(y, y, out=y, where=M)
    z[::2].sort()
    z[:3].fill(v[0])


def indices(n, y, v):
    n.cumsum(y, axis=1, out=y)
    y[0], y[1] = y[1] * 2, y[0] * 3
    y[y > 1] = 0.5
    y[[0, 0], [1, 1]] += 1.0
    n.put(y, [0, 1], v)
    y @= np.eye(3)[::-1]


def operators(n, y, v):
    y **= 2
    y += 1.7
    y %= 7.3
    y -= n.broadcast_to(v, (2, 3))
    y.flat[1] = v[0]
    y.flat[3:5] = v[:2]


add("parts of complex numbers", parts, Z, X)
add("a chain of views", chain, X, PAIR)
add("functions", functions, X, TRIPLE)
add("indices", indices, X, PAIR)
add("operators", operators, X, TRIPLE)
