"""Polynomials as vectors of coefficients, the highest power first."""

from __future__ import annotations

import numpy as np

from ..declare import case, primitive
from ..errors import ArgumentError, ShapeError
from .arranging import atleast_1d
from .complex import real
from .composed import composed, plain
from .contractions import matmul, trace
from .convolving import convolve
from .joining import concatenate, stack
from .reductions import sum as total
from .shapes import as_array, astype, reshape, zeros_like


@composed(np.polyval)
def polyval(p, x):
    """The polynomial with coefficients p at x, by Horner's rule.

    Example:
        >>> float(polyval(np.array([1.0, 0.0, 2.0]), 3.0))
        11.0
    """
    p, x = as_array(p), as_array(x)
    y = zeros_like(x)
    for i in range(p.shape[0]):
        y = y * x + p[i]
    return y


def _longer(p, n):
    zeros = np.zeros(n - p.shape[0], p.dtype)
    return concatenate([zeros, p], 0) if zeros.size else p


def _pair(p, q):
    p, q = atleast_1d(as_array(p), as_array(q))
    n = max(p.shape[0], q.shape[0])
    return _longer(p, n), _longer(q, n)


@composed(np.polyadd)
def polyadd(a1, a2):
    """The sum of two polynomials.

    Example:
        >>> polyadd(np.array([1.0, 2.0]), np.array([3.0]))
        array([1., 5.])
    """
    p, q = _pair(a1, a2)
    return p + q


@composed(np.polysub)
def polysub(a1, a2):
    """The difference of two polynomials.

    Example:
        >>> polysub(np.array([1.0, 2.0]), np.array([3.0]))
        array([ 1., -1.])
    """
    p, q = _pair(a1, a2)
    return p - q


@composed(np.polymul)
def polymul(a1, a2):
    """The product of two polynomials.

    Example:
        >>> polymul(np.array([1.0, 2.0]), np.array([1.0, 3.0]))
        array([1., 5., 6.])
    """
    return convolve(a1, a2)


@composed(np.polydiv)
def polydiv(u, v):
    """The quotient and the remainder of two polynomials.

    Example:
        >>> polydiv(np.array([1.0, 5.0, 6.0]), np.array([1.0, 3.0]))
        (array([1., 2.]), array([0.]))
    """
    rest, v = atleast_1d(as_array(u), as_array(v))
    n = v.shape[0]
    shortest = len(np.polydiv(plain(u), plain(v))[1])  # leading zeros are left out
    parts = []
    while rest.shape[0] >= n:
        head = rest[0] / v[0]
        parts.append(head)
        rest = concatenate([rest[1:n] - head * v[1:], rest[n:]], 0)
    quotient = stack(parts) if parts else zeros_like(rest[:1] / v[:1])
    if not rest.shape[0]:
        rest = zeros_like(quotient[:1])
    rest = _longer(rest, max(shortest, rest.shape[0]))
    return quotient, rest[rest.shape[0] - shortest :] + zeros_like(quotient[0])


def _times_repeated(name, m):
    if m != int(m) or m < 0:
        raise ArgumentError(f"{name}: m must be an integer that is not negative, got {m!r}")
    return range(int(m))


@composed(np.polyder)
def polyder(p, m=1):
    """The m-th derivative of a polynomial.

    Example:
        >>> polyder(np.array([1.0, 2.0, 3.0]))
        array([2., 2.])
    """
    p = as_array(p)
    for _ in _times_repeated("polyder", m):
        p = p[:-1] * np.arange(p.shape[0] - 1, 0, -1)
    return p


@composed(np.polyint)
def polyint(p, m=1, k=None):
    """The m-th antiderivative of a polynomial, with integration constants k, zero by default.

    Example:
        >>> polyint(np.array([2.0, 2.0]))
        array([1., 2., 0.])
    """
    times = _times_repeated("polyint", m)
    k = np.zeros(len(times)) if k is None else atleast_1d(as_array(k))
    if k.shape[0] == 1 and len(times) > 1:
        k = k[[0] * len(times)]
    if k.shape[0] < len(times):
        raise ArgumentError(f"polyint: k needs {len(times)} constants, got {k.shape[0]}")
    p = as_array(p)
    for i in times:
        p = concatenate([p / np.arange(p.shape[0], 0, -1), k[i : i + 1]], 0)
    return p


