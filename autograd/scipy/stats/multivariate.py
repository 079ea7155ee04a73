"""Distributions of vectors and matrices.

A covariance counts as symmetric: each of its two triangles gets half of the gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ...errors import ArgumentError, MatrixError, MatrixShapeError, ShapeError
from ...ops import eigen, least_squares
from ...ops.choosing import where
from ...ops.elementwise import exp, log, log1p
from ...ops.factorisations import cholesky
from ...ops.indexing import diagonal
from ...ops.joining import concatenate
from ...ops.linear_systems import solve
from ...ops.matrices import mT, on_diagonal, value_of
from ...ops.reductions import sum
from ...ops.shapes import as_array, moveaxis, reshape
from ..linalg.systems import solve_triangular
from ..special import gammaln, multigammaln, psi, xlogy
from .machinery import in_double

LOG2, LOG2PI = math.log(2), math.log(2 * math.pi)

# ------------------------------------------------------------------ a mean and a covariance


def _covariance(name, which, cov, d):
    """A symmetric matrix from a number, a diagonal or a matrix."""
    cov = in_double(cov)
    if cov.ndim == 0:
        return cov * np.eye(d)
    if cov.ndim == 1:
        cov = on_diagonal(cov)
    if cov.ndim != 2 or tuple(cov.shape) != (d, d):
        raise MatrixShapeError(f"{name}: {which} must be {(d, d)}, got {tuple(cov.shape)}")
    return (cov + mT(cov)) / 2


def _dimension(mean, cov, x=None):
    if mean is not None and as_array(mean).ndim:
        return as_array(mean).shape[0]
    if as_array(cov).ndim:
        return as_array(cov).shape[-1]
    return 1 if x is None or as_array(x).ndim < 2 else as_array(x).shape[-1]


def _spread(name, which, cov, allow_singular, deviations=None):
    """The logarithm of the determinant, squared lengths of the deviations by the inverse, and the rank.

    Errors: MatrixError for a matrix that is not positive definite, or not even semidefinite.
    """
    sizes = np.linalg.eigvalsh(value_of(cov))
    smallest = 1e6 * np.finfo(float).eps * np.max(np.abs(sizes), initial=0.0)
    if np.min(sizes, initial=np.inf) < -smallest:
        raise MatrixError(
            f"{name}: {which} must be positive semidefinite, got an eigenvalue {sizes.min():.3g}"
        )
    kept = sizes > smallest
    if np.all(kept):
        factor = cholesky(cov)
        logdet = 2 * sum(log(diagonal(factor, 0, -2, -1)), -1)
        if deviations is None:
            return logdet, None, len(sizes)
        flat = reshape(deviations, (-1, deviations.shape[-1]))
        turned = solve_triangular.__wrapped__(factor, mT(flat), lower=True)
        return logdet, reshape(sum(turned * turned, 0), deviations.shape[:-1]), len(sizes)
    if not allow_singular:
        raise MatrixError(f"{name}: {which} is singular; allow_singular=True takes it")
    logdet = sum(log(eigen.eigvalsh(cov)[kept]))
    if deviations is None:
        return logdet, None, int(kept.sum())
    inverse = least_squares.pinv(cov, smallest / np.max(np.abs(sizes)), True)
    squares = sum((deviations @ inverse) * deviations, -1)
    beside = value_of(deviations) @ np.linalg.eigh(value_of(cov))[1][:, ~kept]
    return logdet, where(np.linalg.norm(beside, axis=-1) < 1e3 * smallest, squares, np.inf), int(kept.sum())


def _deviations(name, x, mean, d):
    x = in_double(x)
    if x.ndim == 0:
        x = reshape(x, (1,))
    elif x.ndim == 1 and d == 1:
        x = x[:, None]
    mean = np.zeros(d) if mean is None else in_double(mean)
    mean = reshape(mean, (d,)) if mean.ndim == 0 or d == 1 else mean
    if x.shape[-1] != d or tuple(mean.shape) != (d,):
        raise ShapeError(
            f"{name}: x {tuple(x.shape)} and mean {tuple(mean.shape)} must have {d} components"
        )
    return x - mean


def _squeezed(out):
    """As SciPy gives it: without axes of length one."""
    return reshape(out, tuple(n for n in out.shape if n != 1))


def _normal_logpdf(x, mean=None, cov=1, allow_singular=False):
    d = _dimension(mean, cov, x)
    cov = _covariance("multivariate_normal.logpdf", "cov", cov, d)
    away = _deviations("multivariate_normal.logpdf", x, mean, d)
    logdet, squares, rank = _spread("multivariate_normal.logpdf", "cov", cov, allow_singular, away)
    return _squeezed(-(rank * LOG2PI + logdet + squares) / 2)


def _normal_entropy(mean=None, cov=1):
    d = _dimension(mean, cov)
    cov = _covariance("multivariate_normal.entropy", "cov", cov, d)
    logdet, _, rank = _spread("multivariate_normal.entropy", "cov", cov, True)
    return (rank * (LOG2PI + 1) + logdet) / 2


def _t_logpdf(x, loc=None, shape=1, df=1, allow_singular=False):
    name, df = "multivariate_t.logpdf", in_double(df)
    if df.ndim or not value_of(df) > 0:
        raise ArgumentError(f"{name}: df must be a positive number, got {value_of(df)!r}")
    if np.isinf(value_of(df)):
        return _normal_logpdf(x, loc, shape, allow_singular)
    d = _dimension(loc, shape, x)
    away = _deviations(name, x, loc, d)
    logdet, squares, _ = _spread(name, "shape", _covariance(name, "shape", shape, d), allow_singular, away)
    whole = gammaln((df + d) / 2) - gammaln(df / 2) - d / 2 * log(df * math.pi) - logdet / 2
    return _squeezed(whole - (df + d) / 2 * log1p(squares / df))


# ------------------------------------------------------------------ shares


def _concentrations(name, alpha):
    alpha = in_double(alpha)
    if alpha.ndim != 1 or not np.all(value_of(alpha) > 0):
        raise ArgumentError(f"{name}: alpha must be a vector of positive numbers")
    return alpha


def _dirichlet_logpdf(x, alpha):
    name = "dirichlet.logpdf"
    alpha, x = _concentrations(name, alpha), in_double(x)
    if x.shape[0] + 1 == alpha.shape[0]:
        x = concatenate([x, (1 - sum(x, 0))[None]])
    if x.shape[0] != alpha.shape[0]:
        raise ShapeError(f"{name}: x {tuple(x.shape)} and alpha {tuple(alpha.shape)} do not fit")
    plain = value_of(x)
    if np.any(plain < 0) or np.any(plain > 1) or np.any(np.abs(plain.sum(0) - 1) > 1e-9):
        raise ArgumentError(f"{name}: x must be shares along its first axis, in [0, 1] and summing to 1")
    return sum(moveaxis(xlogy(alpha - 1, moveaxis(x, 0, -1)), -1, 0), 0) - _log_beta(alpha)


def _log_beta(alpha):
    return sum(gammaln(alpha)) - gammaln(sum(alpha))


def _dirichlet_entropy(alpha):
    alpha = _concentrations("dirichlet.entropy", alpha)
    total, k = sum(alpha), alpha.shape[0]
    return _log_beta(alpha) + (total - k) * psi(total) - sum((alpha - 1) * psi(alpha))


def _multinomial_logpmf(x, n, p):
    p, x, n = in_double(p), value_of(in_double(x)), value_of(in_double(n))
    if x.shape[-1] != p.shape[-1]:
        raise ShapeError(f"multinomial.logpmf: x {tuple(x.shape)} and p {tuple(p.shape)} do not fit")
    shares = value_of(p)
    wrong = np.any((shares < 0) | (shares > 1), -1) | (np.abs(shares.sum(-1) - 1) > 1e-8) | (n < 0)
    known = np.all((x >= 0) & (x == np.floor(x)), -1) & (x.sum(-1) == n)
    safe = np.where(known[..., None], x, 0.0)
    found = gammaln(n + 1) + sum(xlogy(safe, p) - gammaln(safe + 1), -1)
    return where(known & ~wrong, found, np.where(wrong, np.nan, -np.inf))


# ------------------------------------------------------------------ matrices


def _wishart_logpdf(x, df, scale):
    name, df = "wishart.logpdf", in_double(df)
    scale, x = in_double(scale), in_double(x)
    d = 1 if scale.ndim == 0 else scale.shape[-1]
    scale = _covariance(name, "scale", scale, d)
    if df.ndim or not value_of(df) > d - 1:
        raise ArgumentError(f"{name}: df must be a number above {d - 1}, got {value_of(df)!r}")
    if x.ndim < 2 and d == 1:
        x = reshape(x, (1, 1, *x.shape))
    if x.ndim not in (2, 3) or tuple(x.shape[:2]) != (d, d):
        raise MatrixShapeError(
            f"{name}: x must be {(d, d)}, or a stack along a third axis, got {tuple(x.shape)}"
        )
    whole = x if x.ndim == 2 else moveaxis(x, -1, 0)
    whole = (whole + mT(whole)) / 2
    logdet = 2 * sum(log(diagonal(cholesky(whole), 0, -2, -1)), -1)
    trace = sum(diagonal(solve(scale, whole), 0, -2, -1), -1)
    log_scale = _spread(name, "scale", scale, False)[0]
    norming = df * d / 2 * LOG2 + df / 2 * log_scale + multigammaln(df / 2, d)
    return _squeezed((df - d - 1) / 2 * logdet - trace / 2 - norming)


def _exponential_of(function):
    return lambda *args, **options: exp(function(*args, **options))


FUNCTIONS: dict[str, dict[str, Callable]] = {
    "multivariate_normal": {"logpdf": _normal_logpdf, "entropy": _normal_entropy},
    "multivariate_t": {"logpdf": _t_logpdf},
    "dirichlet": {"logpdf": _dirichlet_logpdf, "entropy": _dirichlet_entropy},
    "multinomial": {"logpmf": _multinomial_logpmf},
    "wishart": {"logpdf": _wishart_logpdf},
}
for _functions in FUNCTIONS.values():
    for _name in [n for n in _functions if n.startswith("logp")]:
        _functions[_name[3:]] = _exponential_of(_functions[_name])