@composed(np.poly)
def poly(seq_of_zeros):
    """The polynomial with given zeros; of a square matrix, its characteristic one.

    Example:
        >>> poly(np.array([1.0, 2.0]))
        array([ 1., -3.,  2.])
    """
    zeros = atleast_1d(as_array(seq_of_zeros))
    if zeros.ndim == 2 and zeros.shape[0] == zeros.shape[1] and zeros.shape[0]:
        return _characteristic(zeros)
    if zeros.ndim != 1:
        raise ShapeError(f"poly: expected a vector or a square matrix, got shape {zeros.shape}")
    found = np.ones(1, zeros.dtype)
    for i in range(zeros.shape[0]):
        found = convolve(found, stack([np.ones((), zeros.dtype), -zeros[i]]))
    expected = np.poly(plain(zeros)).dtype
    found = real(found) if found.dtype.kind == "c" and expected.kind != "c" else found
    return found if found.dtype == expected or expected.kind == "c" else astype(found, expected)


def _characteristic(matrix):
    """The coefficients of det(z - matrix), after Faddeev and Leverrier: no eigenvalues needed."""
    n = matrix.shape[0]
    eye = np.eye(n, dtype=matrix.dtype)
    found, power = [np.ones((), matrix.dtype)], eye
    for k in range(1, n + 1):
        product = matmul(matrix, power)
        found.append(trace(product) * (-1.0 / k))
        power = product + found[-1] * eye
    return stack(found)


# ------------------------------------------------------------------ roots


def _roots(p):
    narrow = p.dtype
    wide = p.astype(np.complex128 if narrow.kind == "c" else np.float64)
    found = np.roots(wide)
    if narrow.char in "gG":  # LAPACK knows doubles alone; Newton's steps give the other digits
        for _ in range(2):
            found = found - np.polyval(p, found) / np.polyval(np.polyder(p), found)
    kinds = {"e": "F", "f": "F", "d": "D", "g": "G"}
    return found.astype(narrow if found.dtype.kind != "c" else kinds.get(narrow.char, narrow.char))


def _d_roots(g, p, out):
    # p(r) stays 0: dr = -sum of r**k dp[n - k] / p'(r)
    n = p.shape[0]
    share = -g / polyval(polyder(p), out)
    powers = reshape(out, (-1, 1)) ** np.arange(n - 1, -1, -1)
    moved = total(reshape(share, (-1, 1)) * powers, 0)
    moved = real(moved) if moved.dtype.kind == "c" and p.dtype.kind != "c" else moved
    return moved if moved.dtype == p.dtype else astype(moved, p.dtype)


_THREE = np.array([1.0, -0.45, -2.26, 0.672])

_find_roots = primitive(
    _roots,
    ["p"],
    name="roots",
    vjp={"p": _d_roots},
    jvp={"p": lambda t, out, p: -polyval(t, out) / polyval(polyder(p), out)},
    cases=[case(_THREE)], kinks="infinite at multiple roots", doc="The roots of a polynomial.",
)  # fmt: skip


@composed(np.roots)
def roots(p):
    """The roots of a polynomial.

    Gradient: of simple roots; infinite where roots coincide.

    Example:
        >>> [round(float(r), 12) for r in roots(np.array([1.0, -3.0, 2.0]))]
        [2.0, 1.0]
    """
    p = atleast_1d(as_array(p))
    if p.ndim != 1:
        raise ShapeError(f"roots: expected a vector of coefficients, got shape {p.shape}")
    return _find_roots(p if p.dtype.kind in "fc" else astype(p, np.float64))
